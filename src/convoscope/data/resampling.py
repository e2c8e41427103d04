"""Images at another size, as TensorFlow computes it: without smoothing first, pixel centres at halves."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import unknown_name

Floats = npt.NDArray[np.float32]
#: For each position of the result the positions that it is a weighted sum of, and their weights: (size, taps) each.
Taps = tuple[npt.NDArray[np.intp], Floats]

_STEPS = 1024


def resized(image: Any, height: int, width: int, interpolation: str = "bilinear") -> Any:
    """Return an image at another size.

    Parameters
    ----------
    image : array of shape (height, width, channels)
    height, width : int
    interpolation : str
        One of `INTERPOLATIONS`.

    Returns
    -------
    array of shape (height, width, channels)
        float32; of the image's own type for ``"nearest"``, as in TensorFlow.

    Examples
    --------
    >>> resized(np.array([[[0], [3]]], np.uint8), 1, 4)[0, :, 0].tolist()
    [0.0, 0.75, 2.25, 3.0]
    """
    if interpolation not in _TAPS:
        raise unknown_name("interpolation", interpolation, INTERPOLATIONS)
    make = _TAPS[interpolation]
    rows, columns = make(image.shape[0], height), make(image.shape[1], width)
    if interpolation == "nearest":
        return image[rows[0][:, 0]][:, columns[0][:, 0]]
    if interpolation == "bilinear":
        return _bilinear(image, rows, columns)
    # The axis that is cut down most goes first: fewer values are left for the other.
    if height * image.shape[1] <= width * image.shape[0]:
        return _summed(_summed(image, rows, 0), columns, 1)
    return _summed(_summed(image, columns, 1), rows, 0)


def _bilinear(image: Any, rows: Taps, columns: Taps) -> Floats:
    """Compute a + (b - a) × weight along rows, then columns: in TensorFlow's order, to the last bit."""
    (above, below), (left, right) = rows[0].T, columns[0].T
    down, across = rows[1][:, 1, None, None], columns[1][None, :, 1, None]

    def along(row: Any) -> Any:
        line = image[row]
        first = line[:, left].astype(np.float32)
        return first + (line[:, right] - first) * across

    top = along(above)
    return top + (along(below) - top) * down  # type: ignore[no-any-return]


def _summed(image: Any, taps: Taps, axis: int) -> Floats:
    indices, weights = taps
    shape = (-1, 1, 1) if axis == 0 else (1, -1, 1)
    total = np.zeros((1, 1, 1), np.float32)
    for index, weight in zip(indices.T, weights.T, strict=True):
        total = total + np.take(image, index, axis) * weight.reshape(shape)
    return total


def _centres(size: int, wanted: int) -> Floats:
    """Return where the centres of the new pixels lie in the old image; its first pixel reaches from 0 to 1."""
    scale = np.float32(size) / np.float32(wanted)
    centres: Floats = (np.arange(wanted, dtype=np.float32) + np.float32(0.5)) * scale
    return centres


def _nearest(size: int, wanted: int) -> Taps:
    index = np.clip(np.floor(_centres(size, wanted)).astype(np.intp), 0, size - 1)
    return index[:, None], np.ones((wanted, 1), np.float32)


def _linear(size: int, wanted: int) -> Taps:
    at = _centres(size, wanted) - np.float32(0.5)
    floor = np.floor(at)
    lower = np.maximum(floor.astype(np.intp), 0)
    upper = np.minimum(np.ceil(at).astype(np.intp), size - 1)
    weight = at - floor
    return np.stack([lower, upper], 1), np.stack([1 - weight, weight], 1)


def _area(size: int, wanted: int) -> Taps:
    """Each new pixel is the mean of what it covers."""
    scale = np.float32(size) / np.float32(wanted)
    first = np.arange(wanted, dtype=np.float32) * scale
    last = first + scale
    taps = np.arange(math.ceil(float(scale)) + 1) + np.floor(first).astype(np.intp)[:, None]
    covered = np.minimum(taps + 1, last[:, None]) - np.maximum(taps, first[:, None])
    return np.clip(taps, 0, size - 1), (np.maximum(covered, 0) / scale).astype(np.float32)


def _bicubic(size: int, wanted: int) -> Taps:
    """Keys' kernel at distances in steps of 1/1024, from a table in TensorFlow."""
    at = _centres(size, wanted) - np.float32(0.5)
    floor = np.floor(at)
    behind = np.rint((at - floor) * _STEPS)[:, None] / _STEPS
    around = np.arange(-1, 3)
    taps = floor.astype(np.intp)[:, None] + around
    return _normalized(taps, np.where((taps >= 0) & (taps < size), _cubic(0, 0.5)(np.abs(around - behind)), 0), size)


def _normalized(taps: Any, weights: Any, size: int) -> Taps:
    return np.clip(taps, 0, size - 1), (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _by_kernel(radius: float, kernel: Callable[[Any], Any]) -> Callable[[int, int], Taps]:
    """Return what weighs pixels by their distance to the new centre. What lies outside the image counts nothing."""

    def make(size: int, wanted: int) -> Taps:
        centres = _centres(size, wanted)[:, None]
        first = np.ceil(centres - radius - 0.5).astype(np.intp)
        taps = first + np.arange(2 * math.ceil(radius) + 1)
        distances = np.abs(taps + 0.5 - centres)
        weights = np.where((taps >= 0) & (taps < size) & (distances < radius), kernel(distances), 0)
        return _normalized(taps, weights, size)

    return make


def _cubic(b: float, c: float) -> Callable[[Any], Any]:
    """Return Mitchell's and Netravali's family of cubic kernels: Keys' is (0, 1/2), Mitchell's (1/3, 1/3)."""

    def kernel(x: Any) -> Any:
        near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + (6 - 2 * b)
        far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + (8 * b + 24 * c)
        return np.where(x < 1, near, np.where(x < 2, far, 0)) / 6

    return kernel


def _lanczos(radius: int) -> Callable[[Any], Any]:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


def _gaussian(x: Any) -> Any:
    return np.exp(-(x**2) / (2 * 0.5**2))


_TAPS: dict[str, Callable[[int, int], Taps]] = {
    name: lru_cache(64)(make)
    for name, make in {
        "bilinear": _linear,
        "nearest": _nearest,
        "bicubic": _bicubic,
        "area": _area,
        "lanczos3": _by_kernel(3, _lanczos(3)),
        "lanczos5": _by_kernel(5, _lanczos(5)),
        "gaussian": _by_kernel(1.5, _gaussian),
        "mitchellcubic": _by_kernel(2, _cubic(1 / 3, 1 / 3)),
    }.items()
}
#: The names that Keras knows.
INTERPOLATIONS = tuple(_TAPS)
