"""Random values whose spread follows from the number of inputs and outputs: the rules of Glorot, He and LeCun."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.initial_values.base import Array, Initializer, Shape, own_generator
from convoscope.initial_values.random import TruncatedNormal


def fans(shape: Shape) -> tuple[float, float]:
    """Return the number of inputs of a unit, and the number of units that an input feeds.

    A dense kernel is (in, out); a convolution's is (height, width, in, out).

    Examples
    --------
    >>> fans((3, 3, 16, 32))
    (144.0, 288.0)
    """
    if len(shape) < 2:
        size = float(shape[0]) if shape else 1.0
        return size, size
    field = math.prod(shape[:-2])
    return float(field * shape[-2]), float(field * shape[-1])


@dataclass(frozen=True)
class VarianceScaling(Initializer):
    """Random values of variance `scale` / n; n is the number of inputs, of outputs, or their mean, as `mode` says.

    The rules of Glorot, He and LeCun are this one with fixed settings.

    Examples
    --------
    >>> values = VarianceScaling(scale=2.0, mode="fan_in")((64, 64), np.random.default_rng(0))  # as HeNormal
    >>> round(float(values.std()), 2)  # √(2 / 64)
    0.18
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"
    seed: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale <= 0:
            raise ConfigurationError(f"VarianceScaling: scale must be above 0, but is {self.scale!r}.")
        if not isinstance(self.mode, str) or self.mode not in ("fan_in", "fan_out", "fan_avg"):
            raise unknown_name("mode of VarianceScaling", self.mode, ["fan_in", "fan_out", "fan_avg"])
        if not isinstance(self.distribution, str) or self.distribution not in (
            "truncated_normal",
            "untruncated_normal",
            "uniform",
        ):
            known = ["truncated_normal", "untruncated_normal", "uniform"]
            raise unknown_name("distribution of VarianceScaling", self.distribution, known)

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        generator = own_generator(self.seed, generator)
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return generator.uniform(-limit, limit, shape).astype(np.float32)
        if self.distribution == "untruncated_normal":
            return generator.normal(0.0, math.sqrt(variance), shape).astype(np.float32)
        # Cutting at two standard deviations leaves 0.8796 of the spread; dividing by it restores the variance.
        return TruncatedNormal(0.0, math.sqrt(variance) / 0.87962566103423978)(shape, generator)


class _FixedScaling(VarianceScaling):
    """A variance scaling whose settings are its name; only the seed can be chosen."""

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class GlorotUniform(_FixedScaling):
    """Uniform values within ±√(6 / (inputs + outputs)): Keras' default for kernels. Source: Glorot and Bengio (2010).

    Examples
    --------
    >>> values = GlorotUniform()((64, 64), np.random.default_rng(0))  # the kernel of Dense(64) after 64 inputs
    >>> round(float(np.abs(values).max()), 2)  # √(6 / (64 + 64))
    0.22
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(_FixedScaling):
    """Truncated normal values of variance 2 / (inputs + outputs). Source: Glorot and Bengio (2010).

    Examples
    --------
    >>> values = GlorotNormal()((64, 64), np.random.default_rng(0))  # the kernel of Dense(64) after 64 inputs
    >>> round(float(values.std()), 2)  # √(2 / (64 + 64))
    0.13
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeUniform(_FixedScaling):
    """Uniform values within ±√(6 / inputs), for layers with ReLU. Source: He and others (2015).

    Examples
    --------
    >>> values = HeUniform()((64, 64), np.random.default_rng(0))  # the kernel of Dense(64) after 64 inputs
    >>> round(float(np.abs(values).max()), 2)  # √(6 / 64)
    0.31
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed)


class HeNormal(_FixedScaling):
    """Truncated normal values of variance 2 / inputs, for layers with ReLU. Source: He and others (2015).

    Examples
    --------
    >>> values = HeNormal()((64, 64), np.random.default_rng(0))  # the kernel of Dense(64) after 64 inputs
    >>> round(float(values.std()), 2)  # √(2 / 64)
    0.18
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class LecunUniform(_FixedScaling):
    """Uniform values within ±√(3 / inputs). Source: LeCun and others (1998).

    Examples
    --------
    >>> values = LecunUniform()((64, 64), np.random.default_rng(0))  # the kernel of Dense(64) after 64 inputs
    >>> round(float(np.abs(values).max()), 2)  # √(3 / 64)
    0.22
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed)


class LecunNormal(_FixedScaling):
    """Truncated normal values of variance 1 / inputs, for layers with selu. Source: LeCun and others (1998).

    Examples
    --------
    >>> values = LecunNormal()((64, 64), np.random.default_rng(0))  # the kernel of Dense(64) after 64 inputs
    >>> round(float(values.std()), 2)  # √(1 / 64)
    0.13
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed)
