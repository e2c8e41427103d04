"""Losses of each sample: see `convoscope.engine.loss_rule.LossRule`. PyTorch finds their gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as nnf
from torch import Tensor

from convoscope.engine.loss_rule import LossRule
from convoscope.engine.reference.crossentropies import LARGEST, SMALLEST


def sample_losses(rule: LossRule, values: Tensor, y: Tensor, *, hidden: str | None = None) -> Tensor:
    """Return each sample's loss (N,). Arguments are those of `convoscope.engine.reference.losses.sample_losses`."""
    values = values.float()
    losses = _KINDS[rule.kind](values, _targets(rule, values, y), rule, hidden)
    if rule.ignore_class is not None:
        losses = torch.where(y.reshape(losses.shape) != rule.ignore_class, losses, 0.0)
    return losses.reshape(len(values), -1).mean(dim=1)


def _targets(rule: LossRule, values: Tensor, y: Tensor) -> Tensor:
    if rule.sparse:
        labels = y.reshape(values.shape[:-1]).long()
        if rule.ignore_class is not None:
            labels = torch.where(labels == rule.ignore_class, 0, labels)
        targets = torch.zeros_like(values).scatter_(-1, labels[..., None], 1.0)
    else:
        targets = y.reshape(values.shape)
    if not rule.label_smoothing:
        return targets
    even = 0.5 if rule.kind.startswith("binary") else 1.0 / values.shape[-1]
    return targets * (1.0 - rule.label_smoothing) + even * rule.label_smoothing


def _clip(probabilities: Tensor) -> Tensor:
    return probabilities.clamp(SMALLEST, LARGEST)


def _from_logits(logits: Tensor, targets: Tensor) -> Tensor:
    return -(targets * torch.log_softmax(logits, dim=-1)).sum(dim=-1)


def _sparse_categorical(values: Tensor, targets: Tensor, rule: LossRule, hidden: str | None) -> Tensor:
    # Probabilities are clipped first, and then divided by their sum: the softmax of their logarithms.
    return _from_logits(values if rule.from_logits or hidden else _clip(values).log(), targets)


def _categorical(values: Tensor, targets: Tensor, rule: LossRule, hidden: str | None) -> Tensor:
    if rule.from_logits or hidden:
        return _from_logits(values, targets)
    return -(targets * _clip(values / values.sum(dim=-1, keepdim=True)).log()).sum(dim=-1)


def _binary_each(values: Tensor, targets: Tensor, rule: LossRule, hidden: str | None) -> Tensor:
    if rule.from_logits or hidden:
        return nnf.binary_cross_entropy_with_logits(values, targets, reduction="none")
    clipped = _clip(values)
    return -(targets * clipped.log() + (1 - targets) * torch.log1p(-clipped))


def _binary(values: Tensor, targets: Tensor, rule: LossRule, hidden: str | None) -> Tensor:
    return _binary_each(values, targets, rule, hidden).mean(dim=-1)


def _binary_focal(values: Tensor, targets: Tensor, rule: LossRule, hidden: str | None) -> Tensor:
    if hidden == "softmax":
        probabilities = torch.softmax(values, dim=-1)
    else:
        probabilities = torch.sigmoid(values) if rule.from_logits or hidden else values
    missing = 1 - (targets * probabilities + (1 - targets) * (1 - probabilities))
    weight = targets * rule.alpha + (1 - targets) * (1 - rule.alpha) if rule.balanced else 1.0
    return (weight * missing**rule.gamma * _binary_each(values, targets, rule, hidden)).mean(dim=-1)


def _categorical_focal(values: Tensor, targets: Tensor, rule: LossRule, hidden: str | None) -> Tensor:
    probabilities = torch.softmax(values, dim=-1) if rule.from_logits else values
    clipped = _clip(probabilities / probabilities.sum(dim=-1, keepdim=True))
    return -(rule.alpha * (1 - clipped) ** rule.gamma * targets * clipped.log()).sum(dim=-1)


def _cosine_similarity(values: Tensor, targets: Tensor, rule: LossRule, hidden: str | None) -> Tensor:
    squares = values.square().sum(dim=-1, keepdim=True)
    length = squares.clamp(min=SMALLEST**2).sqrt()
    wanted = targets / targets.square().sum(dim=-1, keepdim=True).sqrt().clamp(min=SMALLEST)
    return -(wanted * values / length).sum(dim=-1)


def _huber(difference: Tensor, delta: float) -> Tensor:
    size = difference.abs()
    return torch.where(size <= delta, 0.5 * difference.square(), delta * (size - 0.5 * delta))


def _log_cosh(difference: Tensor) -> Tensor:
    size = difference.abs()
    return size + torch.log1p(torch.exp(-2 * size)) - math.log(2)


def _kl_divergence(values: Tensor, targets: Tensor, rule: LossRule, hidden: str | None) -> Tensor:
    wanted = targets.clamp(SMALLEST, 1)
    return (wanted * (wanted / values.clamp(SMALLEST, 1)).log()).sum(dim=-1)


def _categorical_hinge(values: Tensor, targets: Tensor, rule: LossRule, hidden: str | None) -> Tensor:
    best = ((1 - targets) * values).amax(dim=-1)  # equal ones share the gradient
    return (best - (targets * values).sum(dim=-1) + 1).clamp(min=0)


def _logarithm(values: Tensor) -> Tensor:
    return torch.log1p(values.clamp(min=SMALLEST))


_Each = Callable[[Tensor, Tensor, LossRule], Tensor]
_Row = Callable[[Tensor, Tensor, LossRule, str | None], Tensor]


def _mean(each: _Each) -> _Row:
    """Return the mean over the last axis of a loss of each value."""
    return lambda values, targets, rule, hidden: each(values, targets, rule).mean(dim=-1)


_KINDS: dict[str, _Row] = {
    "sparse_categorical_crossentropy": _sparse_categorical,
    "categorical_crossentropy": _categorical,
    "binary_crossentropy": _binary,
    "binary_focal_crossentropy": _binary_focal,
    "categorical_focal_crossentropy": _categorical_focal,
    "mean_squared_error": _mean(lambda p, y, rule: (p - y).square()),
    "mean_absolute_error": _mean(lambda p, y, rule: (p - y).abs()),
    "mean_absolute_percentage_error": _mean(lambda p, y, rule: 100 / y.abs().clamp(min=SMALLEST) * (p - y).abs()),
    "mean_squared_logarithmic_error": _mean(lambda p, y, rule: (_logarithm(p) - _logarithm(y)).square()),
    "huber": _mean(lambda p, y, rule: _huber(p - y, rule.delta)),
    "log_cosh": _mean(lambda p, y, rule: _log_cosh(p - y)),
    "poisson": _mean(lambda p, y, rule: p - y * torch.log(p + SMALLEST)),
    "kl_divergence": _kl_divergence,
    "cosine_similarity": _cosine_similarity,
    "hinge": _mean(lambda p, y, rule: (1 - y * p).clamp(min=0)),
    "squared_hinge": _mean(lambda p, y, rule: (1 - y * p).clamp(min=0).square()),
    "categorical_hinge": _categorical_hinge,
}
