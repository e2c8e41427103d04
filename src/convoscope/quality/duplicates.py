"""Groups of images that are one picture: copies that were mirrored, cropped, scaled, compressed or recoloured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.quality.matching import Pictures, small_greys
from convoscope.quality.neighbours import Neighbours

Indices = npt.NDArray[np.int64]

_ASKED = 5
# Copies have cosines of 0.55 (scaled to a third, turned to grey) and more, cropped ones mostly of 0.8 and more. Other
# pictures of the same thing reach cosines of 0.9, or correlations of 0.85, but not both: see docs/quality.md.
_LIKE, _LIKE_CROPPED = 0.55, 0.8
_SAME_PIXELS = 0.93
_TOGETHER = 1.64
_LEAST_CORRELATION = 0.7
_PAIRS = 4096  # at a time: that bounds the memory


@dataclass(frozen=True, eq=False)
class Copies:
    """Images that are the same picture again.

    Attributes
    ----------
    groups : list of arrays of int64
        Of two or more images each, in their order; the largest group first.
    similarities : array of float64, shape (N,)
        How well an image agrees with the most similar other of its group, up to 1; 0 without a group.
    """

    groups: list[Indices]
    similarities: npt.NDArray[np.float64]


def copies(neighbours: Neighbours, images: npt.NDArray[np.uint8]) -> Copies:
    """Find images that are the same picture again.

    Parameters
    ----------
    neighbours : Neighbours
        By their features: who could be a copy of whom.
    images : array of uint8, shape (N, height, width, channels)
        They decide. It may be mapped from a file.

    Returns
    -------
    Copies

    Notes
    -----
    Each image is compared with its five nearest. Of many copies each finds some, and a group is all that hang together.
    """
    total = len(images)
    similarities = np.zeros(total)
    one, other, cosines = _candidates(neighbours)
    if not len(one):
        return Copies([], similarities)
    found = _correlations(images, one, other, cosines)
    same = _same(found, cosines) | _equal_pixels(images, one, other, cosines)
    agreement = np.where(same, np.maximum(found, cosines), 0.0)
    for ends in (one, other):
        np.maximum.at(similarities, ends, agreement)
    return Copies(_groups(total, one[same], other[same]), similarities)


def _candidates(neighbours: Neighbours) -> tuple[Indices, Indices, npt.NDArray[np.float32]]:
    """Give pairs (P,), (P,) of images that could be copies, the lower index first, and the cosines between them."""
    indices, cosines = neighbours.indices[:, :_ASKED], neighbours.cosines[:, :_ASKED]
    rows, columns = np.nonzero(cosines >= _LIKE)
    pairs = np.sort(np.stack([rows, indices[rows, columns]], axis=1), axis=1)
    unique, first = np.unique(pairs, axis=0, return_index=True)
    return unique[:, 0], unique[:, 1], cosines[rows, columns][first]


def _correlations(
    images: npt.NDArray[np.uint8], one: Indices, other: Indices, cosines: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Compare pairs (P,) by their pixels: those that are alike enough also as parts of each other."""
    needed, positions = np.unique(np.concatenate([one, other]), return_inverse=True)
    greys = small_greys(images, needed)
    found = np.empty(len(one), np.float32)
    for start in range(0, len(one), _PAIRS):
        block = slice(start, start + _PAIRS)
        members, local = np.unique(positions.reshape(2, -1)[:, block], return_inverse=True)
        a, b = local.reshape(2, -1)
        best = Pictures(greys[members]).aligned(a, b)
        again = np.flatnonzero((cosines[block] >= _LIKE_CROPPED) & ~_same(best, cosines[block]))
        if len(again):
            few, local = np.unique(np.stack([a[again], b[again]]), return_inverse=True)
            best[again] = np.maximum(best[again], Pictures(greys[members[few]]).cropped(*local.reshape(2, -1)))
        found[block] = best
    return found


def _same(correlations: npt.NDArray[np.float32], cosines: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    both = (correlations + cosines >= _TOGETHER) & (correlations >= _LEAST_CORRELATION)
    return both & (cosines >= _LIKE_CROPPED) | (correlations >= _SAME_PIXELS)


def _equal_pixels(
    images: npt.NDArray[np.uint8], one: Indices, other: Indices, cosines: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """Say which pairs are equal to the last pixel; plain pictures have no detail that could be compared."""
    equal = np.zeros(len(one), bool)
    for pair in np.flatnonzero(cosines > 0.999):
        equal[pair] = np.array_equal(images[one[pair]], images[other[pair]])
    return equal


def _groups(total: int, one: Indices, other: Indices) -> list[Indices]:
    """Collect what hangs together by pairs."""
    parents = list(range(total))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        low, high = sorted((root(a), root(b)))
        parents[high] = low
    roots = np.array([root(index) for index in range(total)])
    members = np.flatnonzero(np.bincount(roots, minlength=total)[roots] > 1)
    by_root = [members[roots[members] == each] for each in np.unique(roots[members])]
    return sorted(by_root, key=lambda group: (-len(group), int(group[0])))
