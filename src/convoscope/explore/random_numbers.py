"""Random numbers that Python and the page draw alike, to the last bit (mulberry32)."""

from __future__ import annotations

import numpy as np

from convoscope.engine.base import Array

_STEP = 0x6D2B79F5


def numbers(seed: int, count: int, start: int = 0) -> Array:
    """Return random numbers from 0 to 1, float64 (count,), the same for the same seed.

    Parameters
    ----------
    seed : int
        From 0 to 2³² - 1.
    count : int
    start : int
        How many numbers of this seed were drawn before.

    Notes
    -----
    The page draws the same in ``engine/random.js``. The state after n numbers is the seed plus n times a constant, so
    that all numbers are computed at once.

    Examples
    --------
    >>> numbers(1, 2).round(6).tolist(), numbers(1, 1, start=1).round(6).tolist()
    ([0.627074, 0.002736], [0.002736])
    """
    steps = np.arange(start + 1, start + count + 1, dtype=np.uint64)
    state = ((np.uint64(seed) + steps * np.uint64(_STEP)) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    mixed = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
    mixed ^= mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61))
    found: Array = (mixed ^ (mixed >> np.uint32(14))).astype(np.float64) / 2.0**32
    return found
