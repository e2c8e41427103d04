"""The operators of activations, as layers of their own or at the end of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convoscope import layers as cl
from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.litert.writer.layer_call import LayerCall, operators_of
from convoscope.interchange.litert.writer.network import Tensor

_Call = LayerCall[Any]
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def activated(call: _Call, value: Tensor, activation: str) -> Tensor:
    """Return a value behind an activation of that name, at its default setting."""
    return _BY_NAME[activation](call, value)


@operators_of(cl.Activation)
def _activation(call: LayerCall[cl.Activation]) -> Tensor:
    return activated(call, call.given, call.layer.activation)


@operators_of(cl.Softmax)
def _softmax(call: LayerCall[cl.Softmax]) -> Tensor:
    return activated(call, call.given, "softmax")


@operators_of(cl.ReLU)
def _relu(call: LayerCall[cl.ReLU]) -> Tensor:
    layer, x = call.layer, call.given
    most = layer.max_value
    if layer.threshold == 0.0 and most is None:
        return _rectified(call, x, layer.negative_slope)
    if layer.threshold == 0.0 and layer.negative_slope == 0.0:
        if most == 6.0:
            return call.add("RELU6", x)
        return call.add("MINIMUM", call.add("RELU", x), call.constant("most", most))  # type: ignore[arg-type]
    threshold = call.constant("threshold", layer.threshold)
    above = call.add("GREATER", x, threshold, type=TensorType.BOOL)
    bounded = x if most is None else call.add("MINIMUM", x, call.constant("most", most))
    below = call.times(call.add("SUB", x, threshold), layer.negative_slope, "slope")
    return call.add("SELECT_V2", above, bounded, below)


@operators_of(cl.LeakyReLU)
def _leaky_relu(call: LayerCall[cl.LeakyReLU]) -> Tensor:
    return _rectified(call, call.given, call.layer.negative_slope)


@operators_of(cl.ELU)
def _elu(call: LayerCall[cl.ELU]) -> Tensor:
    return _exponential_unit(call, call.given, call.layer.alpha)


@operators_of(cl.PReLU)
def _prelu(call: LayerCall[cl.PReLU]) -> Tensor:
    return call.add("PRELU", call.given, call.weight("alpha"))


def _rectified(call: _Call, x: Tensor, slope: float) -> Tensor:
    return call.add("LEAKY_RELU", x, alpha=slope) if slope else call.add("RELU", x)


def _exponential_unit(call: _Call, x: Tensor, alpha: float) -> Tensor:
    if alpha == 1.0:
        return call.add("ELU", x)
    call = call.exactly()
    below = call.add("ELU", call.add("MINIMUM", x, call.constant("zero", 0.0)))
    return call.add("ADD", call.add("RELU", x), call.times(below, alpha, "alpha"))


def _one(op: str, **options: Any) -> Callable[[_Call, Tensor], Tensor]:
    """Return what makes one operator."""
    return lambda call, x: call.add(op, x, **options)


def _selu(call: _Call, x: Tensor) -> Tensor:
    return call.exactly().times(_exponential_unit(call, x, _SELU_ALPHA), _SELU_SCALE, "scale")


def _softplus(call: _Call, x: Tensor) -> Tensor:
    """Return max(x, 0) + log(1 + exp(-|x|)), which no number is too large for."""
    call = call.exactly()
    small = call.add("EXP", call.add("NEG", call.add("ABS", x)))
    return call.add("ADD", call.add("RELU", x), call.add("LOG", call.plus(small, 1.0, "one")))


def _softsign(call: _Call, x: Tensor) -> Tensor:
    call = call.exactly()
    return call.add("DIV", x, call.plus(call.add("ABS", x), 1.0, "one"))


def _hard_sigmoid(call: _Call, x: Tensor) -> Tensor:
    return call.times(call.add("RELU6", call.plus(x, 3.0, "three")), 1 / 6, "sixth")


_BY_NAME: dict[str, Callable[[_Call, Tensor], Tensor]] = {
    "linear": lambda call, x: x,
    "relu": _one("RELU"),
    "leaky_relu": _one("LEAKY_RELU", alpha=0.2),
    "sigmoid": _one("LOGISTIC"),
    "tanh": _one("TANH"),
    "softmax": _one("SOFTMAX", beta=1.0),
    "log_softmax": _one("LOG_SOFTMAX"),
    "elu": _one("ELU"),
    "gelu": _one("GELU", approximate=False),
    "silu": lambda call, x: call.add("MUL", x, call.add("LOGISTIC", x)),
    "relu6": _one("RELU6"),
    "selu": _selu,
    "softplus": _softplus,
    "softsign": _softsign,
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _one("HARD_SWISH"),
    "mish": lambda call, x: call.add("MUL", x, call.exactly().add("TANH", _softplus(call, x))),
    "exponential": _one("EXP"),
}
