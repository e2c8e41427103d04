"""Layers that move values without changing them: Flatten, Reshape, Permute, RepeatVector, padding, cropping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, SupportsIndex

from convoscope.checks import MOST_VALUES, axes, equal, integer, pair, size
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers import geometry
from convoscope.layers.base import Layer
from convoscope.types import Padding, Shape


class Flatten(Layer):
    """Put all values of an input in one row: (5, 5, 64) becomes (1600,), the channels of a pixel side by side.

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
        values = math.prod(input_shape)
        known = math.prod(axis for axis in self.target_shape if axis != -1)
        if (values % known if -1 in self.target_shape else values - known) != 0:
            raise ShapeError(
                f"{self.describe()} cannot turn shape {input_shape} ({values} values) into {self.target_shape}: "
                "the number of values must stay the same."
            )
        return tuple(values // known if axis == -1 else axis for axis in self.target_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": list(self.target_shape)}


def _target_shape(value: Any) -> Shape:
    given = [value] if isinstance(value, SupportsIndex) and not hasattr(value, "__len__") else value
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise ConfigurationError(f"Reshape: target_shape must be a tuple of whole numbers, but is {value!r}.")
    each = "each axis of target_shape, unless it is -1,"
    if not 1 <= len(given) <= 16:
        raise ConfigurationError(f"Reshape: target_shape must have from 1 to 16 axes, but has {len(given)}.")
    shape = tuple(-1 if _is_rest(axis) else integer(axis, each, "Reshape", maximum=MOST_VALUES) for axis in given)
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
        self.padding = _sides(padding, "padding", "ZeroPadding2D")

    def infer_shape(self, input_shape: Shape) -> Shape:
        height, width, channels = geometry.image_shape(input_shape, self.describe())
        padded = (height + sum(self.padding[0]), width + sum(self.padding[1]), channels)
        return geometry.large_image(padded, self.describe())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": [list(side) for side in self.padding]}


def _sides(value: Any, argument: str, where: str) -> Padding:
    """Return one number, (rows, columns) or ((top, bottom), (left, right)) as the last of these."""
    if isinstance(value, Sequence) and len(value) == 2 and all(isinstance(side, Sequence) for side in value):
        return pair(value[0], argument, where, minimum=0), pair(value[1], argument, where, minimum=0)
    height, width = pair(value, argument, where, minimum=0)
    return (height, height), (width, width)


class Cropping2D(Layer):
    """Cut rows and columns off an image.

    Parameters
    ----------
    cropping : int, (int, int), or ((int, int), (int, int))
        One number for all sides, (rows, columns), or ((top, bottom), (left, right)).
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> Cropping2D(((1, 2), (0, 4))).compute_output_shape((None, 28, 28, 8))
    (None, 25, 24, 8)
    """

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format=data_format, **options)
        self.cropping = _sides(cropping, "cropping", "Cropping2D")

    def infer_shape(self, input_shape: Shape) -> Shape:
        height, width, channels = geometry.image_shape(input_shape, self.describe())
        left = height - sum(self.cropping[0]), width - sum(self.cropping[1])
        if min(left) < 1:
            raise ShapeError(
                f"{self.describe()}: cropping {self.cropping} leaves nothing of {height}×{width} pixels. Crop less."
            )
        return (*left, channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cropping": [list(side) for side in self.cropping]}


class Permute(Layer):
    """Change the order of an input's axes.

    Parameters
    ----------
    dims : tuple of int
        For each axis of the output, the axis of the input that it is, counted from 1: the batch axis stays first.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> Permute((2, 1)).compute_output_shape((None, 10, 64))
    (None, 64, 10)
    """

    def __init__(self, dims: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.dims = axes(dims, "dims", "Permute")
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ConfigurationError(
                f"Permute: dims must contain every axis from 1 to {len(self.dims)} exactly once, but is {self.dims}. "
                "Leave out the batch axis, 0."
            )

    def infer_shape(self, input_shape: Shape) -> Shape:
        if len(self.dims) != len(input_shape):
            raise ShapeError(
                f"{self.describe()} has dims {self.dims} for inputs with {len(self.dims)} axes, but its input has "
                f"shape {input_shape}."
            )
        return tuple(input_shape[axis - 1] for axis in self.dims)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": list(self.dims)}


class RepeatVector(Layer):
    """Repeat a row of values: (32,) becomes (n, 32).

    Parameters
    ----------
    n : int
        How often.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> RepeatVector(3).compute_output_shape((None, 32))
    (None, 3, 32)
    """

    def __init__(self, n: int, **options: Any) -> None:
        super().__init__(**options)
        self.n = size(n, "n", "RepeatVector")

    def infer_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 1:
            raise ShapeError(
                f"{self.describe()} repeats a vector, but its input has shape {input_shape}. Put a Flatten before it."
            )
        return (self.n, *input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}
