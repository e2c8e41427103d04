"""What takes long for many images, computed a few at a time, whenever the page asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from convoscope.engine.base import Array, Arrays, each, plain

SHARE = 0.05  # seconds that one question may take: somebody may be waiting for another
_FEW, _MANY = 2, 256  # images at a time


class Gradually:
    """What a function makes of images, as far as that is known. Nothing is computed unless somebody asks for `more`.

    Parameters
    ----------
    run : function
        From a batch of inputs to an array (N, ...).
    inputs : array (N, ...), or a list of those

    Examples
    --------
    >>> doubled = Gradually(lambda x: 2 * x, np.arange(6.0)[:, None])
    >>> doubled.more(0.0)  # at least some
    >>> doubled.done, doubled.total, doubled.known.ravel().tolist()
    (2, 6, [0.0, 2.0])
    """

    def __init__(self, run: Callable[[Any], Array], inputs: Arrays) -> None:
        self._run = run
        self._inputs = each(inputs, 1)
        self._made: Array | None = None
        self._at_a_time = _FEW
        self.done = 0
        self.total = len(self._inputs[0])

    def more(self, seconds: float) -> None:
        """Go on for so long, and a little more."""
        begin = before = time.monotonic()
        while self.done < self.total:
            part = slice(self.done, self.done + self._at_a_time)
            made = self._run(plain([np.ascontiguousarray(array[part]) for array in self._inputs]))
            if self._made is None:
                self._made = np.zeros((self.total, *made.shape[1:]), made.dtype)
            self._made[part] = made
            self.done += len(made)
            now = time.monotonic()
            if now - before < SHARE / 4:
                self._at_a_time = min(2 * self._at_a_time, _MANY)
            if now - begin >= seconds:
                break
            before = now

    @property
    def known(self) -> Array:
        """What was made so far, (done, ...)."""
        return np.zeros((0, 1), np.float32) if self._made is None else self._made[: self.done]
