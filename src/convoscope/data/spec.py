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
        None means a length that may differ from element to element; None instead of a shape means any shape.
    dtype : dtype
        Anything that NumPy accepts as a dtype.
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
        """Return the spec of an array; with `batched`, its first axis may have any length.

        Examples
        --------
        >>> TensorSpec.of(np.zeros((32, 28, 28), np.float32), batched=True)
        TensorSpec(shape=(None, 28, 28), dtype=float32)
        """
        shape = tuple(np.shape(array))
        return cls((None, *shape[1:]) if batched and shape else shape, np.asarray(array).dtype)

    def convert(self, value: Any, where: str) -> Any:
        """Return a value as an array of this type. Raises a `DataError` if its shape does not fit.

        Examples
        --------
        >>> TensorSpec((None,), np.int32).convert([1, 2], "from_generator")
        array([1, 2], dtype=int32)
        """
        array = np.asarray(value, np.dtype(self.dtype))
        shape = self.shape
        if shape is not None and not (
            len(shape) == array.ndim
            and all(wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True))
        ):
            raise DataError(f"{where}: expected an array of shape {tuple(shape)}, but got {array.shape}.")
        return array
