"""Activations."""

from __future__ import annotations

import math

from convoscope.interchange.onnx.reader.context import Context, axis_of, operator, real_setting, sample_axis
from convoscope.interchange.onnx.reader.layout import Value, arranged, constant_for
from convoscope.interchange.onnx.reader.network import RECOGNIZED, OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.affine import scaled
from convoscope.interchange.onnx.reader.operators.shapes import axis_to_end
from convoscope.interchange.onnx.reader.patterns import RECTIFIED
from convoscope.layers import ELU, Activation, LeakyReLU, Multiply, PReLU, ReLU, Rescaling, Softmax

_NAMES = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "HardSwish": "hard_silu",
    "Mish": "mish",
    "Exp": "exponential",
}
_NONNEGATIVE = ("relu", "relu6", "sigmoid", "softplus", "exponential", "hard_sigmoid", "softmax")


def activated(context: Context, node: OnnxNode, value: Value, name: str) -> Value:
    """Return a value through an activation of that name."""
    layer = ReLU(name=context.name(node)) if name == "relu" else Activation(name, name=context.name(node))
    return value.of(context.call(layer, value.symbol), nonnegative=name in _NONNEGATIVE)


@operator(*_NAMES)
def named(context: Context, node: OnnxNode) -> Value:
    """One that both know."""
    return activated(context, node, context.value(node.input(0)), _NAMES[node.op])


@operator(RECOGNIZED)
def recognized(context: Context, node: OnnxNode) -> Value:
    """One that several nodes compute together."""
    return activated(context, node, context.value(node.input(0)), node.text("activation"))


@operator(RECTIFIED)
def rectified(context: Context, node: OnnxNode) -> Value:
    """A ReLU with a threshold, a share of what is below it, or a largest value."""
    value = context.value(node.input(0))
    layer = ReLU(**node.settings, name=context.name(node))
    return value.of(context.call(layer, value.symbol), nonnegative=layer.negative_slope == 0)


@operator("LeakyRelu")
def leaky(context: Context, node: OnnxNode) -> Value:
    """A share of the negative values."""
    slope = real_setting(node, "alpha", 0.01)
    if slope < 0:
        raise UnsupportedError(f"its alpha is {slope}, but slopes below 0 are not supported")
    value = context.value(node.input(0))
    return value.of(context.call(LeakyReLU(slope, name=context.name(node)), value.symbol))


@operator("PRelu")
def parametric(context: Context, node: OnnxNode) -> Value:
    """A share of the negative values that is learned."""
    value = context.value(node.input(0))
    slope = context.weight(node.input(1), "the slope")
    rank = len(value.logical)
    shape = (1,) * (rank + 1 - slope.ndim) + slope.shape
    if (
        len(shape) > rank + 1
        or shape[0] != 1
        or any(size not in (1, own) for size, own in zip(shape[1:], value.shape, strict=True))
    ):
        raise UnsupportedError(
            f"its slope has shape {slope.shape}, for a value of {value.shape} without the batch axis"
        )
    placed = constant_for(value, slope.reshape(shape[1:]))
    shared = [number for number, size in enumerate(placed.shape, start=1) if size == 1] or None
    layer = PReLU(shared_axes=shared, name=context.name(node, node.input(1)))
    return value.of(context.call(layer, value.symbol, placed))


@operator("Elu")
def elu(context: Context, node: OnnxNode) -> Value:
    """alpha (exp(x) - 1) for negative values."""
    return _elu(context, node, real_setting(node, "alpha", 1.0), 1.0, 1.0)


@operator("Selu")
def selu(context: Context, node: OnnxNode) -> Value:
    """A scaled Elu, whose usual scales are an activation of their own."""
    alpha, gamma = real_setting(node, "alpha", 1.6732632), real_setting(node, "gamma", 1.0507010)
    if math.isclose(alpha, 1.6732632, rel_tol=1e-6) and math.isclose(gamma, 1.0507010, rel_tol=1e-6):
        return activated(context, node, context.value(node.input(0)), "selu")
    return _elu(context, node, alpha, 1.0, gamma)


