"""Layers that move values without changing them: Flatten, Reshape, ZeroPadding2D."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, SupportsIndex

from convoscope.checks import MOST_VALUES, equal, integer, pair
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers import geometry
from convoscope.layers.base import Layer
from convoscope.types import Pair, Shape


class Flatten(Layer):
    """Lay all values of an input out in one row: (5, 5, 64) becomes (1600,). Channels lie next to each other.

    Examples
    --------
    >>> Flatten().compute_output_shape((None, 5, 5, 64))
    (None, 1600)
    """

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format=data_format, **options)

    def infer_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)


class Reshape(Layer):
    """Give the same values another shape, in the same order.

    Parameters
    ----------
    target_shape : tuple of int
        Without the batch axis. One axis may be -1: it takes what is left.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> Reshape((28, 28, 1)).compute_output_shape((None, 784))
    (None, 28, 28, 1)
    """

    def __init__(self, target_shape: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.target_shape = _target_shape(target_shape)

    def infer_shape(self, input_shape: Shape) -> Shape:
        size = math.prod(input_shape)
        known = math.prod(axis for axis in self.target_shape if axis != -1)
        if (size % known if -1 in self.target_shape else size - known) != 0:
            raise ShapeError(
                f"{self.describe()} cannot turn shape {input_shape} ({size} values) into {self.target_shape}: "
                "the number of values must stay the same."
            )
        return tuple(size // known if axis == -1 else axis for axis in self.target_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": list(self.target_shape)}


def _target_shape(value: Any) -> Shape:
    axes = [value] if isinstance(value, SupportsIndex) and not hasattr(value, "__len__") else value
    if isinstance(axes, (str, bytes)) or not isinstance(axes, Sequence):
        raise ConfigurationError(f"Reshape: target_shape must be a tuple of whole numbers, but is {value!r}.")
    each = "each axis of target_shape, unless it is -1,"
    if not 1 <= len(axes) <= 16:
        raise ConfigurationError(f"Reshape: target_shape must have from 1 to 16 axes, but has {len(axes)}.")
    shape = tuple(-1 if _is_rest(axis) else integer(axis, each, "Reshape", maximum=MOST_VALUES) for axis in axes)
    if shape.count(-1) > 1:
        raise ConfigurationError(f"Reshape: only one axis of target_shape may be -1, but it is {shape}.")
    return shape


def _is_rest(axis: Any) -> bool:
    return isinstance(axis, SupportsIndex) and not isinstance(axis, bool) and equal(axis, -1)


class ZeroPadding2D(Layer):
    """Put zeros around an image.

    Parameters
    ----------
    padding : int, (int, int), or ((int, int), (int, int))
        One number for all sides, (rows, columns), or ((top, bottom), (left, right)).
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> ZeroPadding2D(1).compute_output_shape((None, 26, 26, 8))
    (None, 28, 28, 8)
    """

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format=data_format, **options)
        if isinstance(padding, Sequence) and len(padding) == 2 and all(isinstance(p, Sequence) for p in padding):
            rows, columns = (pair(p, "padding", "ZeroPadding2D", minimum=0) for p in padding)
        else:
            height, width = pair(padding, "padding", "ZeroPadding2D", minimum=0)
            rows, columns = (height, height), (width, width)
        self.padding: tuple[Pair, Pair] = (rows, columns)

    def infer_shape(self, input_shape: Shape) -> Shape:
        height, width, channels = geometry.image_shape(input_shape, self.describe())
        padded = (height + sum(self.padding[0]), width + sum(self.padding[1]), channels)
        return geometry.large_image(padded, self.describe())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": [list(side) for side in self.padding]}
