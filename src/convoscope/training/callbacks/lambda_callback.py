"""LambdaCallback: hooks as plain functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convoscope.errors import unknown_name
from convoscope.training.callbacks.base import Callback

_HOOKS = [name for name in vars(Callback) if name.startswith("on_")]


class LambdaCallback(Callback):
    """A callback made of functions.

    Parameters
    ----------
    **hooks : callable
        By the name of the hook, with its arguments: ``on_epoch_end=lambda epoch, logs: print(logs)``. See `Callback`
        for the names.

    Examples
    --------
    >>> seen = []
    >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    >>> callback.on_epoch_end(3, {})
    >>> seen
    [3]
    """

    def __init__(self, **hooks: Callable[..., Any] | None) -> None:
        for name, function in hooks.items():
            if name not in _HOOKS:
                raise unknown_name("hook of a callback", name, _HOOKS)
            if function is not None:
                setattr(self, name, function)
