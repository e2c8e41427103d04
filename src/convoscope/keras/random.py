"""``tf.random`` and ``keras.random``: the seed, and random arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoscope.seeds import next_seed, set_random_seed
from convoscope.tensors import Tensor, tensor

__all__ = [
    "Generator",
    "SeedGenerator",
    "normal",
    "set_random_seed",
    "set_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]

set_seed = set_random_seed


class SeedGenerator:
    """A source of seeds for what draws random arrays.

    Parameters
    ----------
    seed : int, optional
    """

    def __init__(self, seed: int | None = None) -> None:
        self._generator = np.random.default_rng(next_seed() if seed is None else seed)

    def next(self) -> int:
        """Return another seed at each call."""
        return int(self._generator.integers(0, 2**32))


def _generator(seed: Any) -> np.random.Generator:
    if isinstance(seed, SeedGenerator):
        return np.random.default_rng(seed.next())
    return np.random.default_rng(next_seed() if seed is None else seed)


def normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = np.float32, seed: Any = None
) -> Tensor:
    """Return normally distributed numbers. They follow from `seed`, or from `set_seed` and the calls before."""
    return tensor(_generator(seed).normal(mean, stddev, tuple(shape)), dtype)


def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = np.float32, seed: Any = None
) -> Tensor:
    """Return normally distributed numbers, none further than two standard deviations from the mean."""
    generator = _generator(seed)
    numbers = generator.standard_normal(tuple(shape))
    while (far := np.abs(numbers) > 2).any():
        numbers[far] = generator.standard_normal(int(far.sum()))
    return tensor(mean + stddev * numbers, dtype)


def uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float | None = None, dtype: Any = np.float32, seed: Any = None
) -> Tensor:
    """Return numbers from `minval` up to, without, `maxval` (1); whole numbers for an integer `dtype`."""
    kind, generator = np.dtype(dtype), _generator(seed)
    if kind.kind in "iu":
        if maxval is None:
            raise ValueError("uniform needs maxval for whole numbers.")
        return tensor(generator.integers(int(minval), int(maxval), tuple(shape)), kind)
    return tensor(generator.uniform(minval, 1.0 if maxval is None else maxval, tuple(shape)), kind)


def shuffle(x: Any, seed: Any = None) -> Tensor:
    """Return the array with its first axis in a random order."""
    return tensor(_generator(seed).permutation(np.asarray(x), axis=0))


class Generator:
    """``tf.random.Generator``: random arrays from one stream.

    Parameters
    ----------
    seed : int, optional
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seeds = SeedGenerator(seed)

    @classmethod
    def from_seed(cls, seed: int, alg: Any = None) -> Generator:
        """Return a generator whose numbers follow from `seed`."""
        return cls(seed)

    def make_seeds(self, count: int = 1) -> Tensor:
        """Return seeds for ``stateless`` functions, of shape (2, count)."""
        return tensor([[self._seeds.next() for _ in range(count)] for _ in range(2)], np.int64)

    def normal(self, shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = np.float32) -> Tensor:
        """Return normally distributed numbers."""
        return normal(shape, mean, stddev, dtype, self._seeds)

    def uniform(
        self, shape: Sequence[int], minval: float = 0.0, maxval: float | None = None, dtype: Any = np.float32
    ) -> Tensor:
        """Return evenly distributed numbers."""
        return uniform(shape, minval, maxval, dtype, self._seeds)
