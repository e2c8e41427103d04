"""Public Keras programs, run with nothing but their imports changed: ``python -m public_programs --help``.

`list.json` names them: repository, path and revision, never their text. Each is fetched, run with Convoscope and, where
a Keras is at hand, with Keras, on small stand-ins for the data that it reads; what both did is then compared.
"""
