"""Pooling: of each window one value; the gradient goes to the winner, or in equal shares to all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.reference.windows import crop, pad, spread, windows
from convoscope.engine.steps import PoolingStep, Window


def pooling(step: PoolingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Pool, and give the result the step's shape: a global pooling may drop the image axes."""
    pooled, backward = pool(step.window, x)
    return (
        pooled.reshape(len(x), *step.output_shape),
        lambda gradient: (backward(gradient.reshape(pooled.shape)), []),
    )


def pool(window: Window, x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """Return images (N, H, W, C) pooled to (N, rows, columns, C), and the way back."""
    return (_average if window.mode == "average" else _winner)(window, x)


def _winner(window: Window, x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """Keep the biggest or the smallest value; of equal ones the first, from left to right, then down."""
    padded = pad(x, window.padding, -np.inf if window.mode == "max" else np.inf)  # padding never wins
    cells = windows(padded, window.size, window.strides)  # (N, rows, columns, C, height, width)
    cells = cells.reshape(*cells.shape[:4], -1)
    winner = (cells.argmax if window.mode == "max" else cells.argmin)(axis=-1)  # the first, where several are equal
    pooled = np.take_along_axis(cells, winner[..., None], axis=-1)[..., 0]

    def backward(gradient: Array) -> Array:
        def won(row: int, column: int) -> Array:
            return np.where(winner == row * window.size[1] + column, gradient, 0)

        return crop(spread(won, padded.shape, pooled.shape[1:3], window.size, window.strides), window.padding)

    return pooled, backward


def _average(window: Window, x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """Keep the mean of the pixels in the window that belong to the image."""
    padded = pad(x, window.padding)
    pixels = pad(np.ones((1, *x.shape[1:3], 1), x.dtype), window.padding)
    count = windows(pixels, window.size, window.strides).sum(axis=(4, 5))  # (1, rows, columns, 1)
    pooled = windows(padded, window.size, window.strides).sum(axis=(4, 5)) / count

    def backward(gradient: Array) -> Array:
        share = gradient / count
        places = (share.shape[1], share.shape[2])
        return crop(spread(lambda _r, _c: share, padded.shape, places, window.size, window.strides), window.padding)

    return pooled, backward
