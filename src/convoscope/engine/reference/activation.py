"""Activations and their derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from convoscope import activations
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import ActivationStep, Nonlinearity, ParametricRectifierStep, RectifierStep


def activation(step: ActivationStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Apply an activation that is a step of its own."""
    outputs, backward = activate(step.activation, x)
    return outputs, lambda gradient: (backward(gradient), [])


def rectifier(step: RectifierStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Bound values, and those below the threshold to a share of their distance from it."""
    above = x > step.threshold
    bounded = x if step.most is None else np.minimum(x, step.most)
    outputs = np.where(above, bounded, (x - step.threshold) * step.slope).astype(x.dtype)
    slope = np.where(above, bounded == x, step.slope).astype(x.dtype)
    return outputs, lambda gradient: (gradient * slope, [])


def parametric_rectifier(
    step: ParametricRectifierStep, x: Array, weights: Sequence[Array], mode: Mode
) -> tuple[Array, Backward]:
    """Multiply negative values by alpha."""
    alpha = weights[0]
    shared = (0, *(axis for axis, length in enumerate(alpha.shape, start=1) if length == 1))

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        products = gradient * np.minimum(x, 0)
        found = products.sum(axis=shared, keepdims=True, dtype=np.float64)[0]
        return gradient * np.where(x > 0, 1, alpha), [found.astype(x.dtype)]

    return np.where(x > 0, x, x * alpha), backward


def activate(nonlinearity: Nonlinearity, x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """Return the activated values, and the way back."""
    name, alpha = nonlinearity.name, nonlinearity.alpha
    function = activations.BY_NAME[name]
    y = function(x, alpha) if name in ("leaky_relu", "elu") else function(x)

    def backward(gradient: Array) -> Array:
        before: Array
        if name == "softmax":  # each output depends on its whole row
            before = y * (gradient - (gradient * y).sum(axis=-1, keepdims=True))
        elif name == "log_softmax":
            before = gradient - np.exp(y) * gradient.sum(axis=-1, keepdims=True)
        else:
            before = gradient * _DERIVATIVES[name](x, y, alpha)
        return before

    return y, backward


def _step_function(x: Array, y: Array, slope: float) -> Array:
    """1 above zero, `slope` at zero and below."""
    return np.where(x > 0, 1.0, slope).astype(x.dtype)


def _gelu(x: Array, y: Array, alpha: float) -> Array:
    slope: Array = activations.normal_cdf(x) + x * np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    return slope


def _silu(x: Array, y: Array, alpha: float) -> Array:
    squeezed = activations.sigmoid(x)
    slope: Array = squeezed + y * (1 - squeezed)
    return slope


def _mish(x: Array, y: Array, alpha: float) -> Array:
    squeezed = np.tanh(activations.softplus(x))
    slope: Array = squeezed + x * (1 - squeezed * squeezed) * activations.sigmoid(x)
    return slope


def _hard_silu(x: Array, y: Array, alpha: float) -> Array:
    return np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, (2 * x + 3) / 6)).astype(x.dtype)


def _between(low: float, high: float, slope: float) -> Callable[[Array, Array, float], Array]:
    return lambda x, y, alpha: np.where((y > low) & (y < high), slope, 0.0).astype(x.dtype)


# dy/dx from the input x, the output y and the setting.
_DERIVATIVES: dict[str, Callable[[Array, Array, float], Array]] = {
    "linear": lambda x, y, alpha: np.ones_like(x),
    "relu": lambda x, y, alpha: _step_function(x, y, 0.0),
    "leaky_relu": _step_function,
    "sigmoid": lambda x, y, alpha: y * (1 - y),
    "tanh": lambda x, y, alpha: 1 - y * y,
    "elu": lambda x, y, alpha: np.where(x > 0, 1.0, y + alpha).astype(x.dtype),
    "gelu": _gelu,
    "silu": _silu,
    "relu6": _between(0.0, 6.0, 1.0),
    "selu": lambda x, y, alpha: np.where(
        x > 0, activations.SELU_SCALE, y + activations.SELU_SCALE * activations.SELU_ALPHA
    ).astype(x.dtype),
    "softplus": lambda x, y, alpha: activations.sigmoid(x),
    "softsign": lambda x, y, alpha: 1 / (1 + np.abs(x)) ** 2,
    "hard_sigmoid": _between(0.0, 1.0, 1 / 6),
    "hard_silu": _hard_silu,
    "mish": _mish,
    "exponential": lambda x, y, alpha: y,
}
