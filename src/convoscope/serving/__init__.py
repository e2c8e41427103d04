"""A trained model behind HTTP: ``convoscope serve``, and a client for it.

Examples
--------
>>> from convoscope.serving import Client
>>> Client("http://127.0.0.1:8770").url
'http://127.0.0.1:8770'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convoscope.serving.client import Client, ServingError

if TYPE_CHECKING:
    from convoscope.serving.server import Server
    from convoscope.serving.settings import Limits

__all__ = ["Client", "Limits", "Server", "ServingError"]

_LATER = {"Server": "convoscope.serving.server", "Limits": "convoscope.serving.settings"}


def __getattr__(name: str) -> Any:
    """Import the server when it is first asked for: a client needs nothing but the standard library."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name]), name)
