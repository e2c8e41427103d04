"""Activations."""

from __future__ import annotations

import numpy as np

from convoscope.interchange.litert.reader.call import Call, operator

_PLAIN = {
    "RELU": "Relu",
    "LOGISTIC": "Sigmoid",
    "TANH": "Tanh",
    "ELU": "Elu",
    "HARD_SWISH": "HardSwish",
    "EXP": "Exp",
}
_BOUNDS = {"RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0), "RELU_0_TO_1": (0.0, 1.0)}


@operator(*_PLAIN)
def plain(call: Call) -> str:
    """One that ONNX has."""
    return call.node(_PLAIN[call.operator.op], call.input(0))


@operator(*_BOUNDS)
def bounded(call: Call) -> str:
    """Values held between bounds."""
    least, most = _BOUNDS[call.operator.op]
    return call.node("Clip", call.input(0), min=least, max=most)


@operator("LEAKY_RELU")
def leaky(call: Call) -> str:
    """A share of the negative values."""
    return call.node("LeakyRelu", call.input(0), alpha=call.option("alpha", 0.0))


@operator("PRELU")
def parametric(call: Call) -> str:
    """A share of the negative values that is learned. The slopes go with the last axes."""
    if call.rank() == 4 and call.rank(1) == 3:
        slopes = call.transposed(call.input(1), 2, 0, 1)
        return call.channels_last(call.node("PRelu", call.image(), slopes))
    return call.node("PRelu", call.input(0), call.input(1))


@operator("GELU")
def gelu(call: Call) -> str:
    """x times how likely a normal number is below it, or an approximation of that."""
    return call.node("Gelu", call.input(0), approximate=b"tanh" if call.option("approximate", False) else b"none")


@operator("SOFTMAX", "LOG_SOFTMAX")
def softmax(call: Call) -> str:
    """Probabilities along the last axis, of values times a constant."""
    value = call.input(0)
    if call.operator.op == "LOG_SOFTMAX":
        return call.node("LogSoftmax", value, axis=-1)
    beta = call.option("beta", 1.0)
    if beta != 1:
        value = call.node("Mul", value, call.array(beta, np.float32))
    return call.node("Softmax", value, axis=-1)
