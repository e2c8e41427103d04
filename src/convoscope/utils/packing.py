"""``x``, ``y`` and ``sample_weight`` in one value, and out of it."""

from __future__ import annotations

from typing import Any

from convoscope.errors import DataError


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return a tuple as `fit` takes it from a generator: ``x``, ``(x, y)`` or ``(x, y, sample_weight)``.

    Examples
    --------
    >>> pack_x_y_sample_weight(1, 2), pack_x_y_sample_weight(1), pack_x_y_sample_weight([1, 2])
    ((1, 2), 1, ([1, 2],))
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return ``x``, ``y`` and ``sample_weight``, with None for missing parts.

    Raises
    ------
    DataError
        If there are more than three parts.

    Examples
    --------
    >>> unpack_x_y_sample_weight((1, 2)), unpack_x_y_sample_weight(1)
    ((1, 2, None), (1, None, None))
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise DataError(f"A batch is x, (x,), (x, y) or (x, y, sample_weight), but this one has {len(data)} parts.")
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight
