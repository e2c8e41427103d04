"""Activation functions: what ``activation="relu"`` and ``activation=nn.relu`` mean.

Each is a plain NumPy function of an array, usable on its own; layers keep only its name.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import unknown_name

Array = npt.NDArray[Any]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def linear(x: Array) -> Array:
    """Return `x` as it is."""
    return x


def relu(x: Array) -> Array:
    """Throw negative values away: max(x, 0)."""
    return np.maximum(x, 0)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    """Let a share of the negative values through."""
    return np.where(x > 0, x, x * x.dtype.type(negative_slope))


def sigmoid(x: Array) -> Array:
    """Squeeze into (0, 1): 1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(x))
    squeezed: Array = np.where(x >= 0, 1, small) / (1 + small)
    return squeezed


def tanh(x: Array) -> Array:
    """Squeeze into (-1, 1)."""
    return np.tanh(x)


def softmax(x: Array) -> Array:
    """Turn the last axis into probabilities that sum to 1."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def log_softmax(x: Array) -> Array:
    """Turn the last axis into logarithms of probabilities, which do not become 0: log(softmax(x))."""
    below = x - x.max(axis=-1, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=-1, keepdims=True))  # type: ignore[no-any-return]


def elu(x: Array, alpha: float = 1.0) -> Array:
    """Bend negative values towards -alpha (Clevert and others, 2015)."""
    return np.where(x > 0, x, x.dtype.type(alpha) * np.expm1(np.minimum(x, 0)))


def gelu(x: Array) -> Array:
    """Weigh by the normal distribution: x Φ(x), the exact form (Hendrycks and Gimpel, 2016)."""
    return x * normal_cdf(x)


def silu(x: Array) -> Array:
    """Weigh by the sigmoid: x σ(x)."""
    return x * sigmoid(x)


def relu6(x: Array) -> Array:
    """Keep values between 0 and 6: min(max(x, 0), 6)."""
    return np.clip(x, 0, 6)


def selu(x: Array) -> Array:
    """Scale an elu so that layers keep mean 0 and variance 1 (Klambauer and others, 2017)."""
    scaled: Array = x.dtype.type(SELU_SCALE) * elu(x, SELU_ALPHA)
    return scaled


def softplus(x: Array) -> Array:
    """Round off relu's corner: log(1 + exp(x)), without overflow."""
    rounded: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return rounded


def softsign(x: Array) -> Array:
    """Squeeze into (-1, 1), more slowly than tanh: x / (1 + |x|)."""
    return x / (1 + np.abs(x))  # type: ignore[no-any-return]


def hard_sigmoid(x: Array) -> Array:
    """Squeeze into [0, 1] along a straight line: relu6(x + 3) / 6."""
    return relu6(x + 3) / x.dtype.type(6)  # type: ignore[no-any-return]


def hard_silu(x: Array) -> Array:
    """Weigh by the hard sigmoid: x relu6(x + 3) / 6, as in MobileNetV3."""
    return x * hard_sigmoid(x)


def mish(x: Array) -> Array:
    """Weigh by the tanh of softplus: x tanh(log(1 + exp(x))) (Misra, 2019)."""
    return x * np.tanh(softplus(x))


def exponential(x: Array) -> Array:
    """Return exp(x)."""
    return np.exp(x)


def normal_cdf(x: Array) -> Array:
    """Return the standard normal distribution function of each value."""
    erf = np.vectorize(math.erf, otypes=[np.float64])
    cdf: Array = 0.5 * (1.0 + erf(x.astype(np.float64) / math.sqrt(2.0)))
    return cdf.astype(x.dtype)


BY_NAME: dict[str, Callable[..., Array]] = {
    "linear": linear,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "elu": elu,
    "gelu": gelu,
    "silu": silu,
    "relu6": relu6,
    "selu": selu,
    "softplus": softplus,
    "softsign": softsign,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": hard_silu,
    "mish": mish,
    "exponential": exponential,
}
_SYNONYMS = {"swish": "silu", "hard_swish": "hard_silu"}


def name_of(activation: str | Callable[..., Array] | None) -> str:
    """Return the name that an activation is known by.

    Parameters
    ----------
    activation : str, callable or None
        A name, one of this module's functions, or None, which is ``"linear"``.

    Examples
    --------
    >>> name_of("ReLU"), name_of(softmax), name_of(None)
    ('relu', 'softmax', 'linear')
    """
    if activation is None:
        return "linear"
    if callable(activation):
        plain = inspect.unwrap(activation)  # those of `convoscope.nn` take symbols as well
        for name, function in BY_NAME.items():
            if function is plain:
                return name
        raise unknown_name("activation function", getattr(activation, "__name__", activation), BY_NAME)
    name = _SYNONYMS.get(str(activation).lower(), str(activation).lower())
    if name not in BY_NAME:
        raise unknown_name("activation", activation, BY_NAME)
    return name
