"""Whether two pictures show the same pixels: one may be mirrored, cropped, scaled, compressed or recoloured.

The middle of one picture is looked for in the other at several scales, by normalized cross-correlation of fine detail
in grey. Two photographs of one object agree in the coarse, but not in that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SIDE = 32
_SCALES = (1.0, 0.92, 0.84, 0.77, 0.7)
_MIDDLE = 0.66
_RADIUS = 2  # pixels, of the blur whose difference to the picture is its detail
_FAINT = 0.5  # grey levels: detail below that is noise
_PAIRS = 256  # at a time, so that they stay in the cache


@dataclass(frozen=True, eq=False)
class _Templates:
    """The middles of all pictures at one scale, mirrored or not."""

    spectra: npt.NDArray[np.complex64]  # (N, 32, 17), conjugated
    norms: Floats  # (N, V, V): of the details of a picture, where a template of this size lies on it


class Pictures:
    """Small grey pictures that are ready to be compared.

    Parameters
    ----------
    greys : array of uint8, shape (N, 64, 64)
        What `small_greys` returned. About 60 kB a picture are kept while they are compared.
    """

    def __init__(self, greys: npt.NDArray[np.uint8]) -> None:
        self._small = greys.astype(np.float32)  # (N, 64, 64)
        self._details = _details(_scaled(self._small, SIDE))  # (N, 32, 32)
        self._spectra = np.fft.rfft2(self._details).astype(np.complex64)
        self._made: dict[tuple[float, bool], _Templates] = {}

    def aligned(self, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> Floats:
        """Compare pairs of pictures at the same scale, mirrored too: (P,) of correlations up to 1."""
        return self._compare(one, other, _SCALES[:1], both_ways=False)

    def cropped(self, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> Floats:
        """Compare pairs of pictures of which either is a part of the other: (P,) of correlations up to 1."""
        return self._compare(one, other, _SCALES[1:], both_ways=True)

    def _compare(
        self, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64], scales: tuple[float, ...], *, both_ways: bool
    ) -> Floats:
        best = np.full(len(one), -1.0, np.float32)
        for start in range(0, len(one), _PAIRS):
            a, b = one[start : start + _PAIRS], other[start : start + _PAIRS]
            for found in self._ways(a, b, scales, both_ways=both_ways):
                np.maximum(best[start : start + _PAIRS], found, out=best[start : start + _PAIRS])
        return best

    def _ways(
        self, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64], scales: tuple[float, ...], *, both_ways: bool
    ) -> Iterator[Floats]:
        """Give the best correlation of each pair for each scale, mirrored or not: b within a, or either way."""
        for scale in scales:
            for mirrored in (False, True):
                templates = self._templates(scale, mirrored)
                valid = templates.norms.shape[1]
                for whole, part in ((a, b), (b, a)) if both_ways else ((a, b),):
                    products = self._spectra[whole] * templates.spectra[part]
                    sums = np.fft.irfft2(products, (SIDE, SIDE))[:, :valid, :valid]
                    yield (sums / templates.norms[whole]).max(axis=(1, 2)).astype(np.float32)

    def _templates(self, scale: float, mirrored: bool) -> _Templates:
        if (scale, mirrored) not in self._made:
            details = _details(_scaled(self._small, round(SIDE * scale)))
            side = round(details.shape[1] * _MIDDLE)
            start = (details.shape[1] - side) // 2
            turned = details[:, :, ::-1] if mirrored else details
            middles = turned[:, start : start + side, start : start + side]
            middles = middles - middles.mean(axis=(1, 2), keepdims=True)
            middles = middles / (np.linalg.norm(middles, axis=(1, 2), keepdims=True) + _FAINT * side)
            spectra = np.conj(np.fft.rfft2(middles, (SIDE, SIDE))).astype(np.complex64)
            self._made[scale, mirrored] = _Templates(spectra, _norms(self._details, side))
        return self._made[scale, mirrored]


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


def _details(pictures: Floats) -> Floats:
    """Subtract from pictures (N, S, S) what a blur leaves of them."""
    blur = np.eye(pictures.shape[1], dtype=np.float32)
    padded = np.pad(blur, ((_RADIUS, _RADIUS), (0, 0)), mode="edge")  # the edge's pixels go on beyond it
    window = 2 * _RADIUS + 1
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
