"""The images that are most like each image, by the angle between their features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_BLOCK = 1 << 22  # cosines in memory at a time: 16 MB of float32


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest other images of each image.

    Attributes
    ----------
    indices : array of int64, shape (N, k)
        The nearest first.
    cosines : array of float32, shape (N, k)
        Of the angles between the features: 1 for the same direction.
    """

    indices: npt.NDArray[np.int64]
    cosines: npt.NDArray[np.float32]


def nearest(features: npt.NDArray[np.floating], count: int) -> Neighbours:
    """Find the nearest other images of each image.

    Parameters
    ----------
    features : array of shape (N, D)
        Finite.
    count : int
        How many, at most N - 1.

    Returns
    -------
    Neighbours
        With k = ``min(count, N - 1)``.

    Notes
    -----
    All N² cosines are computed, a few MB at a time. Features without length, of an image that excites nothing, are at a
    right angle to all others.

    Examples
    --------
    >>> found = nearest(np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 1.0]]), 1)
    >>> found.indices.tolist()
    [[2], [2], [1]]
    """
    total = len(features)
    count = max(0, min(count, total - 1))
    indices, cosines = np.empty((total, count), np.int64), np.empty((total, count), np.float32)
    if not count:
        return Neighbours(indices, cosines)
    directions = unit(features)
    rows = max(1, _BLOCK // total)
    for start in range(0, total, rows):
        block = directions[start : start + rows] @ directions.T  # (rows, N)
        block[np.arange(len(block)), start + np.arange(len(block))] = -np.inf
        best = np.argpartition(block, total - count, axis=1)[:, total - count :]
        found = np.take_along_axis(block, best, axis=1)
        order = np.lexsort((best, -found), axis=1)  # of equally near ones the first, whatever the block
        indices[start : start + rows] = np.take_along_axis(best, order, axis=1)
        cosines[start : start + rows] = np.clip(np.take_along_axis(found, order, axis=1), -1, 1)
    return Neighbours(indices, cosines)


def unit(features: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Scale features (N, D) to length 1, but leave what has none."""
    scaled = features / np.maximum(np.abs(features).max(axis=1, initial=0, keepdims=True), 1e-30)
    lengths = np.sqrt(np.einsum("nd,nd->n", scaled, scaled, dtype=np.float64))[:, None]
    directions: npt.NDArray[np.float32] = (scaled / np.maximum(lengths, 1e-30)).astype(np.float32)
    return directions
