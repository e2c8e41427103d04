"""Focal losses: cross-entropies in which what is known already counts little. Lin et al., 2017."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convoscope.engine.loss_rule import LossRule
from convoscope.engine.reference.crossentropies import (
    binary_from_logits,
    binary_from_probabilities,
    clip,
    sigmoid,
    softmax,
    through_softmax,
)
from convoscope.engine.reference.operations import Array


def binary(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> tuple[Array, Array]:
    """Return the mean over the last axis of each value's focal loss."""
    if not (rule.from_logits or hidden):
        each, crossentropy, factor, by_probability = _parts(values, targets, rule, binary_from_probabilities, values)
        gradient = factor * crossentropy + by_probability
    else:
        probabilities = softmax(values) if hidden == "softmax" else sigmoid(values)
        each, crossentropy, factor, by_probability = _parts(values, targets, rule, binary_from_logits, probabilities)
        if hidden == "softmax":
            by_logit = through_softmax(probabilities, by_probability)
        else:
            by_logit = by_probability * probabilities * (1 - probabilities)
        gradient = factor * crossentropy + by_logit
    return each.mean(axis=-1), gradient / values.shape[-1]


def _parts(
    values: Array,
    targets: Array,
    rule: LossRule,
    crossentropy_of: Callable[[Array, Array], tuple[Array, Array]],
    probabilities: Array,
) -> tuple[Array, Array, Array, Array]:
    """Return each loss, the cross-entropy's slope, its factor, and the slope by the probability in that factor."""
    crossentropy, slope = crossentropy_of(values, targets)
    missing = 1 - (targets * probabilities + (1 - targets) * (1 - probabilities))
    weight = targets * rule.alpha + (1 - targets) * (1 - rule.alpha) if rule.balanced else 1.0
    factor = weight * missing**rule.gamma
    by_missing = weight * rule.gamma * missing ** (rule.gamma - 1) if rule.gamma else 0.0
    return factor * crossentropy, slope, factor, crossentropy * by_missing * (1 - 2 * targets)


def categorical(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> tuple[Array, Array]:
    """Return the focal loss of each row of class probabilities."""
    probabilities = softmax(values) if rule.from_logits else values
    total = probabilities.sum(axis=-1, keepdims=True)
    shares = probabilities / total
    clipped = clip(shares)
    missing, crossentropy = 1 - clipped, -targets * np.log(clipped)
    factor = rule.alpha * missing**rule.gamma
    by_missing = rule.alpha * rule.gamma * missing ** (rule.gamma - 1) if rule.gamma else 0.0
    by_share = np.where(clipped == shares, -factor * targets / clipped - by_missing * crossentropy, 0)
    gradient = (by_share - (by_share * shares).sum(axis=-1, keepdims=True)) / total
    if rule.from_logits:
        gradient = through_softmax(probabilities, gradient)
    return (factor * crossentropy).sum(axis=-1), gradient
