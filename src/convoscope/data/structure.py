"""Elements of data sets: arrays, in tuples and dicts as deep as people nest them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from convoscope.errors import DataError
from convoscope.tensors import Tensor, tensor


def mapped(function: Callable[..., Any], *structures: Any) -> Any:
    """Return what a function makes of each leaf; of several structures that are nested alike, of their leaves together.

    Examples
    --------
    >>> mapped(lambda a, b: a + b, (1, {"x": 2}), (10, {"x": 20}))
    (11, {'x': 22})
    """
    first = structures[0]
    if isinstance(first, dict):
        return {key: mapped(function, *(each[key] for each in structures)) for key in first}
    if isinstance(first, tuple):
        parts = [mapped(function, *each) for each in zip(*structures, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    return function(*structures)


def leaves(structure: Any) -> Iterator[Any]:
    """Give the leaves of a structure in order."""
    if isinstance(structure, dict):
        for value in structure.values():
            yield from leaves(value)
    elif isinstance(structure, tuple):
        for value in structure:
            yield from leaves(value)
    else:
        yield structure


def as_element(structure: Any) -> Any:
    """Return a structure with every leaf as a `Tensor`: floats that NumPy has not seen yet become float32."""
    return mapped(as_tensor, structure)


def as_tensor(value: Any) -> Tensor:
    """Return a value as TensorFlow would: Python's numbers, alone or in lists, in 32 bits.

    Examples
    --------
    >>> as_tensor(1.5).dtype, as_tensor([1, 2]).dtype, as_tensor(np.float64(1)).dtype
    (dtype('float32'), dtype('int32'), dtype('float64'))
    """
    if isinstance(value, Tensor):
        return value
    array = np.asarray(value)
    if not hasattr(value, "dtype") and not _holds_arrays(value):
        narrow = {np.dtype(np.float64): np.float32, np.dtype(np.int64): np.int32}.get(array.dtype)
        array = array if narrow is None else array.astype(narrow)
    if array.dtype == object:
        raise DataError(
            "An element of a Dataset consists of arrays, in tuples or dicts, but NumPy cannot turn this "
            f"{type(value).__name__} into an array of numbers or text."
        )
    return tensor(array)


def stacked(elements: Sequence[Any], where: str) -> Any:
    """Return elements of one form as one, with an axis more in front."""

    def stack(*parts: Any) -> Tensor:
        if any(part.shape != parts[0].shape for part in parts):
            other = next(part for part in parts if part.shape != parts[0].shape)
            raise DataError(
                f"{where}: elements of different shapes cannot be batched: {parts[0].shape} and {other.shape}. Give "
                "them the same shape first, for example with map."
            )
        return tensor(np.stack([np.asarray(part) for part in parts]))

    return mapped(stack, *elements)


def rows(structure: Any, where: str) -> int:
    """Return how many rows all leaves of a structure have."""
    shapes = [np.shape(leaf) for leaf in leaves(structure)]
    counts = {shape[0] if shape else None for shape in shapes}
    if len(counts) != 1 or None in counts:
        raise DataError(
            f"{where}: all arrays must have the same length along their first axis, but their shapes are "
            f"{', '.join(map(str, shapes)) or 'none at all'}."
        )
    return int(shapes[0][0])


def _holds_arrays(value: Any) -> bool:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return hasattr(value, "dtype")
