"""Modules that pages and workers begin with, given out as one file each: a page is then open after a few requests.

The explorer consists of two hundred modules. Fetched one by one they take most of the time until a page stands, above
all from another machine, through a tunnel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convoscope.errors import ConfigurationError
from convoscope.web.bundle import module_source

if TYPE_CHECKING:
    from importlib.abc import Traversable

#: These stand where their folder's other modules do, so that an address beside ``import.meta.url`` leads to the same.
BEGINNINGS = (
    "explorer/main.js",
    "lab/main.js",
    "gallery/main.js",
    "exercises/main.js",
    "engine/worker.js",
    "engine/network-worker.js",
)


_made: dict[tuple[str, str], bytes | None] = {}


def bundled(folder: Traversable, place: str) -> bytes | None:
    """Return one of the modules with all that it imports in it; None for others, which are files of their own.

    Parameters
    ----------
    folder : path or Traversable
        Of the pages' files.
    place : str
        In the folder: ``"explorer/main.js"``.
    """
    if place not in BEGINNINGS:
        return None
    key = str(folder), place
    if key not in _made:
        try:
            _made[key] = module_source(folder, place).encode()
        except ConfigurationError:  # a module is missing, or of a form that does not fit in: the browser says which
            _made[key] = None
    return _made[key]
