"""Cross-entropies: the loss of each row, and the gradient of their sum."""

from __future__ import annotations

import numpy as np

from convoscope.engine.loss_rule import LossRule
from convoscope.engine.reference.operations import Array

# Probabilities are kept this far from 0 and 1: by 1e-7, and 1 - 1e-7 rounded to single precision, as in Keras.
SMALLEST, LARGEST = float(np.float32(1e-7)), float(np.float32(1 - 1e-7))


def sparse_categorical(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> tuple[Array, Array]:
    """Return the cross-entropy for class numbers, given here as one-hot targets."""
    if rule.from_logits or hidden:
        return from_logits(values, targets)
    # Clipped first, and then divided by their sum: the softmax of their logarithms.
    clipped = clip(values)
    losses, by_logarithm = from_logits(np.log(clipped), targets)
    return losses, np.where(clipped == values, by_logarithm / clipped, 0)


def categorical(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> tuple[Array, Array]:
    """Return the cross-entropy for one-hot targets, or shares of classes."""
    if rule.from_logits or hidden:
        return from_logits(values, targets)
    total = values.sum(axis=-1, keepdims=True)
    shares = values / total
    clipped = clip(shares)
    by_share = np.where(clipped == shares, -targets / clipped, 0)
    losses = -(targets * np.log(clipped)).sum(axis=-1)
    return losses, (by_share - (by_share * shares).sum(axis=-1, keepdims=True)) / total


def binary(values: Array, targets: Array, rule: LossRule, hidden: str | None = None) -> tuple[Array, Array]:
    """Return the mean over the last axis of each value's two-class cross-entropy."""
    each, slope = (binary_from_logits if rule.from_logits or hidden else binary_from_probabilities)(values, targets)
    return each.mean(axis=-1), slope / values.shape[-1]


def from_logits(logits: Array, targets: Array) -> tuple[Array, Array]:
    """Return the loss of each row of logits, and the gradient of their sum."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    total = np.exp(shifted).sum(axis=-1, keepdims=True)
    losses = -(targets * (shifted - np.log(total))).sum(axis=-1)
    return losses, np.exp(shifted) / total * targets.sum(axis=-1, keepdims=True) - targets


def binary_from_logits(logits: Array, targets: Array) -> tuple[Array, Array]:
    """Return each value's loss, and its slope."""
    losses = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return losses, sigmoid(logits) - targets


def binary_from_probabilities(probabilities: Array, targets: Array) -> tuple[Array, Array]:
    """Return each value's loss, and its slope."""
    clipped = clip(probabilities)
    losses = -(targets * np.log(clipped) + (1 - targets) * np.log1p(-clipped))
    slope = (1 - targets) / (1 - clipped) - targets / clipped
    return losses, np.where(clipped == probabilities, slope, 0)


def clip(probabilities: Array) -> Array:
    """Keep probabilities from 0 and 1."""
    return np.asarray(np.clip(probabilities, SMALLEST, LARGEST))


def sigmoid(logits: Array) -> Array:
    """Return the sigmoid of each value, without overflow."""
    small = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1, small) / (1 + small))


def softmax(logits: Array) -> Array:
    """Return the softmax over the last axis."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def through_softmax(probabilities: Array, gradient: Array) -> Array:
    """Return the gradient of what goes into a softmax, from that of what comes out."""
    return np.asarray(probabilities * (gradient - (gradient * probabilities).sum(axis=-1, keepdims=True)))
