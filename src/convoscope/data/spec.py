"""TensorSpec: the shape and the type of what a data set gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope.errors import DataError


@dataclass(frozen=True)
class TensorSpec:
    """The shape and the type of an array.

    Parameters
    ----------
    shape : sequence of int or None
        None stands for a length that may differ from element to element. None for the whole stands for any shape.
    dtype : dtype
        What NumPy takes for one.
    name : str, optional

    Examples
    --------
    >>> TensorSpec((None, 28, 28, 1), np.float32)
    TensorSpec(shape=(None, 28, 28, 1), dtype=float32)
    """

    shape: Sequence[int | None] | None
    dtype: Any = np.float32
    name: str | None = None

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"TensorSpec(shape={self.shape}, dtype={np.dtype(self.dtype)}{name})"

    @classmethod
    def of(cls, array: Any, batched: bool = False) -> TensorSpec:
        """Return the spec of an array; `batched` says that its first axis may have any length."""
        shape = tuple(np.shape(array))
        return cls((None, *shape[1:]) if batched and shape else shape, np.asarray(array).dtype)

    def convert(self, value: Any, where: str) -> Any:
        """Return a value as an array of this type, or say that its shape is another."""
        array = np.asarray(value, np.dtype(self.dtype))
        shape = self.shape
        if shape is not None and not (
            len(shape) == array.ndim
            and all(wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True))
        ):
            raise DataError(f"{where}: expected an array of shape {tuple(shape)}, but {array.shape} came.")
        return array
