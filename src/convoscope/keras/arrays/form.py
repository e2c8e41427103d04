"""The form of arrays: their shape, their axes, their type; parts of them, and several put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoscope import layers
from convoscope.errors import ConfigurationError
from convoscope.keras.arrays.eager import Axis, axes_of, eager
from convoscope.layers.symbols import Symbol
from convoscope.tensors import tensor


def _cast_symbol(x: Symbol, dtype: Any, name: str | None = None) -> Symbol:
    if np.dtype(dtype) != np.float32:
        raise ConfigurationError(f"A model computes in float32, and cannot cast a symbol to {np.dtype(dtype)}.")
    return x


@eager(_cast_symbol)
def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """Return the values as another type."""
    return np.asarray(x).astype(dtype)


def _sample(shape: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(shape)[1:]


@eager(lambda x, shape, name=None: layers.Reshape(_sample(shape))(x))
def reshape(x: Any, shape: Sequence[int], name: str | None = None) -> Any:
    """Return the values in another shape."""
    return np.reshape(x, tuple(int(n) for n in shape))


@eager()
def expand_dims(x: Any, axis: int = -1) -> Any:
    """Return the array with an axis of length 1 more."""
    return np.expand_dims(x, axis)


@eager()
def squeeze(x: Any, axis: Axis = None) -> Any:
    """Return the array without axes of length 1."""
    return np.squeeze(x, axes_of(axis))


@eager(lambda x, axes=None, perm=None, name=None: layers.Permute(tuple((axes or perm)[1:]))(x))
def transpose(x: Any, perm: Sequence[int] | None = None, axes: Sequence[int] | None = None) -> Any:
    """Return the array with its axes in another order."""
    return np.transpose(x, perm if perm is not None else axes)


@eager(lambda values, axis=-1, name=None: layers.Concatenate(axis=axis)(list(values)))
def concat(values: Sequence[Any], axis: int = -1, name: str | None = None) -> Any:
    """Return the arrays one after the other along an axis."""
    return np.concatenate([np.asarray(each) for each in values], axis)


@eager()
def stack(values: Sequence[Any], axis: int = 0) -> Any:
    """Return the arrays along a new axis."""
    return np.stack([np.asarray(each) for each in values], axis)


@eager()
def unstack(value: Any, axis: int = 0) -> Any:
    """Return the parts along an axis, in a list."""
    return list(np.moveaxis(np.asarray(value), axis, 0))


@eager()
def split(value: Any, num_or_size_splits: Any, axis: int = 0) -> Any:
    """Return `num_or_size_splits` equal parts, or parts of those sizes, in a list."""
    parts = num_or_size_splits
    at = parts if isinstance(parts, int) else np.cumsum(parts)[:-1]
    return np.split(np.asarray(value), at, axis)


@eager()
def tile(x: Any, multiples: Sequence[int]) -> Any:
    """Return the array repeated along each axis."""
    return np.tile(x, multiples)


@eager()
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Return the array with its elements repeated."""
    return np.repeat(x, repeats, axis)


@eager()
def pad(x: Any, paddings: Any, mode: str = "CONSTANT", constant_values: float = 0) -> Any:
    """Return the array with a border."""
    mode = mode.lower()
    more = {"constant_values": constant_values} if mode == "constant" else {}
    return np.pad(np.asarray(x), paddings, mode, **more)  # type: ignore[call-overload]


@eager()
def gather(params: Any, indices: Any, axis: int = 0) -> Any:
    """Return the elements at those indices along an axis."""
    return np.take(params, indices, axis)


@eager()
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Return `x` where the condition holds, else `y`; the indices where it holds if neither is given."""
    return np.argwhere(condition) if x is None else np.where(condition, x, y)


@eager()
def boolean_mask(values: Any, mask: Any) -> Any:
    """Return the elements where the mask is true."""
    return np.asarray(values)[np.asarray(mask, bool)]


def shape(x: Any) -> Any:
    """Return the shape as an array; of a symbol, the tuple with None for the batch axis."""
    return x.shape if isinstance(x, Symbol) else tensor(np.asarray(np.shape(x), np.int32))


@eager()
def size(x: Any) -> Any:
    """Return how many values there are."""
    return np.int32(np.size(x))


@eager()
def rank(x: Any) -> Any:
    """Return how many axes there are."""
    return np.int32(np.ndim(x))


@eager()
def reverse(tensor: Any, axis: Any) -> Any:
    """Return the array with its order turned along those axes."""
    return np.flip(tensor, axes_of(axis))
