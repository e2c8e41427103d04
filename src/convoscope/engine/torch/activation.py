"""Activations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as nnf
from torch import Tensor

from convoscope.engine.steps import ActivationStep, Nonlinearity, ParametricRectifierStep, RectifierStep
from convoscope.engine.torch.mode import Mode


def activation(step: ActivationStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Apply an activation that is a step of its own."""
    return activate(step.activation, x)


def rectifier(step: RectifierStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Bound values, and those below the threshold to a share of their distance from it."""
    bounded = x if step.most is None else x.clamp(max=step.most)
    return torch.where(x > step.threshold, bounded, (x - step.threshold) * step.slope)


def parametric_rectifier(step: ParametricRectifierStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Multiply negative values by alpha."""
    return torch.where(x > 0, x, x * weights[0].to(x.dtype))


def activate(nonlinearity: Nonlinearity, x: Tensor) -> Tensor:
    """Return the activated values."""
    return _BY_NAME[nonlinearity.name](x, nonlinearity.alpha)


_BY_NAME: dict[str, Callable[[Tensor, float], Tensor]] = {
    "linear": lambda x, alpha: x,
    "relu": lambda x, alpha: nnf.relu(x),
    "leaky_relu": lambda x, alpha: torch.where(x > 0, x, x * alpha),
    "sigmoid": lambda x, alpha: torch.sigmoid(x),
    "tanh": lambda x, alpha: torch.tanh(x),
    "softmax": lambda x, alpha: torch.softmax(x, dim=-1),
    "log_softmax": lambda x, alpha: torch.log_softmax(x, dim=-1),
    "elu": lambda x, alpha: nnf.elu(x, alpha),
    "gelu": lambda x, alpha: nnf.gelu(x),
    "silu": lambda x, alpha: nnf.silu(x),
    "relu6": lambda x, alpha: nnf.relu6(x),
    "selu": lambda x, alpha: nnf.selu(x),
    "softplus": lambda x, alpha: nnf.softplus(x),
    "softsign": lambda x, alpha: nnf.softsign(x),
    "hard_sigmoid": lambda x, alpha: nnf.hardsigmoid(x),
    "hard_silu": lambda x, alpha: nnf.hardswish(x),
    "mish": lambda x, alpha: nnf.mish(x),
    "exponential": lambda x, alpha: torch.exp(x),
}
