"""What takes long for many images, computed a few at a time, whenever the page asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope.engine.base import Array, Arrays, each, plain
from convoscope.transfer.features import TOGETHER
from convoscope.transfer.store import FeatureStore

SHARE = 0.05  # seconds that one question may take: somebody may be waiting for another
_FEW, _MANY = 2, 256  # images at a time


@dataclass(frozen=True)
class Kept:
    """Features of images in a store.

    Attributes
    ----------
    store : FeatureStore
    recipe : str
        What they are computed with.
    width : int
        How many there are of an image.
    digests : sequence of str
        Of the images' files.
    """

    store: FeatureStore
    recipe: str
    width: int
    digests: Sequence[str]

    def known(self) -> dict[int, Array]:
        """Return those that are there, by the images' indices."""
        found = self.store.get(self.recipe, self.digests)
        whole = {digest: vector for digest, vector in found.items() if len(vector) == self.width}
        return {index: whole[digest] for index, digest in enumerate(self.digests) if digest in whole}

    def keep(self, indices: Sequence[int], vectors: Array) -> None:
        """Put in those of some images."""
        self.store.put(self.recipe, [self.digests[index] for index in indices], vectors)


class Gradually:
    """What a function makes of images, as far as that is known. Nothing is computed unless somebody asks for `more`.

    Parameters
    ----------
    run : function
        From a batch of inputs to an array (N, ...).
    inputs : array (N, ...), or a list of those
    kept : Kept, optional
        Where some of it may be from another time, and where the rest is put.

    Attributes
    ----------
    done, total : int
        Of how many images it is known, and how many there are.
    order : array of int64, shape (total,)
        The images in the order in which they become `known`: those that were kept come first.

    Examples
    --------
    >>> doubled = Gradually(lambda x: 2 * x, np.arange(6.0)[:, None])
    >>> doubled.more(0.0)  # at least some
    >>> doubled.done, doubled.total, doubled.known.ravel().tolist()
    (2, 6, [0.0, 2.0])
    """

    def __init__(self, run: Callable[[Any], Array], inputs: Arrays, kept: Kept | None = None) -> None:
        self._run = run
        self._inputs = each(inputs, 1)
        self._made: Array | None = None
        self._at_a_time = _FEW
        self._kept = kept
        self.done = 0
        self.total = len(self._inputs[0])
        self.order = np.arange(self.total)
        if kept is not None:
            found = kept.known()
            first = np.fromiter(found, np.int64, len(found))
            self.order = np.concatenate([first, np.setdiff1d(self.order, first)])
            self._take(list(found.values()))
        self._put = self.done  # of so many it is known that they are kept

    def more(self, seconds: float) -> None:
        """Go on for so long, and a little more."""
        begin = before = time.monotonic()
        while self.done < self.total:
            part = self.order[self.done : self.done + self._at_a_time]
            self._take(self._run(plain([np.ascontiguousarray(array[part]) for array in self._inputs])))
            now = time.monotonic()
            if now - before < SHARE / 4:
                self._at_a_time = min(2 * self._at_a_time, _MANY)
            if now - begin >= seconds:
                break
            before = now
        self._keep()

    def _take(self, made: Sequence[Array] | Array) -> None:
        if not len(made):
            return
        if self._made is None:
            self._made = np.zeros((self.total, *made[0].shape), made[0].dtype)
        self._made[self.done : self.done + len(made)] = made
        self.done += len(made)

    def _keep(self) -> None:
        """Keep what was made since, when it is worth the disk's time."""
        new = self.done - self._put
        if self._kept is not None and new and (new >= TOGETHER or self.done == self.total):
            self._kept.keep(self.order[self._put : self.done].tolist(), self.known[self._put :])
            self._put = self.done

    @property
    def known(self) -> Array:
        """What was made so far, (done, ...), in `order`."""
        return np.zeros((0, 1), np.float32) if self._made is None else self._made[: self.done]
