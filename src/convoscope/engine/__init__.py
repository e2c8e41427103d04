"""The arithmetic: a plan made from layers, and engines that run it.

`plan` turns descriptions into steps, `base` says what an engine does, `reference` is the definition of what is right,
`native` is the fast one, and `select` chooses.
"""

from convoscope.engine.select import available, current, set_precision, use
from convoscope.engine.threads import available_threads, get_threads, set_threads

__all__ = ["available", "available_threads", "current", "get_threads", "set_precision", "set_threads", "use"]
