"""Shuffling: elements are drawn from a buffer, in orders that follow from a seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from convoscope.seeds import check_seed, next_seed


class Shuffling:
    """Orders of elements.

    Parameters
    ----------
    size : int
        Of the buffer.
    seed : int, optional
        A fresh one if left out, or the next one after `convoscope.utils.set_random_seed`.
    anew : bool
        Whether each iteration has an order of its own.
    """

    def __init__(self, size: int, seed: int | None, anew: bool) -> None:
        self._size, self._seed, self._anew = size, next_seed() if seed is None else check_seed(int(seed)), anew
        self._iterations = itertools.count()

    def shuffled(self, elements: Iterator[Any]) -> Iterator[Any]:
        """Give the elements, each drawn from those that lie in the buffer."""
        generator = np.random.default_rng([self._seed, next(self._iterations) if self._anew else 0])
        return self._drawn(elements, generator)

    def _drawn(self, elements: Iterator[Any], generator: np.random.Generator) -> Iterator[Any]:
        buffer = list(itertools.islice(elements, self._size))
        for element in elements:
            index = int(generator.integers(len(buffer)))
            yield buffer[index]
            buffer[index] = element
        for index in generator.permutation(len(buffer)):
            yield buffer[index]
