"""Activations as PyTorch has them."""

from __future__ import annotations

from convoscope.interchange.pytorch.source.layout import axis_of
from convoscope.types import Shape

#: For each activation the expression of its value of ``x``, and of the channels' axis where it needs that.
EXPRESSIONS = {
    "linear": "{x}",
    "relu": "F.relu({x})",
    "leaky_relu": "F.leaky_relu({x}, 0.2)",
    "sigmoid": "torch.sigmoid({x})",
    "tanh": "torch.tanh({x})",
    "softmax": "F.softmax({x}, dim={axis})",
    "log_softmax": "F.log_softmax({x}, dim={axis})",
    "elu": "F.elu({x})",
    "gelu": "F.gelu({x})",
    "silu": "F.silu({x})",
    "relu6": "F.relu6({x})",
    "selu": "F.selu({x})",
    "softplus": "F.softplus({x})",
    "softsign": "F.softsign({x})",
    "hard_sigmoid": "F.hardsigmoid({x})",
    "hard_silu": "F.hardswish({x})",
    "mish": "F.mish({x})",
    "exponential": "torch.exp({x})",
}


def activated(name: str, x: str, shape: Shape) -> str:
    """Return the expression of an activation of a value of that shape.

    Examples
    --------
    >>> activated("softmax", "self.dense(x)", (10,))
    'F.softmax(self.dense(x), dim=1)'
    """
    return EXPRESSIONS[name].format(x=x, axis=axis_of(-1, shape))
