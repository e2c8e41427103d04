"""Making arrays: from values, or filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.keras.arrays.eager import eager


@eager()
def constant(value: Any, dtype: Any = None, shape: Sequence[int] | None = None, name: str = "") -> Any:
    """Return values as an array; numbers of Python's become float32 or int32, as in TensorFlow."""
    array = np.asarray(value, dtype)
    if dtype is None and not isinstance(value, (np.ndarray, np.generic)):
        array = array.astype({"f": np.float32, "i": np.int32}.get(array.dtype.kind, array.dtype))
    return array if shape is None else np.broadcast_to(array, tuple(shape)).reshape(tuple(shape))


convert_to_tensor = constant


def convert_to_numpy(x: Any) -> npt.NDArray[Any]:
    """Return the plain NumPy array."""
    return np.asarray(x).view(np.ndarray)


@eager()
def zeros(shape: Sequence[int], dtype: Any = np.float32) -> Any:
    """Return an array of zeros."""
    return np.zeros(shape, dtype)


@eager()
def ones(shape: Sequence[int], dtype: Any = np.float32) -> Any:
    """Return an array of ones."""
    return np.ones(shape, dtype)


@eager()
def fill(dims: Sequence[int], value: Any) -> Any:
    """Return an array with one value everywhere."""
    return np.full(dims, value)


@eager()
def eye(num_rows: int, num_columns: int | None = None, dtype: Any = np.float32) -> Any:
    """Return the identity matrix."""
    return np.eye(num_rows, num_columns, dtype=dtype)


@eager()
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Return zeros in the shape of `x`."""
    return np.zeros_like(x, dtype=dtype)


@eager()
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Return ones in the shape of `x`."""
    return np.ones_like(x, dtype=dtype)


@eager()
def arange(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None) -> Any:
    """Return numbers from `start` (or 0) up to, without, `limit`."""
    return np.arange(start, limit, delta, dtype=dtype) if limit is not None else np.arange(0, start, delta, dtype=dtype)


@eager()
def linspace(start: Any, stop: Any, num: int) -> Any:
    """Return `num` numbers, evenly spaced."""
    return np.linspace(start, stop, num, dtype=np.float32)


@eager()
def one_hot(
    indices: Any, depth: int, on_value: float = 1.0, off_value: float = 0.0, axis: int = -1, dtype: Any = np.float32
) -> Any:
    """Return rows with one `on_value` each, at the index; an index outside gives a row without one."""
    hot = np.asarray(indices)[..., None] == np.arange(depth)
    return np.moveaxis(np.where(hot, np.float32(on_value), np.float32(off_value)), -1, axis).astype(dtype)
