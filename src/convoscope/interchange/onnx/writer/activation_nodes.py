"""The nodes of activations, as layers of their own or at the end of others."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convoscope import layers as cl
from convoscope.interchange.onnx.writer.layer_call import LayerCall, nodes_of
from convoscope.interchange.onnx.writer.network import Value

_Call = LayerCall[Any]


def activated(call: _Call, value: Value, activation: str) -> Value:
    """Return a value behind an activation of that name, at its default setting."""
    making = _BY_NAME[activation]
    return call.like(value, making(call, value))


@nodes_of(cl.Activation)
def _activation(call: LayerCall[cl.Activation]) -> Value:
    return activated(call, call.value, call.layer.activation)


@nodes_of(cl.Softmax)
def _softmax(call: LayerCall[cl.Softmax]) -> Value:
    return activated(call, call.value, "softmax")


@nodes_of(cl.ReLU)
def _relu(call: LayerCall[cl.ReLU]) -> Value:
    layer, x = call.layer, call.value
    if layer.threshold == 0.0 and layer.max_value is None:
        return call.like(x, _rectified(call, x, layer.negative_slope))
    if layer.threshold == 0.0 and layer.negative_slope == 0.0:
        return call.like(x, _clipped(call, x, 0.0, layer.max_value))
    threshold = call.constant("threshold", layer.threshold)
    above = call.node("Greater", x.name, threshold)
    bounded = x.name if layer.max_value is None else call.node("Min", x.name, call.constant("most", layer.max_value))
    below = call.node("Mul", call.node("Sub", x.name, threshold), call.constant("slope", layer.negative_slope))
    return call.like(x, call.node("Where", above, bounded, below))


@nodes_of(cl.LeakyReLU)
def _leaky_relu(call: LayerCall[cl.LeakyReLU]) -> Value:
    return call.like(call.value, _rectified(call, call.value, call.layer.negative_slope))


@nodes_of(cl.ELU)
def _elu(call: LayerCall[cl.ELU]) -> Value:
    return call.like(call.value, call.node("Elu", call.value.name, alpha=call.layer.alpha))


@nodes_of(cl.PReLU)
def _prelu(call: LayerCall[cl.PReLU]) -> Value:
    x = call.value
    return call.like(x, call.node("PRelu", x.name, call.weight_along("alpha", x)))


def _rectified(call: _Call, x: Value, slope: float) -> str:
    return call.node("LeakyRelu", x.name, alpha=slope) if slope else call.node("Relu", x.name)


def _clipped(call: _Call, x: Value, low: float, high: float | None) -> str:
    return call.node("Clip", x.name, call.constant("least", low), call.constant("most", high))  # type: ignore[arg-type]


def _one(op: str, **attributes: Any) -> Callable[[_Call, Value], str]:
    """Return what makes one node."""
    return lambda call, x: call.node(op, x.name, **attributes)


def _softmax_of(call: _Call, x: Value) -> str:
    return call.node("Softmax", x.name, axis=x.axis(len(x.shape)))


def _log_softmax_of(call: _Call, x: Value) -> str:
    return call.node("LogSoftmax", x.name, axis=x.axis(len(x.shape)))


def _weighed(call: _Call, x: Value, share: str) -> str:
    return call.node("Mul", x.name, share)


def _gelu(call: _Call, x: Value) -> str:
    if call.network.opset >= 20:
        return call.node("Gelu", x.name)
    error = call.node("Erf", call.node("Div", x.name, call.constant("root", math.sqrt(2.0))))
    twice = _weighed(call, x, call.node("Add", error, call.constant("one", 1.0)))
    return call.node("Mul", twice, call.constant("half", 0.5))


def _hard_sigmoid(call: _Call, x: Value) -> str:
    return call.node("HardSigmoid", x.name, alpha=1 / 6, beta=0.5)


def _hard_silu(call: _Call, x: Value) -> str:
    return call.node("HardSwish", x.name) if call.network.opset >= 14 else _weighed(call, x, _hard_sigmoid(call, x))


def _mish(call: _Call, x: Value) -> str:
    if call.network.opset >= 18:
        return call.node("Mish", x.name)
    return _weighed(call, x, call.node("Tanh", call.node("Softplus", x.name)))


_BY_NAME: dict[str, Callable[[_Call, Value], str]] = {
    "linear": lambda call, x: x.name,
    "relu": _one("Relu"),
    "leaky_relu": _one("LeakyRelu", alpha=0.2),
    "sigmoid": _one("Sigmoid"),
    "tanh": _one("Tanh"),
    "softmax": _softmax_of,
    "log_softmax": _log_softmax_of,
    "elu": _one("Elu", alpha=1.0),
    "gelu": _gelu,
    "silu": lambda call, x: _weighed(call, x, call.node("Sigmoid", x.name)),
    "relu6": lambda call, x: _clipped(call, x, 0.0, 6.0),
    "selu": _one("Selu"),
    "softplus": _one("Softplus"),
    "softsign": _one("Softsign"),
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _hard_silu,
    "mish": _mish,
    "exponential": _one("Exp"),
}
