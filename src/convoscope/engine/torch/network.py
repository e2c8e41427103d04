"""A plan as a function of tensors: values, losses, gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from convoscope.engine.base import Array
from convoscope.engine.loss_rule import LossRule, Shares
from convoscope.engine.plan import Plan
from convoscope.engine.torch.known import run
from convoscope.engine.torch.losses import sample_losses
from convoscope.engine.torch.mode import Mode

Rules = Sequence[LossRule | None]


@dataclass(frozen=True)
class Batch:
    """What is computed with: inputs, and for each output its targets and sample weights, on the device."""

    inputs: list[Tensor]
    targets: list[Tensor | None]
    weights: list[Tensor | None]

    @property
    def tensors(self) -> list[Tensor]:
        """All that are there."""
        return [each for each in (*self.inputs, *self.targets, *self.weights) if each is not None]

    @property
    def signature(self) -> list[Any]:
        """Shape and kind of each, and where there is none."""
        every = (*self.inputs, *self.targets, *self.weights)
        return [None if each is None else (each.shape, each.dtype) for each in every]


def values_of(plan: Plan, inputs: Sequence[Tensor], weights: Sequence[Tensor], mode: Mode) -> list[Tensor]:
    """Return all values: the inputs, as float32, then what each step makes."""
    values = [each.float() for each in inputs]
    for step in plan.steps:
        values.append(run(step, values, weights, mode))
    return values


def losses_of(
    plan: Plan, values: Sequence[Tensor], targets: Sequence[Tensor | None], rules: Rules
) -> list[Tensor | None]:
    """Return each sample's loss for each output that has one."""
    found: list[Tensor | None] = []
    for output, (value, rule, y) in enumerate(zip(plan.outputs, rules, targets, strict=True)):
        if rule is None or y is None:
            found.append(None)
            continue
        hidden, maker = rule.hidden_activation(plan, output), plan.maker_of(value)
        value = maker.inputs[0] if hidden and maker is not None else value
        found.append(sample_losses(rule, values[value], y, hidden=hidden))
    return found


def shares_of(
    plan: Plan, rules: Rules, targets: Sequence[Array | None], weights: Sequence[Array | None], count: int
) -> list[Shares | None]:
    """Return what each sample of a whole batch, of `count` samples, counts in each output's loss."""
    return [
        None
        if rule is None or y is None
        else rule.shares(y if rule.sparse else None, weight, count, math.prod(shape[:-1]))
        for rule, y, weight, shape in zip(rules, targets, weights, plan.output_shapes, strict=True)
    ]


def objective(
    plan: Plan, values: Sequence[Tensor], batch: Batch, rules: Rules, shares: Sequence[Shares | None]
) -> tuple[Any, list[Tensor | None]]:
    """Return the batch's loss, and for each output the losses that are told."""
    total: Any = 0.0
    told: list[Tensor | None] = []
    each = zip(losses_of(plan, values, batch.targets, rules), rules, batch.weights, shares, strict=True)
    for losses, rule, weights, share in each:
        if losses is None or rule is None or share is None:
            told.append(None)
            continue
        weighted = losses if weights is None else losses * weights
        total = total + (weighted * (rule.weight * share.gradient)).sum()
        told.append(weighted.detach() * share.told)
    return total, told


def gradients_of(total: Any, variables: Sequence[Tensor], upstream: Any = None) -> list[Tensor]:
    """Return the gradient of a number (or of several tensors, times `upstream`) by each variable, zeros included."""
    totals = [total] if isinstance(total, Tensor) else list(total) if isinstance(total, (list, tuple)) else []
    upstreams = [None] * len(totals) if upstream is None else list(upstream)
    pairs = [(one, other) for one, other in zip(totals, upstreams, strict=True) if one.requires_grad]
    if not pairs or not variables:
        return [torch.zeros_like(each) for each in variables]
    totals, upstreams = (list(each) for each in zip(*pairs, strict=True))
    return list(torch.autograd.grad(totals, list(variables), upstreams, allow_unused=True, materialize_grads=True))
