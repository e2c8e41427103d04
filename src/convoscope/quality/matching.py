"""Whether two pictures show the same pixels: one may be mirrored, cropped, scaled, compressed or recoloured.

The middle of one picture is looked for in the other at several scales, by normalized cross-correlation of fine detail
in grey. Two photographs of one object agree in the coarse, but not in that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SIDE = 32
_SCALES = (1.0, 0.92, 0.84, 0.77, 0.7)
_FINE_SIDE, _FINE_STEP, _FINE_REACH = 64, 1 / 64, 0.065  # of scales about the one that was found
_COARSE = 16  # pixels a side, whose detail tells which pictures could be the same
_MIDDLE = 0.66
_RADIUS = 2  # of 32 pixels: of the blur whose difference to the picture is its detail
_FAINT = 0.5  # grey levels: detail below that is noise
_TINIEST = 1e-3  # of a correlation with itself: there is no detail
_PAIRS = 256  # at a time, so that they stay in the cache


@dataclass(frozen=True)
class Way:
    """How a picture is laid on another: at which scale, mirrored or not, and whether it is the first on the second."""

    scale: float
    mirrored: bool
    swapped: bool = False


ALIGNED = tuple(Way(1.0, mirrored) for mirrored in (False, True))
CROPPED = tuple(
    Way(scale, mirrored, swapped) for scale in _SCALES[1:] for mirrored in (False, True) for swapped in (False, True)
)
#: All of them; others tell which by its index.
WAYS = ALIGNED + CROPPED


@dataclass(frozen=True, eq=False)
class _Templates:
    """The middles of all pictures at one scale, mirrored or not."""

    spectra: npt.NDArray[np.complex64]  # (N, S, S // 2 + 1), conjugated
    norms: Floats  # (N, V, V): of the details of a picture, where a template of this size lies on it


class Pictures:
    """Small grey pictures that are ready to be compared.

    Parameters
    ----------
    greys : array of uint8, shape (N, 64, 64)
        What `small_greys` returned. About 60 kB a picture are kept while they are compared.
    side : int
        In pixels, at which they are compared.
    """

    def __init__(self, greys: npt.NDArray[np.uint8], side: int = SIDE) -> None:
        self._side = side
        self._small = greys.astype(np.float32)  # (N, 64, 64)
        self._details = self._details_at(side)  # (N, S, S)
        self._spectra = np.fft.rfft2(self._details).astype(np.complex64)
        self._made: dict[tuple[float, bool], _Templates] = {}

    def compare(
        self, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64], ways: Sequence[Way]
    ) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Compare pairs of pictures: (P,) of their best correlations, up to 1, and (P,) of the ways' indices."""
        best, which = np.full(len(one), -1.0, np.float32), np.zeros(len(one), np.int64)
        for start in range(0, len(one), _PAIRS):
            block = slice(start, start + _PAIRS)
            for number, way in enumerate(ways):
                found = self._laid(way, one[block], other[block])
                which[block] = np.where(found > best[block], number, which[block])
                np.maximum(best[block], found, out=best[block])
        return best, which

    def _laid(self, way: Way, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> Floats:
        """Give the best correlation of each pair in one way, over all places of the one on the other."""
        whole, part = (other, one) if way.swapped else (one, other)
        templates = self._templates(way.scale, way.mirrored)
        valid = templates.norms.shape[1]
        products = self._spectra[whole] * templates.spectra[part]
        sums = np.fft.irfft2(products, (self._side, self._side))[:, :valid, :valid]
        return np.asarray((sums / templates.norms[whole]).max(axis=(1, 2)), np.float32)

    def _details_at(self, side: int) -> Floats:
        return _details(_scaled(self._small, side), round(_RADIUS * self._side / SIDE))

    def _templates(self, scale: float, mirrored: bool) -> _Templates:
        if (scale, mirrored) not in self._made:
            details = self._details_at(round(self._side * scale))
            side = round(details.shape[1] * _MIDDLE)
            start = (details.shape[1] - side) // 2
            turned = details[:, :, ::-1] if mirrored else details
            middles = turned[:, start : start + side, start : start + side]
            middles = middles - middles.mean(axis=(1, 2), keepdims=True)
            middles = middles / (np.linalg.norm(middles, axis=(1, 2), keepdims=True) + _FAINT * side)
            spectra = np.conj(np.fft.rfft2(middles, (self._side, self._side))).astype(np.complex64)
            self._made[scale, mirrored] = _Templates(spectra, _norms(self._details, side))
        return self._made[scale, mirrored]


def compared_finely(
    greys: npt.NDArray[np.uint8],
    one: npt.NDArray[np.int64],
    other: npt.NDArray[np.int64],
    ways: npt.NDArray[np.int64],
) -> Floats:
    """Compare pairs (P,) again at twice the size, at scales close to those of the ways that were best.

    Pictures that are parts of each other agree far better then; those that only look alike do not. It is 1 where a pair
    agrees as well as each of the two with itself, which is below 1 where detail is faint.
    """
    found = np.full(len(one), -1.0, np.float32)
    for number in np.unique(ways):
        pairs, way = np.flatnonzero(ways == number), WAYS[number]
        members, local = np.unique(np.stack([one[pairs], other[pairs]]), return_inverse=True)
        scales = np.arange(1.0, _SCALES[-1] - _FINE_REACH, -_FINE_STEP)
        close = scales[np.abs(scales - way.scale) <= _FINE_REACH].tolist()
        # One that was best at its full size may as well be a little smaller, or larger.
        swaps = (False, True) if way in ALIGNED else (way.swapped,)
        finer = [Way(scale, way.mirrored, swapped) for scale in close for swapped in swaps]
        a, b = local.reshape(2, -1)
        pictures, each = Pictures(greys[members], _FINE_SIDE), np.arange(len(members))
        best, _ = pictures.compare(a, b, finer)
        alone, _ = pictures.compare(each, each, ALIGNED[:1])
        found[pairs] = best / np.sqrt(np.maximum(alone[a] * alone[b], _TINIEST))
    return found


def coarse_details(greys: npt.NDArray[np.uint8]) -> Floats:
    """Return the detail of small grey pictures as features, (N, 256): copies in the same frame have nearly the same."""
    found = np.empty((len(greys), _COARSE**2), np.float32)
    for start in range(0, len(greys), 4 * _PAIRS):
        block = slice(start, start + 4 * _PAIRS)
        details = _details(_scaled(greys[block].astype(np.float32), _COARSE))
        found[block] = (details - details.mean(axis=(1, 2), keepdims=True)).reshape(len(details), -1)
    return found


def small_greys(images: npt.NDArray[np.uint8], indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Return some images as small grey pictures.

    Parameters
    ----------
    images : array of uint8, shape (N, height, width, channels)
        It may be mapped from a file; each image is read once.
    indices : array of int64, shape (M,)

    Returns
    -------
    array of uint8, shape (M, 64, 64)
    """
    small = np.empty((len(indices), 2 * SIDE, 2 * SIDE), np.uint8)
    for position, index in enumerate(indices):
        small[position] = _small(images[index])
    return small


def _small(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(image[..., 0] if image.shape[2] == 1 else image[..., :3]))
    factor = max(1, min(picture.size) // (2 * SIDE))
    grey = picture.reduce(factor).convert("L").resize((2 * SIDE, 2 * SIDE), Image.Resampling.BILINEAR)
    return np.asarray(grey)


def _scaled(small: Floats, side: int) -> Floats:
    """Scale pictures (N, 64, 64) to another size by averaging: two small products each."""
    weights = _averaging(small.shape[1], side)  # (side, 64)
    return np.asarray(np.einsum("ah,nhw,bw->nab", weights, small, weights, optimize=True), np.float32)


def _averaging(many: int, few: int) -> Floats:
    """Return the weights (few, many) with which each of a few cells averages those it covers."""
    edges = np.linspace(0, many, few + 1)
    starts, ends = np.maximum(edges[:-1, None], np.arange(many)), np.minimum(edges[1:, None], np.arange(1, many + 1))
    return np.asarray(np.maximum(0, ends - starts) * (few / many), np.float32)


def _details(pictures: Floats, radius: int = _RADIUS) -> Floats:
    """Subtract from pictures (N, S, S) what a blur leaves of them."""
    blur = np.eye(pictures.shape[1], dtype=np.float32)
    padded = np.pad(blur, ((radius, radius), (0, 0)), mode="edge")  # the edge's pixels go on beyond it
    window = 2 * radius + 1
    once = np.mean([padded[shift : shift + len(blur)] for shift in range(window)], axis=0)  # (S, S)
    twice = once @ once
    return np.asarray(pictures - np.einsum("ah,nhw,bw->nab", twice, pictures, twice, optimize=True), np.float32)


def _norms(details: Floats, side: int) -> Floats:
    """Return the norms, without the mean, of all squares of that side in pictures (N, S, S): (N, V, V)."""
    sums, squares = (_square_sums(each, side) for each in (details, details * details))
    return np.asarray(np.sqrt(np.maximum(squares - sums * sums / side**2, 0)) + _FAINT * side, np.float32)


def _square_sums(values: Floats, side: int) -> npt.NDArray[np.float64]:
    sums = np.pad(values.astype(np.float64), ((0, 0), (1, 0), (1, 0))).cumsum(axis=1).cumsum(axis=2)
    return np.asarray(sums[:, side:, side:] - sums[:, :-side, side:] - sums[:, side:, :-side] + sums[:, :-side, :-side])
