"""Images that are the same picture again: copied, saved anew at another quality, or scaled."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

THUMB = 12
_HASH = (9, 8)  # width, height: eight differences in each of eight rows
_TURNS = (0, 16, 32, 48)
_NEIGHBOURS = 6
_MOST_BITS = 8
_CORRELATION = 0.995
_PLAIN = 2.0  # grey levels: thumbnails that vary by less have one colour, and only equal pixels tell them apart
_BLOCK = 1 << 14


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What an image is recognized by.

    Attributes
    ----------
    exact : int
        64 bits of a checksum of its pixels.
    difference : int
        64 bits: whether each of 8 × 8 points is darker than its right neighbour.
    thumb : array of uint8, shape (12, 12, channels)
    """

    exact: int
    difference: int
    thumb: npt.NDArray[np.uint8]


def fingerprint(pixels: npt.NDArray[np.uint8]) -> Fingerprint:
    """Take the fingerprint of an image (height, width, channels)."""
    from PIL import Image

    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    exact = hashlib.blake2b(pixels.tobytes(), digest_size=8).digest()
    grey = np.asarray(image.convert("L").resize(_HASH, Image.Resampling.BOX))
    difference = np.packbits(grey[:, 1:] > grey[:, :-1])
    thumb = np.asarray(image.resize((THUMB, THUMB), Image.Resampling.BOX)).reshape(THUMB, THUMB, -1)
    return Fingerprint(int.from_bytes(exact, "big"), int.from_bytes(difference.tobytes(), "big"), thumb)


def groups(
    exact: npt.NDArray[np.uint64], difference: npt.NDArray[np.uint64], thumbs: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int64]:
    """Number images such that near-duplicates share a number.

    Parameters
    ----------
    exact, difference : array of uint64, shape (N,)
    thumbs : array of uint8, shape (N, 12, 12, channels)

    Returns
    -------
    array of int64, shape (N,)
        The index of the first image of the same group.

    Notes
    -----
    Equal pixels are always found. Other pairs are looked for among the neighbours in the order given, as bursts of
    photographs and frames of a film are, and in four orders of the difference hash (N. Krawetz's "dHash", 2013), each
    beginning with another quarter of its bits. A pair is one if at most 8 bits differ and the thumbnails correlate by
    0.995 or more. That takes time in proportion to N log N and misses few; mirrored, turned and strongly cropped copies
    are not looked for.
    """
    first = np.unique(exact, return_index=True, return_inverse=True)
    parents = first[1][first[2].reshape(-1)].astype(np.int64)
    distinct = np.flatnonzero(parents == np.arange(len(exact)))
    hashes = difference[distinct]
    orders = [np.arange(len(distinct)), *(np.argsort(_turned(hashes, turn), kind="stable") for turn in _TURNS)]
    for one, other in np.concatenate([_near(distinct, hashes, thumbs, order) for order in orders]):
        low, high = sorted((_root(parents, one), _root(parents, other)))
        parents[high] = low
    return np.array([_root(parents, index) for index in range(len(parents))], np.int64)


def _near(
    indices: npt.NDArray[np.int64],
    hashes: npt.NDArray[np.uint64],
    thumbs: npt.NDArray[np.uint8],
    order: npt.NDArray[np.intp],
) -> npt.NDArray[np.int64]:
    """Give pairs of indices (M, 2) of near-duplicates that are neighbours in an order of them."""
    found = [np.empty((0, 2), np.int64)]
    for step in range(1, _NEIGHBOURS + 1):
        one, other = order[:-step], order[step:]
        close = np.concatenate([np.zeros(0, bool), *_blocks(hashes, one, other)])
        pairs = np.stack([indices[one[close]], indices[other[close]]], axis=1)
        for start in range(0, len(pairs), _BLOCK):
            block = pairs[start : start + _BLOCK]
            found.append(block[_correlation(thumbs[block[:, 0]], thumbs[block[:, 1]]) >= _CORRELATION])
    return np.concatenate(found)


def _turned(hashes: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.uint64]:
    return (hashes << np.uint64(bits)) | (hashes >> np.uint64(64 - bits)) if bits else hashes


def _blocks(
    hashes: npt.NDArray[np.uint64], one: npt.NDArray[np.intp], other: npt.NDArray[np.intp]
) -> list[npt.NDArray[np.bool_]]:
    starts = range(0, len(one), _BLOCK)
    return [_bits_apart(hashes, one[s : s + _BLOCK], other[s : s + _BLOCK]) <= _MOST_BITS for s in starts]


def _bits_apart(
    hashes: npt.NDArray[np.uint64], one: npt.NDArray[np.intp], other: npt.NDArray[np.intp]
) -> npt.NDArray[np.int64]:
    apart = (hashes[one] ^ hashes[other]).view(np.uint8).reshape(-1, 8)
    bits: npt.NDArray[np.int64] = np.unpackbits(apart, axis=1).sum(axis=1, dtype=np.int64)
    return bits


def _correlation(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Correlate thumbnails (M, 12, 12, channels) pair by pair, (M,); 0 where one of them is plain."""
    shape = len(one), THUMB * THUMB, -1
    a, b = (part.reshape(shape).astype(np.float64) for part in (one, other))
    varied = np.minimum(a.std(axis=1).max(axis=1), b.std(axis=1).max(axis=1)) >= _PLAIN
    a -= a.mean(axis=(1, 2), keepdims=True)
    b -= b.mean(axis=(1, 2), keepdims=True)
    scale = np.sqrt((a * a).sum(axis=(1, 2)) * (b * b).sum(axis=(1, 2)))
    product = (a * b).sum(axis=(1, 2))
    found: npt.NDArray[np.float64] = np.divide(product, scale, out=np.zeros(len(a)), where=varied)
    return found


def _root(parents: npt.NDArray[np.int64], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = int(parents[index])
    return index
