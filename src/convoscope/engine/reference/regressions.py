"""Losses of values, distributions, directions and margins: the loss of each row, and the gradient of their sum.

All have the same arguments, as `losses` calls them; a hidden activation is none of their business.
"""

from __future__ import annotations

import numpy as np

from convoscope.engine.loss_rule import LossRule
from convoscope.engine.reference.crossentropies import SMALLEST
from convoscope.engine.reference.operations import Array

Found = tuple[Array, Array]


def _mean(each: Array, slopes: Array) -> Found:
    """Return the mean over the last axis, and its gradient."""
    return each.mean(axis=-1), slopes / each.shape[-1]


def mean_squared_error(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the mean of squared differences."""
    difference = values - targets
    return _mean(np.square(difference), 2 * difference)


def mean_absolute_error(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the mean of absolute differences."""
    difference = values - targets
    return _mean(np.abs(difference), np.sign(difference))


def mean_absolute_percentage_error(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the mean of differences in percent of the targets."""
    difference, part = values - targets, 100 / np.maximum(np.abs(targets), SMALLEST)
    return _mean(part * np.abs(difference), part * np.sign(difference))


def mean_squared_logarithmic_error(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the mean of squared differences of log(1 + value), of values above 0."""
    difference = np.log1p(np.maximum(values, SMALLEST)) - np.log1p(np.maximum(targets, SMALLEST))
    return _mean(np.square(difference), np.where(values >= SMALLEST, 2 * difference / (1 + values), 0))


def huber(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the mean of half the squared differences, or of absolute ones where they are large."""
    difference = values - targets
    size = np.abs(difference)
    each = np.where(size <= rule.delta, 0.5 * np.square(difference), rule.delta * (size - 0.5 * rule.delta))
    return _mean(each, np.clip(difference, -rule.delta, rule.delta))


def log_cosh(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the mean of the logarithms of the differences' hyperbolic cosines."""
    difference = values - targets
    size = np.abs(difference)
    return _mean(size + np.log1p(np.exp(-2 * size)) - np.log(2).astype(values.dtype), np.tanh(difference))


def poisson(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the mean of prediction - target × log(prediction)."""
    return _mean(values - targets * np.log(values + SMALLEST), 1 - targets / (values + SMALLEST))


def kl_divergence(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return how far each row is from the target's distribution: the sum of target × log(target / prediction)."""
    predicted, wanted = np.clip(values, SMALLEST, 1), np.clip(targets, SMALLEST, 1)
    gradient = np.where(predicted == values, -wanted / predicted, 0)
    return (wanted * np.log(wanted / predicted)).sum(axis=-1), gradient


def cosine_similarity(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the negative cosine of the angle between each row and its target."""
    length = np.sqrt(np.square(values).sum(axis=-1, keepdims=True))
    short = length < SMALLEST
    wanted = targets / np.maximum(np.sqrt(np.square(targets).sum(axis=-1, keepdims=True)), SMALLEST)
    length = np.where(short, SMALLEST, length)
    predicted = values / length
    cosine = (wanted * predicted).sum(axis=-1, keepdims=True)
    return -cosine[..., 0], (np.where(short, 0, predicted * cosine) - wanted) / length


def hinge(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the mean of what is missing to a margin of 1, for targets -1 and 1."""
    missing = 1 - targets * values
    return _mean(np.maximum(missing, 0), np.where(missing >= 0, -targets, 0))


def squared_hinge(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return the mean of the squares of what is missing to a margin of 1, for targets -1 and 1."""
    missing = np.maximum(1 - targets * values, 0)
    return _mean(np.square(missing), -2 * targets * missing)


def categorical_hinge(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> Found:
    """Return what is missing to a margin of 1 between the right class and the best of the others."""
    others = (1 - targets) * values
    best = others.max(axis=-1, keepdims=True)
    missing = best[..., 0] - (targets * values).sum(axis=-1) + 1
    among = others == best  # equal ones share the gradient
    gradient = among / among.sum(axis=-1, keepdims=True) * (1 - targets) - targets
    return np.maximum(missing, 0), np.where(missing[..., None] >= 0, gradient, 0)
