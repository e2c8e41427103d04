"""Batches as generators, sequences and data sets hand them over."""

from __future__ import annotations

from typing import Any, NamedTuple

from convoscope.errors import DataError


class Batch(NamedTuple):
    """Inputs, targets and sample weights of a batch, as they were handed over; None for what is not there."""

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def nbytes(self) -> int:
        """How much memory the batch takes, about."""
        return sum(map(_size, self))


def unpack(given: Any, where: str) -> Batch:
    """Return what was handed over for a batch as `Batch`.

    Parameters
    ----------
    given : array, dict, or tuple or list of one to three
        ``x``, ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``.
    where : str
        What the batch is called in messages.

    Raises
    ------
    DataError
        If it is a tuple of another length.

    Examples
    --------
    >>> unpack((1, 2), "fit, batch 1")
    Batch(x=1, y=2, sample_weight=None)
    """
    if not isinstance(given, (tuple, list)):
        return Batch(given)
    if not 1 <= len(given) <= 3:
        raise DataError(
            f"{where}: a batch is x, (x, y) or (x, y, sample_weight), but got a {type(given).__name__} of "
            f"{len(given)}. Put several inputs into their own tuple or dict: ((x1, x2), y)."
        )
    return Batch(*given)


def hands_out_batches(x: Any) -> bool:
    """Whether `x` is no array, but something that hands out batch after batch.

    Examples
    --------
    >>> import numpy as np
    >>> hands_out_batches(np.zeros(3)), hands_out_batches([1.0]), hands_out_batches(iter([1.0]))
    (False, False, True)
    """
    if hasattr(x, "__array__") or isinstance(x, (list, tuple, dict, str, bytes, type)):
        return False
    return hasattr(x, "__iter__") or is_numbered(x)


def is_numbered(x: Any) -> bool:
    """Whether batches can be asked for by their number, as those of a `PyDataset`; it may have no end."""
    return hasattr(x, "__getitem__") and (hasattr(x, "__len__") or hasattr(type(x), "num_batches"))


def _size(part: Any) -> int:
    if isinstance(part, dict):
        return sum(map(_size, part.values()))
    if isinstance(part, (tuple, list)):
        return sum(map(_size, part))
    return int(getattr(part, "nbytes", 0)) if part is not None else 0
