"""The first values of weights, under Keras' names and with Keras' defaults.

An initializer is a small frozen object: it is called with a shape and a random generator, and its settings are its
config. The same generator state gives the same values, whatever the machine.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, unknown_name

Shape = tuple[int, ...]
Array = npt.NDArray[np.float32]


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


class Initializer:
    """The base of all initializers. With a `seed`, they return the same values at each call.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> layer = Dense(2, kernel_initializer=Constant(0.5), bias_initializer="ones")
    >>> layer.build((None, 3))
    >>> [weight.tolist() for weight in layer.get_weights()]
    [[[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], [1.0, 1.0]]
    """

    def __post_init__(self) -> None:
        from convoscope.checks import integer, real

        where = type(self).__name__
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.name == "seed" and value is not None:
                integer(value, "seed", where, minimum=0)
            if isinstance(field.default, float) and not (where == "Constant" and isinstance(value, np.ndarray)):
                real(value, field.name, where)
                if field.name == "stddev" and value < 0:
                    raise ConfigurationError(f"{where}: stddev must be at least 0, but is {value!r}.")

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        """Return float32 values of `shape`."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain values.

        Examples
        --------
        >>> RandomNormal(stddev=0.1).get_config()
        {'mean': 0.0, 'stddev': 0.1, 'seed': None}
        """
        return asdict(self)  # type: ignore[call-overload, no-any-return]


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


def _own(seed: int | None, generator: np.random.Generator) -> np.random.Generator:
    """Return the generator of an initializer with a seed of its own, which gives the same values at every call."""
    return generator if seed is None else np.random.default_rng(seed)


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
        return _own(self.seed, generator).normal(self.mean, self.stddev, shape).astype(np.float32)


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
        return _own(self.seed, generator).uniform(self.minval, self.maxval, shape).astype(np.float32)


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
        generator = _own(self.seed, generator)
        values = generator.standard_normal(shape)
        while (outside := np.abs(values) > 2.0).any():
            values[outside] = generator.standard_normal(int(outside.sum()))
        return (self.mean + self.stddev * values).astype(np.float32)


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
        generator = _own(self.seed, generator)
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


@dataclass(frozen=True)
class FilterBank(Initializer):
    """Well-known filters first: edges, lines, corners, spots and blur, at Glorot's scale; random ones for the rest.

    Each output channel of a convolution starts as one pattern of the bank, seen through every input channel with a
    random sign; where there are more channels than patterns, the others are Glorot uniform. Every pattern is scaled
    to the variance that Glorot's rule would have given, so that signals keep their size.

    Parameters
    ----------
    share : float
        The share of the output channels that may start from the bank, from 0 to 1.

    Examples
    --------
    >>> kernel = FilterBank()((3, 3, 1, 8), np.random.default_rng(0))
    >>> pattern = kernel[:, :, 0, 0]
    >>> np.sign(pattern).round().astype(int).tolist()  # an edge
    [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
    """

    share: float = 1.0
    seed: int | None = None

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        generator = _own(self.seed, generator)
        kernel = GlorotUniform()(shape, generator)
        if len(shape) != 4 or min(shape[:2]) < 2:
            return kernel
        height, width, channels, filters = shape
        patterns = _patterns(height, width)
        fan_in, fan_out = fans(shape)
        deviation = math.sqrt(2.0 / (fan_in + fan_out))
        for index in range(min(len(patterns), int(self.share * filters))):
            signs = generator.choice([-1.0, 1.0], size=channels) if channels > 1 else np.ones(1)
            kernel[..., index] = deviation * patterns[index][:, :, None] * signs
        return kernel


def _patterns(height: int, width: int) -> list[npt.NDArray[np.float64]]:
    """Return the bank at that size, each pattern with a root mean square of 1."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    bell = np.exp(-2 * (x**2 + y**2))

    def line(across: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        profile: npt.NDArray[np.float64] = np.exp(-4 * across**2)
        profile -= profile.mean()
        return profile

    diagonal, other = (x + y) / math.sqrt(2), (x - y) / math.sqrt(2)
    edges = [x, y, -x, -y, diagonal, other, -diagonal, -other]
    lines = [line(x), line(y), line(diagonal), line(other)]
    corners = [x * y, -x * y]
    spots = [bell - bell.mean(), bell.mean() - bell]
    bank = [*edges, *lines, *corners, *spots, bell]
    sizes = [math.sqrt(float((pattern**2).mean())) for pattern in bank]
    # On two pixels a line or a spot is flat: nothing is left of it.
    return [pattern / size for pattern, size in zip(bank, sizes, strict=True) if size > 1e-6]


_BY_NAME: dict[str, type[Initializer]] = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "filter_bank": FilterBank,
}
_SYNONYMS = {"normal": "random_normal", "uniform": "random_uniform", "zero": "zeros", "one": "ones"}  # in older lessons
_NAME_OF = {kind: name for name, kind in _BY_NAME.items()}


def get(identifier: str | dict[str, Any] | Initializer) -> Initializer:
    """Return the initializer that a name, a serialized config or an initializer itself stands for.

    Examples
    --------
    >>> get("he_normal")
    HeNormal(scale=2.0, mode='fan_in', distribution='truncated_normal', seed=None)
    """
    if isinstance(identifier, Initializer):
        return identifier
    if isinstance(identifier, dict):
        kind = _BY_NAME.get(str(identifier.get("class_name")))
        if kind is None:
            raise unknown_name("initializer", identifier.get("class_name"), _BY_NAME)
        return kind(**identifier.get("config", {}))
    normalized = str(identifier).lower()
    normalized = _SYNONYMS.get(normalized, normalized)
    for name, kind in _BY_NAME.items():
        if normalized in (name, name.replace("_", "")):
            return kind()
    raise unknown_name("initializer", identifier, _BY_NAME)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return the initializer as plain JSON values that `get` takes.

    Examples
    --------
    >>> serialize(HeNormal(seed=1))
    {'class_name': 'he_normal', 'config': {'seed': 1}}
    """
    return {"class_name": _NAME_OF[type(initializer)], "config": initializer.get_config()}
