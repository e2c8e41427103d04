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

    Examples
    --------
    >>> seeds = SeedGenerator(1)
    >>> seeds.next() == seeds.next(), SeedGenerator(1).next() == SeedGenerator(1).next()
    (False, True)
    """

    def __init__(self, seed: int | None = None) -> None:
        self._generator = np.random.default_rng(next_seed() if seed is None else seed)

    def next(self) -> int:
        """Return a different seed at each call, from 0 to 2³² - 1.

        Examples
        --------
        >>> 0 <= SeedGenerator().next() < 2**32
        True
        """
        return int(self._generator.integers(0, 2**32))


def _generator(seed: Any) -> np.random.Generator:
    if isinstance(seed, SeedGenerator):
        return np.random.default_rng(seed.next())
    return np.random.default_rng(next_seed() if seed is None else seed)


def normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = np.float32, seed: Any = None
) -> Tensor:
    """Return normally distributed numbers, determined by `seed`, or by `set_seed` and the calls before.

    Examples
    --------
    >>> numbers = normal((100, 100), mean=5.0, seed=1)
    >>> round(float(numbers.mean()), 1), round(float(numbers.std()), 1)
    (5.0, 1.0)
    """
    return tensor(_generator(seed).normal(mean, stddev, tuple(shape)), dtype)


def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = np.float32, seed: Any = None
) -> Tensor:
    """Return normally distributed numbers within two standard deviations of the mean.

    Examples
    --------
    >>> float(np.abs(truncated_normal((100, 100), seed=1)).max()) <= 2
    True
    """
    generator = _generator(seed)
    numbers = generator.standard_normal(tuple(shape))
    while (far := np.abs(numbers) > 2).any():
        numbers[far] = generator.standard_normal(int(far.sum()))
    return tensor(mean + stddev * numbers, dtype)


def uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float | None = None, dtype: Any = np.float32, seed: Any = None
) -> Tensor:
    """Return numbers from `minval` to below `maxval` (1 if left out); whole numbers for an integer `dtype`.

    Examples
    --------
    >>> dice = uniform((1000,), 1, 7, "int32", seed=1)
    >>> int(dice.min()), int(dice.max())
    (1, 6)
    """
    kind, generator = np.dtype(dtype), _generator(seed)
    if kind.kind in "iu":
        if maxval is None:
            raise ValueError("uniform needs maxval for whole numbers.")
        return tensor(generator.integers(int(minval), int(maxval), tuple(shape)), kind)
    return tensor(generator.uniform(minval, 1.0 if maxval is None else maxval, tuple(shape)), kind)


def shuffle(x: Any, seed: Any = None) -> Tensor:
    """Return a copy of the array with its first axis in random order.

    Examples
    --------
    >>> sorted(shuffle(np.arange(5), seed=1).tolist())
    [0, 1, 2, 3, 4]
    """
    return tensor(_generator(seed).permutation(np.asarray(x), axis=0))


class Generator:
    """``tf.random.Generator``: random arrays from one stream.

    Parameters
    ----------
    seed : int, optional

    Examples
    --------
    >>> generator = Generator.from_seed(1)
    >>> generator.normal((2, 3)).shape, generator.uniform((4,)).shape
    ((2, 3), (4,))
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seeds = SeedGenerator(seed)

    @classmethod
    def from_seed(cls, seed: int, alg: Any = None) -> Generator:
        """Return a generator whose numbers are determined by `seed`.

        Examples
        --------
        >>> bool((Generator.from_seed(1).normal((3,)) == Generator.from_seed(1).normal((3,))).all())
        True
        """
        return cls(seed)

    def make_seeds(self, count: int = 1) -> Tensor:
        """Return seeds for ``stateless`` functions, of shape (2, count).

        Examples
        --------
        >>> Generator(1).make_seeds(3).shape
        (2, 3)
        """
        return tensor([[self._seeds.next() for _ in range(count)] for _ in range(2)], np.int64)

    def normal(self, shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = np.float32) -> Tensor:
        """Return normally distributed numbers.

        Examples
        --------
        >>> generator = Generator(1)
        >>> bool((generator.normal((3,)) == generator.normal((3,))).any())  # each call draws others
        False
        """
        return normal(shape, mean, stddev, dtype, self._seeds)

    def uniform(
        self, shape: Sequence[int], minval: float = 0.0, maxval: float | None = None, dtype: Any = np.float32
    ) -> Tensor:
        """Return uniformly distributed numbers.

        Examples
        --------
        >>> numbers = Generator(1).uniform((1000,), 2.0, 3.0)
        >>> 2.0 <= float(numbers.min()) < float(numbers.max()) < 3.0
        True
        """
        return uniform(shape, minval, maxval, dtype, self._seeds)
