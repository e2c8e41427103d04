"""Random numbers that depend on nothing but a key and a counter: Philox4x32-10.

Dropout's mask for a value follows from the run's seed, the training step, the layer and the value's place in the
batch. So it is the same in every engine, for every number of threads, and after a resume.

Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

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
    blocks = np.arange(-(-count // 4), dtype=np.uint64)
    upper = (np.full_like(blocks, word & 0xFFFFFFFF) for word in (iteration, stream))
    drawn = scramble([blocks & _LOW, blocks >> _HALF, *upper], (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF))
    return np.stack(drawn, axis=1).astype(np.uint32).ravel()[:count]


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
