"""Groups of images that are one picture: copies that were mirrored, cropped, scaled, compressed or recoloured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.quality.matching import ALIGNED, CROPPED, Pictures, coarse_details, compared_finely, small_greys
from convoscope.quality.neighbours import Neighbours, nearest

Indices = npt.NDArray[np.int64]

_ASKED = 5
# Copies have cosines of 0.55 (scaled to a third, turned to grey) and more, cropped ones mostly of 0.8 and more. Other
# pictures of the same thing reach cosines of 0.9, or correlations of 0.85, but not both: see docs/quality.md.
_LIKE, _LIKE_CROPPED = 0.55, 0.8
_SAME_PIXELS = 0.93
_TOGETHER = 1.64
_LEAST_CORRELATION = 0.7
# In a set of images that are all alike, what is usual for two neighbours reaches beyond that. A pair is a copy there
# only if a finer comparison finds the same pixels: copies have 0.94 and more then, other pictures up to 0.88.
_UNUSUAL = 3.5  # standard deviations
_QUARTILE = 0.6745  # of them, below which a quarter lies
_SAME_FINELY = 0.92
_MOST_DOUBTFUL = 256  # pairs: copies are among those that agree best, and each takes some hundredths of a second
_DOUBTFUL = 0.8  # a correlation that is looked at again, whatever the features are
_ASKED_BY_PIXELS = 2
_LEAST_DETAIL = 0.8  # of the correlation in detail, of those
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
    Each image is compared with its five nearest, and with the two whose fine detail is most like its own. Of many
    copies each finds some, and a group is all that hang together. Where all images of the set are alike, as hands
    before one wall are, they have to agree in a finer comparison as well.
    """
    total = len(images)
    similarities = np.zeros(total)
    if total < 2:
        return Copies([], similarities)
    greys = small_greys(images, np.arange(total))
    one, other, cosines = _candidates(neighbours, nearest(coarse_details(greys), _ASKED_BY_PIXELS))
    if not len(one):
        return Copies([], similarities)
    found, ways = _correlations(greys, one, other, cosines)
    alike = _same(found, cosines)
    same = alike & ((found >= _SAME_PIXELS) | (not _are_all_alike(neighbours, found, cosines)))
    doubtful = np.flatnonzero(~same & (alike | (found >= _DOUBTFUL)))
    doubtful = doubtful[np.argsort(-(found + cosines)[doubtful], kind="stable")[:_MOST_DOUBTFUL]]
    found[doubtful] = np.minimum(compared_finely(greys, one[doubtful], other[doubtful], ways[doubtful]), 1)
    same[doubtful] = found[doubtful] >= _SAME_FINELY
    same |= _equal_pixels(images, one, other, cosines)
    agreement = np.where(same, np.maximum(found, cosines), 0.0)
    for ends in (one, other):
        np.maximum.at(similarities, ends, agreement)
    return Copies(_groups(total, one[same], other[same]), similarities)


def _candidates(neighbours: Neighbours, by_pixels: Neighbours) -> tuple[Indices, Indices, npt.NDArray[np.float32]]:
    """Give pairs (P,), (P,) of images that could be copies, the lower index first, and the cosines between them.

    Those are 0 of pairs that only the pixels suggest.
    """
    near = neighbours.indices[:, :_ASKED], neighbours.cosines[:, :_ASKED]
    pairs, cosines = [], []
    for (indices, found), least in ((near, _LIKE), ((by_pixels.indices, by_pixels.cosines), _LEAST_DETAIL)):
        rows, columns = np.nonzero(found >= least)
        pairs.append(np.sort(np.stack([rows, indices[rows, columns]], axis=1), axis=1))
        cosines.append(found[rows, columns] if found is near[1] else np.zeros(len(rows), np.float32))
    unique, first = np.unique(np.concatenate(pairs), axis=0, return_index=True)  # the first: that of the features
    return unique[:, 0], unique[:, 1], np.concatenate(cosines)[first]


def _correlations(
    greys: npt.NDArray[np.uint8], one: Indices, other: Indices, cosines: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], Indices]:
    """Compare pairs (P,) by their pixels, those that are alike enough also as parts of each other.

    With the correlations come the indices of the ways that they are of.
    """
    found, ways = np.empty(len(one), np.float32), np.empty(len(one), np.int64)
    for start in range(0, len(one), _PAIRS):
        block = slice(start, start + _PAIRS)
        members, local = np.unique(np.stack([one[block], other[block]]), return_inverse=True)
        a, b = local.reshape(2, -1)
        best, way = Pictures(greys[members]).compare(a, b, ALIGNED)
        again = np.flatnonzero((cosines[block] >= _LIKE_CROPPED) & ~_same(best, cosines[block]))
        if len(again):
            few, local = np.unique(np.stack([a[again], b[again]]), return_inverse=True)
            a, b = local.reshape(2, -1)
            more, which = Pictures(greys[members[few]]).compare(a, b, CROPPED)
            way[again] = np.where(more > best[again], len(ALIGNED) + which, way[again])
            best[again] = np.maximum(best[again], more)
        found[block], ways[block] = best, way
    return found, ways


def _are_all_alike(
    neighbours: Neighbours, correlations: npt.NDArray[np.float32], cosines: npt.NDArray[np.float32]
) -> bool:
    """Say whether agreement as that of copies is nothing special among neighbours in this set.

    Only the lower half tells how widely they spread: the upper one may be copies. So may be all that were compared, but
    hardly the farthest of the neighbours, too.
    """
    sums = (correlations + cosines)[cosines > 0]
    if not len(sums) or np.median(neighbours.cosines[:, -1]) < _LIKE_CROPPED:
        return False
    lower, middle = np.quantile(sums, [0.25, 0.5])
    return bool(middle + _UNUSUAL * (middle - lower) / _QUARTILE >= _TOGETHER)


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
