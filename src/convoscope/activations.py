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
    """Return `x` unchanged.

    Examples
    --------
    >>> linear(np.array([-2.0, 0.0, 3.0]))
    array([-2.,  0.,  3.])
    """
    return x


def relu(x: Array) -> Array:
    """Set negative values to 0: max(x, 0).

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    return np.maximum(x, 0)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    """Multiply negative values by `negative_slope` (Maas and others, 2013).

    Examples
    --------
    >>> leaky_relu(np.array([-2.0, 0.0, 3.0]))
    array([-0.4,  0. ,  3. ])
    """
    return np.where(x > 0, x, x * x.dtype.type(negative_slope))


def sigmoid(x: Array) -> Array:
    """Squeeze into (0, 1): 1 / (1 + exp(-x)), without overflow.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, np.log(3)])).round(4)
    array([0.  , 0.5 , 0.75])
    """
    small = np.exp(-np.abs(x))
    squeezed: Array = np.where(x >= 0, 1, small) / (1 + small)
    return squeezed


def tanh(x: Array) -> Array:
    """Squeeze into (-1, 1): the hyperbolic tangent.

    Examples
    --------
    >>> tanh(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.7616,  0.    ,  0.7616])
    """
    return np.tanh(x)


def softmax(x: Array) -> Array:
    """Turn the last axis into probabilities that sum to 1.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [0.0, np.log(3)]]))
    array([[0.5 , 0.5 ],
           [0.25, 0.75]])
    """
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def log_softmax(x: Array) -> Array:
    """Turn the last axis into logarithms of probabilities: log(softmax(x)), finite where a probability rounds to 0.

    Examples
    --------
    >>> log_softmax(np.array([[0.0, 1000.0]]))
    array([[-1000.,     0.]])
    """
    below = x - x.max(axis=-1, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=-1, keepdims=True))  # type: ignore[no-any-return]


def elu(x: Array, alpha: float = 1.0) -> Array:
    """Bend negative values towards -alpha: alpha (exp(x) - 1) (Clevert and others, 2015).

    Examples
    --------
    >>> elu(np.array([-10.0, -1.0, 0.0, 2.0])).round(4)
    array([-1.    , -0.6321,  0.    ,  2.    ])
    """
    return np.where(x > 0, x, x.dtype.type(alpha) * np.expm1(np.minimum(x, 0)))


def gelu(x: Array) -> Array:
    """Weight by the normal distribution function: x Φ(x), the exact form (Hendrycks and Gimpel, 2016).

    Examples
    --------
    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    return x * normal_cdf(x)


def silu(x: Array) -> Array:
    """Weight by the sigmoid: x σ(x), also called swish (Ramachandran and others, 2017).

    Examples
    --------
    >>> silu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.2689,  0.    ,  0.7311])
    """
    return x * sigmoid(x)


def relu6(x: Array) -> Array:
    """Keep values between 0 and 6: min(max(x, 0), 6).

    Examples
    --------
    >>> relu6(np.array([-2.0, 3.0, 8.0])).tolist()
    [0.0, 3.0, 6.0]
    """
    return np.clip(x, 0, 6)


def selu(x: Array) -> Array:
    """Scale an elu so that layers keep mean 0 and variance 1 (Klambauer and others, 2017).

    Examples
    --------
    >>> selu(np.array([-10.0, 0.0, 1.0])).round(4)
    array([-1.758 ,  0.    ,  1.0507])
    """
    scaled: Array = x.dtype.type(SELU_SCALE) * elu(x, SELU_ALPHA)
    return scaled


def softplus(x: Array) -> Array:
    """Round off relu's corner: log(1 + exp(x)), without overflow.

    Examples
    --------
    >>> softplus(np.array([-1000.0, -2.0, 0.0, 2.0])).round(4)
    array([0.    , 0.1269, 0.6931, 2.1269])
    """
    rounded: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return rounded


def softsign(x: Array) -> Array:
    """Squeeze into (-1, 1), more slowly than tanh: x / (1 + |x|).

    Examples
    --------
    >>> softsign(np.array([-9.0, 0.0, 1.0])).tolist()
    [-0.9, 0.0, 0.5]
    """
    return x / (1 + np.abs(x))  # type: ignore[no-any-return]


def hard_sigmoid(x: Array) -> Array:
    """Squeeze into [0, 1] along a straight line: relu6(x + 3) / 6.

    Examples
    --------
    >>> hard_sigmoid(np.array([-4.0, -1.5, 0.0, 1.5, 4.0])).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return relu6(x + 3) / x.dtype.type(6)  # type: ignore[no-any-return]


def hard_silu(x: Array) -> Array:
    """Weight by the hard sigmoid: x relu6(x + 3) / 6, as in MobileNetV3.

    Examples
    --------
    >>> hard_silu(np.array([-1.5, 0.0, 1.5, 4.0])).tolist()
    [-0.375, 0.0, 1.125, 4.0]
    """
    return x * hard_sigmoid(x)


def mish(x: Array) -> Array:
    """Weight by the tanh of softplus: x tanh(log(1 + exp(x))) (Misra, 2019).

    Examples
    --------
    >>> mish(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.3034,  0.    ,  0.8651])
    """
    return x * np.tanh(softplus(x))


def exponential(x: Array) -> Array:
    """Return exp(x).

    Examples
    --------
    >>> exponential(np.array([-1.0, 0.0, 1.0])).round(4)
    array([0.3679, 1.    , 2.7183])
    """
    return np.exp(x)


def normal_cdf(x: Array) -> Array:
    """Return the standard normal distribution function of each value.

    Examples
    --------
    >>> normal_cdf(np.array([-1.96, 0.0, 1.96])).round(3)
    array([0.025, 0.5  , 0.975])
    """
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
