"""Random values whose spread is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convoscope.errors import ConfigurationError
from convoscope.initial_values.base import Array, Initializer, Shape, own_generator


@dataclass(frozen=True)
class RandomNormal(Initializer):
    """Normally distributed values with the mean `mean` and the standard deviation `stddev`.

    Examples
    --------
    >>> values = RandomNormal(mean=1.0, stddev=0.1)((100, 100), np.random.default_rng(0))
    >>> round(float(values.mean()), 2), round(float(values.std()), 2)
    (1.0, 0.1)
    """

    mean: float = 0.0
    stddev: float = 0.05
    seed: int | None = None

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        return own_generator(self.seed, generator).normal(self.mean, self.stddev, shape).astype(np.float32)


@dataclass(frozen=True)
class RandomUniform(Initializer):
    """Uniformly distributed values from `minval` to `maxval`.

    Examples
    --------
    >>> values = RandomUniform(-0.1, 0.1)((100, 100), np.random.default_rng(0))
    >>> round(float(values.min()), 2), round(float(values.max()), 2)
    (-0.1, 0.1)
    """

    minval: float = -0.05
    maxval: float = 0.05
    seed: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minval > self.maxval:
            raise ConfigurationError(f"RandomUniform: minval {self.minval!r} must be at most maxval {self.maxval!r}.")

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        return own_generator(self.seed, generator).uniform(self.minval, self.maxval, shape).astype(np.float32)


@dataclass(frozen=True)
class TruncatedNormal(Initializer):
    """As `RandomNormal`, but values more than two standard deviations from the mean are drawn again.

    Examples
    --------
    >>> values = TruncatedNormal(stddev=0.1)((100, 100), np.random.default_rng(0))
    >>> round(float(np.abs(values).max()), 2)
    0.2
    """

    mean: float = 0.0
    stddev: float = 0.05
    seed: int | None = None

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        generator = own_generator(self.seed, generator)
        values = generator.standard_normal(shape)
        while (outside := np.abs(values) > 2.0).any():
            values[outside] = generator.standard_normal(int(outside.sum()))
        return (self.mean + self.stddev * values).astype(np.float32)
