"""Whether a `call` of yours runs as in training just now: what layers within are told by ``training=training``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_mode: ContextVar[bool | None] = ContextVar("mode", default=None)


def tracing_mode() -> bool | None:
    """Return whether it is training; None where no `call` runs that wants to know."""
    return _mode.get()


def stays_in_inference(training: bool | None) -> bool:
    """Return whether a call with that argument is to compute in training what it does in prediction.

    ``training=False`` says so; but where a `call` runs as in prediction, it only passes on what that was told.
    """
    return training is False and tracing_mode() is not False


@contextmanager
def in_mode(mode: bool | None) -> Iterator[None]:
    """Run a `call` as in training, as in prediction, or as one that does not ask."""
    token = _mode.set(mode)
    try:
        yield
    finally:
        _mode.reset(token)
