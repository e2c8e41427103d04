"""Building layers without drawing their first weights, where others will take their place at once.

A description out of a file may ask for more memory than there is. So a model that is read is built in this way, its
weights' shapes are held against those of the arrays that came along, and these become its weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_unfilled: ContextVar[bool] = ContextVar("unfilled", default=False)


@contextmanager
def building_unfilled() -> Iterator[None]:
    """Build layers with weights that have shapes and take no memory; `Layer.take_weights` must follow."""
    token = _unfilled.set(True)
    try:
        yield
    finally:
        _unfilled.reset(token)


def is_unfilled() -> bool:
    """Return whether layers are built in that way just now."""
    return _unfilled.get()
