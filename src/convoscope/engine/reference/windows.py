"""Sliding windows over images, and the way back: what convolution and pooling have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.layers.geometry import extent
from convoscope.types import Padding, Pair

Array = npt.NDArray[Any]


def pad(images: Array, padding: Padding, value: float = 0.0) -> Array:
    """Return images (N, H, W, C) with that many pixels of `value` around them."""
    if padding == ((0, 0), (0, 0)):
        return images
    return np.pad(images, ((0, 0), *padding, (0, 0)), constant_values=value)


def crop(images: Array, padding: Padding) -> Array:
    """Take off what `pad` put around."""
    (top, bottom), (left, right) = padding
    return images[:, top : images.shape[1] - bottom, left : images.shape[2] - right]


def windows(padded: Array, size: Pair, strides: Pair, dilation: Pair = (1, 1)) -> Array:
    """Return every window as a view (N, rows, columns, C, height, width), without a copy."""
    covered = (extent(size[0], dilation[0]), extent(size[1], dilation[1]))
    every = np.lib.stride_tricks.sliding_window_view(padded, covered, axis=(1, 2))
    return every[:, :: strides[0], :: strides[1], :, :: dilation[0], :: dilation[1]]


def spread(
    cell_gradient: Callable[[int, int], Array],
    padded_shape: tuple[int, ...],
    places: Pair,
    size: Pair,
    strides: Pair,
    dilation: Pair = (1, 1),
) -> Array:
    """Add up each window cell's gradient at the pixel that the cell lay on: the way back from `windows`.

    Parameters
    ----------
    cell_gradient : function
        From a cell's row and column in the window to its gradient in every window, (N, rows, columns, C).
    padded_shape : tuple of int
        Of the images, padding included: (N, H, W, C).
    places : (int, int)
        How many windows there are: rows, columns.
    size, strides, dilation : (int, int)
        As in `windows`.
    """
    total: Array | None = None
    for row in range(size[0]):
        for column in range(size[1]):
            gradient = cell_gradient(row, column)
            if total is None:
                total = np.zeros(padded_shape, gradient.dtype)
            top, left = row * dilation[0], column * dilation[1]
            bottom, right = top + places[0] * strides[0], left + places[1] * strides[1]
            total[:, top : bottom : strides[0], left : right : strides[1]] += gradient
    assert total is not None  # a window has at least one cell
    return total
