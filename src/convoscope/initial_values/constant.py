"""The same value everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convoscope.initial_values.base import Array, Initializer, Shape


@dataclass(frozen=True)
class Zeros(Initializer):
    """All zeros.

    Examples
    --------
    >>> Zeros()((2, 3), np.random.default_rng(0)).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        return np.zeros(shape, np.float32)


@dataclass(frozen=True)
class Ones(Initializer):
    """All ones.

    Examples
    --------
    >>> Ones()((2, 3), np.random.default_rng(0)).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        return np.ones(shape, np.float32)


@dataclass(frozen=True)
class Constant(Initializer):
    """The same `value` everywhere.

    Examples
    --------
    >>> Constant(0.1)((2, 3), np.random.default_rng(0))
    array([[0.1, 0.1, 0.1],
           [0.1, 0.1, 0.1]], dtype=float32)
    """

    value: float = 0.0

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        return np.full(shape, self.value, np.float32)