@operator("Celu")
def celu(context: Context, node: OnnxNode) -> Value:
    """An Elu that is smooth for every alpha."""
    alpha = real_setting(node, "alpha", 1.0)
    if alpha <= 0:
        raise UnsupportedError(f"its alpha is {alpha}, but only values above 0 are supported")
    return _elu(context, node, 1.0, 1.0 / alpha, alpha)


def _elu(context: Context, node: OnnxNode, alpha: float, before: float, behind: float) -> Value:
    if alpha < 0:
        raise UnsupportedError(f"its alpha is {alpha}, but only values of at least 0 are supported")
    value = context.value(node.input(0))
    symbol = value.symbol if before == 1 else context.call(Rescaling(before), value.symbol)
    made = value.of(context.call(ELU(alpha, name=context.name(node)), symbol))
    return made if behind == 1 else scaled(context, node, made, behind, 0.0)


@operator("ThresholdedRelu")
def thresholded(context: Context, node: OnnxNode) -> Value:
    """What is above a threshold."""
    threshold = real_setting(node, "alpha", 1.0)
    if threshold < 0:
        raise UnsupportedError(f"its alpha is {threshold}, but thresholds below 0 are not supported")
    value = context.value(node.input(0))
    return value.of(context.call(ReLU(threshold=threshold, name=context.name(node)), value.symbol), nonnegative=True)


@operator("HardSigmoid")
def hard_sigmoid(context: Context, node: OnnxNode) -> Value:
    """alpha × x + beta, held between 0 and 1: ours has alpha = 1/6 and beta = 1/2."""
    alpha, beta = real_setting(node, "alpha", 0.2), real_setting(node, "beta", 0.5)
    value = context.value(node.input(0))
    scale, offset = 6 * alpha, 6 * beta - 3
    if abs(scale - 1) > 1e-6 or abs(offset) > 1e-6:
        value = value.of(context.call(Rescaling(scale, offset), value.symbol))
    return activated(context, node, value, "hard_sigmoid")


@operator("Gelu")
def gelu(context: Context, node: OnnxNode) -> Value:
    """x times how likely a normal number is below it; or an approximation of that by tanh."""
    value = context.value(node.input(0))
    if node.text("approximate", "none") == "none":
        return activated(context, node, value, "gelu")
    twice = 2 * math.sqrt(2 / math.pi)  # (1 + tanh(u)) / 2 is sigmoid(2u)
    squares = context.call(Multiply(), [value.symbol, value.symbol])
    factors = context.call(Rescaling(twice * 0.044715, twice), squares)
    inner = context.call(Multiply(), [value.symbol, factors])
    gates = context.call(Activation("sigmoid"), inner)
    return value.of(context.call(Multiply(name=context.name(node)), [value.symbol, gates]))


@operator("Softmax", "LogSoftmax")
def softmax(context: Context, node: OnnxNode) -> Value:
    """Probabilities along an axis, or their logarithms; before opset 13 over that axis and all behind it together."""
    value = context.value(node.input(0))
    rank = len(value.logical) + 1
    if node.opset >= 13:
        value = axis_to_end(value, sample_axis(node.setting("axis", -1), value, "sums over"))
    else:
        first = axis_of(node.setting("axis", 1), rank)
        if not first:
            raise UnsupportedError("it sums over the batch axis, but images in a batch are independent")
        row = tuple(factor for group in value.logical[first - 1 :] for factor in group)
        value = arranged(value, (*(value.logical[: first - 1]), row))
    if node.op == "LogSoftmax":
        return activated(context, node, value, "log_softmax")
    return value.of(context.call(Softmax(name=context.name(node)), value.symbol), nonnegative=True)
