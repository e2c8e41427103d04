"""Pooling: of each small window of a feature map, keep one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from convoscope.checks import flag, padding_mode, pair
from convoscope.layers import geometry
from convoscope.layers.base import Layer
from convoscope.types import Shape


class Pooling2D(Layer):
    """What the three windowed poolings have in common.

    Parameters
    ----------
    pool_size : int or (int, int)
        The window's height and width.
    strides : int or (int, int), optional
        Pixels from one window to the next; left out, the window's size, so that windows do not overlap.
    padding : {"valid", "same"}
        ``"valid"`` drops what does not fill a window (11 pixels become 5); ``"same"`` keeps it. Padded pixels never
        count: not for a maximum, and not in an average.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    #: Which value of the window is kept: "max", "min" or "average".
    mode: ClassVar[str]

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2),
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(data_format=data_format, **options)
        kind = type(self).__name__
        self.pool_size = pair(pool_size, "pool_size", kind)
        self.strides = self.pool_size if strides is None else pair(strides, "strides", kind)
        self.padding = padding_mode(padding, kind)

    def infer_shape(self, input_shape: Shape) -> Shape:
        channels = geometry.image_shape(input_shape, self.describe())[2]
        size = geometry.window_shape(input_shape, self.pool_size, self.strides, self.padding, self.describe())
        return (*size, channels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": list(self.pool_size),
            "strides": list(self.strides),
            "padding": self.padding,
        }


class MaxPooling2D(Pooling2D):
    """Keep the biggest value of each window: 2×2 halves each axis and keeps what a filter found.

    Where several values are the biggest, the gradient goes to the first (left to right, then down).
    See `Pooling2D` for the parameters.

    Examples
    --------
    >>> MaxPooling2D(2, 2).compute_output_shape((None, 11, 11, 64))
    (None, 5, 5, 64)
    """

    mode = "max"


class MinPooling2D(Pooling2D):
    """Keep the smallest value of each window (not in Keras). See `Pooling2D` for the parameters."""

    mode = "min"


class AveragePooling2D(Pooling2D):
    """Keep the mean of each window. See `Pooling2D` for the parameters."""

    mode = "average"


class GlobalPooling2D(Layer):
    """What the two global poolings have in common: one value for each channel of the whole feature map.

    Parameters
    ----------
    keepdims : bool
        True keeps the axes: (1, 1, channels) in place of (channels,).
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    mode: ClassVar[str]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **options: Any) -> None:
        super().__init__(data_format=data_format, **options)
        self.keepdims = flag(keepdims, "keepdims", type(self).__name__)

    def infer_shape(self, input_shape: Shape) -> Shape:
        channels = geometry.image_shape(input_shape, self.describe())[2]
        return (1, 1, channels) if self.keepdims else (channels,)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "keepdims": self.keepdims}


class GlobalMaxPooling2D(GlobalPooling2D):
    """Keep the biggest value of each channel. See `GlobalPooling2D` for the parameters."""

    mode = "max"


class GlobalAveragePooling2D(GlobalPooling2D):
    """Keep the mean of each channel. See `GlobalPooling2D` for the parameters."""

    mode = "average"
