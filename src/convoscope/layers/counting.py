"""Automatic names: counted over the process, as in Keras, from when a layer or model is made.

The first `Dense` is ``dense``, the next ``dense_1``, whatever models they stand in. `clear_session` begins again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_counts: Counter[str] = Counter()
_lock = threading.Lock()
_own: ContextVar[Counter[str] | None] = ContextVar("own", default=None)
_base: ContextVar[str | None] = ContextVar("base", default=None)


def automatic_name(base: str) -> str:
    """Return the next name after `base` that nobody has been given.

    Examples
    --------
    >>> clear_session()
    >>> automatic_name("dense"), automatic_name("dense"), automatic_name("conv2d")
    ('dense', 'dense_1', 'conv2d')
    """
    base = _base.get() or base
    counts = _own.get()
    counts = _counts if counts is None else counts
    with _lock:
        number = counts[base]
        counts[base] += 1
    return f"{base}_{number}" if number else base


def clear_session(free_memory: bool = True) -> None:
    """Start the automatic names of layers and models again: the next `Dense` is ``dense``.

    Parameters
    ----------
    free_memory : bool
        As in Keras. Here models are freed when nothing refers to them any more, so there is nothing else to clear.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> clear_session()
    >>> Dense(3).name, Dense(3).name
    ('dense', 'dense_1')
    >>> clear_session()
    >>> Dense(3).name
    'dense'
    """
    with _lock:
        _counts.clear()


@contextmanager
def counted_afresh() -> Iterator[None]:
    """Count what is made within from the beginning, and leave the process's counts alone.

    For networks that are made of settings: with the same settings they are the same, whatever was made before them.
    """
    token = _own.set(Counter())
    try:
        yield
    finally:
        _own.reset(token)


@contextmanager
def named_after(base: str) -> Iterator[None]:
    """Name what is made within after something else than its class, as operators between symbols do."""
    token = _base.set(base)
    try:
        yield
    finally:
        _base.reset(token)
