"""Where batches come from: arrays here, whatever else hands them out in `convoscope.training.streaming`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.training.draws import Position
from convoscope.training.samples import Samples


@dataclass(frozen=True)
class Portion:
    """Some batches in a row, of one size but for the last, which may be smaller.

    Parameters
    ----------
    samples : Samples
    batch_size : int
    rows : int64 array, optional
        Which of the samples, in which order; all of them as they lie, if left out.
    is_share : bool
        Whether each of many processes has just its part of each batch, and nothing in the place of the others.
    """

    samples: Samples
    batch_size: int
    rows: npt.NDArray[np.int64] | None = None
    is_share: bool = False

    @property
    def order(self) -> npt.NDArray[np.int64]:
        """The rows, whether they were given or not."""
        return np.arange(len(self.samples), dtype=np.int64) if self.rows is None else self.rows


class Feed(ABC):
    """Something that batches come from, pass after pass."""

    #: How many batches make a pass; None where nobody knows, or there is no end.
    batches: int | None
    #: Whether it begins again when a pass is over.
    repeats: bool = True
    #: Whether it is known to have no end.
    is_endless: bool = False

    @abstractmethod
    def portions(self, position: Position, count: int | None) -> Generator[Portion, None, None]:
        """Give `count` batches from a position on, or those up to the end of the pass."""

    def samples(self, position: Position, count: int | None) -> int | None:
        """Return how many samples these are, or None where nobody knows: a batch may have any size."""
        return None

    def epoch_begins(self) -> None:
        """Take note of it."""
        return

    def epoch_ends(self) -> None:
        """Take note of it."""
        return

    def close(self) -> None:
        """Let go of what was opened."""
        return


class ArrayFeed(Feed):
    """Batches of arrays, which need not be copied.

    Parameters
    ----------
    samples : Samples
    batch_size : int
    seed : int, optional
        Of the model: each pass has an order that follows from it and the number of the pass. None leaves the samples
        in the order that they have.
    """

    def __init__(self, samples: Samples, batch_size: int, seed: int | None = None) -> None:
        self._samples, self._seed = samples, seed
        self._size = min(batch_size, len(samples))  # a batch has no room for more
        self.batches = -(-len(samples) // self._size)

    def portions(self, position: Position, count: int | None) -> Generator[Portion, None, None]:
        part = self._part(position, count)
        if self._seed is None:
            yield Portion(self._samples.rows(part), self._size)
        else:
            yield Portion(self._samples, self._size, order_of(self._seed, position.number, len(self._samples))[part])

    def samples(self, position: Position, count: int | None) -> int:
        return len(range(len(self._samples))[self._part(position, count)])

    def _part(self, position: Position, count: int | None) -> slice:
        first = position.batch * self._size
        return slice(first, None if count is None else first + count * self._size)


def order_of(seed: int, number: int, count: int) -> npt.NDArray[np.int64]:
    """Return the order of `count` samples (or batches) in a pass, which follows from the seed and its number alone.

    Examples
    --------
    >>> sorted(order_of(7, 0, 4).tolist()), order_of(7, 0, 9).tolist() == order_of(7, 1, 9).tolist()
    ([0, 1, 2, 3], False)
    """
    return np.random.default_rng([seed, number]).permutation(count)
