"""Random numbers that depend on nothing but a key and a counter: Philox4x32-10.

Dropout's mask for a value follows from the run's seed, the training step, the layer and the value's place in the
batch. So it is the same in every engine, for every number of threads, and after a resume.

The key is the run's seed, or the layer's own if it has one. The upper words of the counter are the training step
(iteration) and the layer's place in the stack (stream), the lower two number blocks of four words. As a number, a word
w is w / 2³² in [0, 1). What the layers use:

- Dropout, AlphaDropout: word i % 4 of block i // 4 for value i of the batch. SpatialDropout2D: the same for channel
  c of image n, with i = n × channels + c.
- GaussianNoise, GaussianDropout: noise for value i of the batch from block 2⁶³ + i // 4, see `normals`.
- RandomFlip: words 0 (along the height) and 1 (along the width) of block n for image n of the batch; flipped below 0.5.
- RandomTranslation: words 0 (height) and 1 (width) of block n. RandomRotation: word 2 of block n.
  RandomZoom: words 0 (height) and 1 (width), or word 0 for both.
- RandomCrop: words 0 (height) and 1 (width) of block n, as the whole number of w × positions / 2³².
- RandomContrast: word 0 of block n. RandomBrightness: word 1.
- RandomErasing: the words of block 2 n for the sides (height, width) and the corner (top, left), words 0 and 1 of block
  2 n + 1 for the probability and for whether it comes true. Value i of the batch takes its noise from block
  2⁶³ + i // 4, see `normals`.

Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Number = TypeVar("Number", float, npt.NDArray[np.float64])

_MULTIPLIERS = np.array([0xD2511F53, 0xCD9E8D57], np.uint64)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def words(count: int, *, seed: int, iteration: int, stream: int) -> npt.NDArray[np.uint32]:
    """Return `count` 32-bit random words.

    Parameters
    ----------
    count : int
    seed : int
        The 64-bit key.
    iteration, stream : int
        The two upper words of the 128-bit counter; the lower two count blocks of four words.

    Notes
    -----
    Word i is word i % 4 of the block with counter (i // 4 mod 2³², i // 4 div 2³², iteration, stream).

    Examples
    --------
    >>> [hex(word) for word in words(4, seed=0, iteration=0, stream=0)]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    numbers = np.arange(-(-count // 4), dtype=np.uint64)
    return blocks(numbers, seed=seed, iteration=iteration, stream=stream).ravel()[:count]


def blocks(numbers: Words, *, seed: int, iteration: int, stream: int) -> npt.NDArray[np.uint32]:
    """Return the four words of each of the blocks with these numbers (uint64), shaped (blocks, 4)."""
    upper = (np.full_like(numbers, word & 0xFFFFFFFF) for word in (iteration, stream))
    drawn = scramble([numbers & _LOW, numbers >> _HALF, *upper], (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF))
    return np.stack(drawn, axis=1).astype(np.uint32)


def scramble(counter: list[Words], key: tuple[int, int]) -> list[Words]:
    """Return the four words of each block: ten rounds over a counter of four words, with a key of two.

    Each word of the counter is an array with one value a block; words are held in 64 bits, where products fit.
    """
    for _ in range(10):
        first, second = counter[0] * _MULTIPLIERS[0], counter[2] * _MULTIPLIERS[1]
        counter = [
            (second >> _HALF) ^ counter[1] ^ np.uint64(key[0]),
            second & _LOW,
            (first >> _HALF) ^ counter[3] ^ np.uint64(key[1]),
            first & _LOW,
        ]
        key = ((key[0] + _WEYL[0]) & 0xFFFFFFFF, (key[1] + _WEYL[1]) & 0xFFFFFFFF)
    return counter


def keep_mask(count: int, rate: float, *, seed: int, iteration: int, stream: int) -> npt.NDArray[np.bool_]:
    """Return which of `count` values dropout keeps: those whose word is at least rate × 2³², rounded down."""
    drawn = words(count, seed=seed, iteration=iteration, stream=stream)
    kept: npt.NDArray[np.bool_] = drawn >= np.uint32(int(rate * 2**32))
    return kept


def uniforms(drawn: npt.NDArray[np.uint32]) -> npt.NDArray[np.float64]:
    """Return words as numbers in [0, 1)."""
    return drawn / 2.0**32


def between(ends: tuple[float, float], number: Number) -> Number:
    """Return what a number in [0, 1), or each of an array of them, stands for between two ends."""
    return ends[0] + (ends[1] - ends[0]) * number


def normals(count: int, *, seed: int, iteration: int, stream: int) -> npt.NDArray[np.float64]:
    """Return `count` normally distributed numbers, of mean 0 and variance 1, from the blocks from number 2⁶³ on.

    Words 0 and 1 of a block make its first two numbers, words 2 and 3 the others: (u, v) makes
    sqrt(-2 log(u + 2⁻³²)) times the cosine, then the sine, of 2π v (Box and Muller 1958).
    """
    numbers = np.arange(-(-count // 4), dtype=np.uint64) + np.uint64(2**63)
    u, v = np.moveaxis(uniforms(blocks(numbers, seed=seed, iteration=iteration, stream=stream)).reshape(-1, 2, 2), 2, 0)
    radius, angle = np.sqrt(-2.0 * np.log(u + 2.0**-32)), 2.0 * np.pi * v
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).ravel()[:count]
