"""Losses of each sample, and their gradients. `convoscope.engine.base.LossRule` says what they mean."""

from __future__ import annotations

import numpy as np

from convoscope.engine.base import LossRule
from convoscope.engine.reference.operations import Array

_SMALLEST = 1e-7  # probabilities are kept this far from 0 and 1


def sample_losses(rule: LossRule, values: Array, y: Array, *, logits: bool) -> tuple[Array, Array]:
    """Return each sample's loss (N,), and the gradient of their sum with respect to `values`.

    Parameters
    ----------
    rule : LossRule
    values : array (N, ..., C)
        A model's outputs or, where the loss is fused with the last activation, what goes into that.
    y : array
        int labels (N, ...) for a sparse loss, else targets shaped as `values`.
    logits : bool
        Whether `values` are logits rather than probabilities.
    """
    targets = _targets(rule, values, y)
    if rule.kind == "mean_squared_error":
        difference = values - targets
        row_losses, gradient = np.square(difference).mean(axis=-1), 2 * difference / values.shape[-1]
    elif rule.kind == "binary_crossentropy":
        row_losses, gradient = (_binary_from_logits if logits else _binary)(values, targets)
    else:
        row_losses, gradient = (_categorical_from_logits if logits else _categorical)(values, targets)
    rows = row_losses.reshape(len(values), -1)  # (N, rows of a sample)
    return rows.mean(axis=1), gradient / rows.shape[1]


def _targets(rule: LossRule, values: Array, y: Array) -> Array:
    classes = values.shape[-1]
    if rule.sparse:
        targets = np.zeros_like(values)
        np.put_along_axis(targets, y.reshape(*values.shape[:-1], 1).astype(np.intp), 1, axis=-1)
    else:
        targets = y.reshape(values.shape).astype(values.dtype)
    if not rule.label_smoothing or rule.kind == "mean_squared_error":
        return targets
    even = 0.5 if rule.kind == "binary_crossentropy" else 1.0 / classes
    return targets * (1.0 - rule.label_smoothing) + even * rule.label_smoothing


def _categorical_from_logits(logits: Array, targets: Array) -> tuple[Array, Array]:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    total = np.exp(shifted).sum(axis=-1, keepdims=True)
    losses = -(targets * (shifted - np.log(total))).sum(axis=-1)
    return losses, np.exp(shifted) / total * targets.sum(axis=-1, keepdims=True) - targets


def _categorical(probabilities: Array, targets: Array) -> tuple[Array, Array]:
    total = probabilities.sum(axis=-1, keepdims=True)
    shares = probabilities / total
    clipped = np.clip(shares, _SMALLEST, 1 - _SMALLEST)
    by_share = np.where(clipped == shares, -targets / clipped, 0)
    losses = -(targets * np.log(clipped)).sum(axis=-1)
    return losses, (by_share - (by_share * shares).sum(axis=-1, keepdims=True)) / total


def _binary_from_logits(logits: Array, targets: Array) -> tuple[Array, Array]:
    small = np.exp(-np.abs(logits))
    losses = np.maximum(logits, 0) - logits * targets + np.log1p(small)
    sigmoid = np.where(logits >= 0, 1, small) / (1 + small)
    return losses.mean(axis=-1), (sigmoid - targets) / logits.shape[-1]


def _binary(probabilities: Array, targets: Array) -> tuple[Array, Array]:
    clipped = np.clip(probabilities, _SMALLEST, 1 - _SMALLEST)
    losses = -(targets * np.log(clipped) + (1 - targets) * np.log1p(-clipped))
    slope = (1 - targets) / (1 - clipped) - targets / clipped
    return losses.mean(axis=-1), np.where(clipped == probabilities, slope, 0) / probabilities.shape[-1]
