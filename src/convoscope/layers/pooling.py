"""Pooling: of each small window of a feature map, keep one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from convoscope.checks import flag, padding_mode, pair
from convoscope.layers import geometry
from convoscope.layers.base import Layer
from convoscope.types import Shape


class Pooling2D(Layer):
    """The base of the three poolings with windows.

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
    """Keep the largest value of each window: 2×2 halves each axis and keeps what a filter has found.

    If several values are the largest, the gradient goes to the first (left to right, then down).

    Parameters
    ----------
    pool_size : int or (int, int)
        The window's height and width.
    strides : int or (int, int), optional
        Pixels from one window to the next; the window's size if left out, so that windows do not overlap.
    padding : {"valid", "same"}
        ``"valid"`` drops what does not fill a window (11 pixels become 5); ``"same"`` keeps it. Padded pixels are never
        the maximum.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> MaxPooling2D(2, 2).compute_output_shape((None, 11, 11, 64))
    (None, 5, 5, 64)
    """

    mode = "max"


class MinPooling2D(Pooling2D):
    """Keep the smallest value of each window (not in Keras).

    Parameters
    ----------
    pool_size : int or (int, int)
        The window's height and width.
    strides : int or (int, int), optional
        Pixels from one window to the next; the window's size if left out, so that windows do not overlap.
    padding : {"valid", "same"}
        ``"valid"`` drops what does not fill a window (11 pixels become 5); ``"same"`` keeps it. Padded pixels are never
        the minimum.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> MinPooling2D()(x)[0, :, :, 0].tolist()  # the least of each 2 × 2 window
    [[0.0, 2.0], [8.0, 10.0]]
    """

    mode = "min"


class AveragePooling2D(Pooling2D):
    """Keep the mean of each window.

    Parameters
    ----------
    pool_size : int or (int, int)
        The window's height and width.
    strides : int or (int, int), optional
        Pixels from one window to the next; the window's size if left out, so that windows do not overlap.
    padding : {"valid", "same"}
        ``"valid"`` drops what does not fill a window (11 pixels become 5); ``"same"`` keeps it. Padded pixels do not
        count in the mean.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> AveragePooling2D()(x)[0, :, :, 0].tolist()  # the mean of each 2 × 2 window
    [[2.5, 4.5], [10.5, 12.5]]
    """

    mode = "average"


class GlobalPooling2D(Layer):
    """The base of the two global poolings: one value for each channel of the whole feature map.

    Parameters
    ----------
    keepdims : bool
        True keeps the axes: (1, 1, channels) instead of (channels,).
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
    """Keep the largest value of each channel.

    Parameters
    ----------
    keepdims : bool
        True keeps the axes: (1, 1, channels) instead of (channels,).
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> GlobalMaxPooling2D()(np.arange(16.0).reshape(1, 4, 4, 1)).tolist()
    [[15.0]]
    >>> GlobalMaxPooling2D(keepdims=True).compute_output_shape((None, 7, 7, 64))
    (None, 1, 1, 64)
    """

    mode = "max"


class GlobalAveragePooling2D(GlobalPooling2D):
    """Keep the mean of each channel.

    Parameters
    ----------
    keepdims : bool
        True keeps the axes: (1, 1, channels) instead of (channels,).
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> GlobalAveragePooling2D()(np.arange(16.0).reshape(1, 4, 4, 1)).tolist()
    [[7.5]]
    >>> GlobalAveragePooling2D().compute_output_shape((None, 7, 7, 64))
    (None, 64)
    """

    mode = "average"
