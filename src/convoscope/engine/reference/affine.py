"""Images flipped, shifted, turned and zoomed at random: each output pixel reads a place between four of the input.

Places are whole numbers of 2⁻³² pixels. They follow from the random words by whole-number arithmetic, so that every
engine, in every precision, reads the same pixels: where a place is half-way between two, or on the edge, rounding would
otherwise decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine import philox
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import AffineStep

Places = npt.NDArray[np.int64]

_ONE = 1 << 32  # a pixel
_HALF = 1 << 31


def affine(step: AffineStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """In training, flip, shift, turn or zoom each image by its own random numbers."""
    if not mode.training:
        return x, lambda gradient: (gradient, [])
    places = _places(step, len(x), mode)
    images = np.arange(len(x)).reshape(-1, 1, 1)
    corners = list(_corners(step, *places, dtype=x.dtype))
    outputs = np.zeros_like(x)
    for row, column, inside, weight in corners:
        outputs += weight[..., None] * np.where(inside[..., None], x[images, row, column], step.fill_value)

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        found = np.zeros_like(gradient)
        for row, column, inside, weight in corners:
            np.add.at(found, (images, row, column), (weight * inside)[..., None] * gradient)
        return found, []

    return outputs, backward


def _places(step: AffineStep, count: int, mode: Mode) -> tuple[Places, Places]:
    """Return the row and the column that each output pixel reads, each (N, H, W), in 2⁻³² pixels."""
    height, width, _ = step.input_shape
    # Twice the distance from the centre, which is whole.
    down, right = 2 * np.arange(height)[:, None] - (height - 1), 2 * np.arange(width) - (width - 1)
    seed = mode.seed if step.seed is None else step.seed
    numbers = np.arange(count, dtype=np.uint64)
    drawn = philox.uniforms(philox.blocks(numbers, seed=seed, iteration=mode.iteration, stream=step.stream))
    rows, columns = np.empty((2, count, height, width), np.int64)
    for image, (first, second, third, _) in enumerate(drawn.tolist()):
        angle = 2.0 * math.pi * philox.between(step.turns, third)
        cosine, sine = _whole(math.cos(angle) * _HALF), _whole(math.sin(angle) * _HALF)
        upside_down = -1 if step.flips[0] and first < 0.5 else 1
        left_right = -1 if step.flips[1] and second < 0.5 else 1
        tall = philox.between(step.zooms[0], first)
        wide = tall if step.even else philox.between(step.zooms[1], second)
        shift_down = _whole(philox.between(step.shifts[0], first) * height * _ONE)
        shift_right = _whole(philox.between(step.shifts[1], second) * width * _ONE)
        rows[image] = upside_down * _whole(cosine * tall) * down + sine * right + (height - 1) * _HALF - shift_down
        columns[image] = left_right * _whole(cosine * wide) * right - sine * down + (width - 1) * _HALF - shift_right
    return rows, columns


def _whole(value: float) -> int:
    return math.floor(value + 0.5)


def _corners(
    step: AffineStep, rows: Places, columns: Places, dtype: npt.DTypeLike
) -> Iterator[tuple[Places, Places, Array, Array]]:
    """Yield the four pixels around each place: row, column, whether it is inside the image, its weight."""
    for row, row_inside, row_weight in _neighbours(step, rows, step.input_shape[0], dtype):
        for column, column_inside, column_weight in _neighbours(step, columns, step.input_shape[1], dtype):
            yield row, column, row_inside & column_inside, row_weight * column_weight


def _neighbours(
    step: AffineStep, places: Places, length: int, dtype: npt.DTypeLike
) -> list[tuple[Places, npt.NDArray[np.bool_], Array]]:
    """Return the pixel before each place along an axis and the one behind: index, whether it is inside, weight."""
    if not step.bilinear:
        nearest = (places + _HALF) // _ONE
        return [(*_fold(nearest, length, step.fill_mode), np.ones(places.shape, dtype))]
    before = places // _ONE
    share: Array = ((places % _ONE) / _ONE).astype(dtype)
    return [
        (*_fold(before, length, step.fill_mode), 1 - share),
        (*_fold(before + 1, length, step.fill_mode), share),
    ]


def _fold(index: Places, length: int, mode: str) -> tuple[Any, npt.NDArray[np.bool_]]:
    """Return for pixels of the unlimited plane the pixel of the image that stands there, and whether one does."""
    inside = np.full(index.shape, True)
    if mode == "wrap":
        return index % length, inside
    if mode == "reflect":
        within = index % (2 * length)
        return np.minimum(within, 2 * length - 1 - within), inside
    if mode == "constant":
        inside = (index >= 0) & (index < length)
    return index.clip(0, length - 1), inside
