"""Keras' files of whole models, in and out, without TensorFlow: ``.keras``, and ``.h5`` of Keras 2 and of its time.

`reading.read` and `writing.write`. What Keras cannot express is named in `limits`.
"""

from convoscope.interchange.keras.reading import read
from convoscope.interchange.keras.writing import write

__all__ = ["read", "write"]
