"""Losses of each sample, and their gradients. `convoscope.engine.loss_rule.LossRule` says what they mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convoscope.engine.loss_rule import LossRule
from convoscope.engine.reference import crossentropies, focal, regressions
from convoscope.engine.reference.operations import Array

#: For each kind: of what goes in, the targets and the rule, the loss of each row and the gradient of their sum. What
#: goes in are outputs, or what goes into the hidden activation, whose name comes last.
_KINDS: dict[str, Callable[[Array, Array, LossRule, str | None], tuple[Array, Array]]] = {
    "sparse_categorical_crossentropy": crossentropies.sparse_categorical,
    "categorical_crossentropy": crossentropies.categorical,
    "binary_crossentropy": crossentropies.binary,
    "binary_focal_crossentropy": focal.binary,
    "categorical_focal_crossentropy": focal.categorical,
    "mean_squared_error": regressions.mean_squared_error,
    "mean_absolute_error": regressions.mean_absolute_error,
    "mean_absolute_percentage_error": regressions.mean_absolute_percentage_error,
    "mean_squared_logarithmic_error": regressions.mean_squared_logarithmic_error,
    "huber": regressions.huber,
    "log_cosh": regressions.log_cosh,
    "poisson": regressions.poisson,
    "kl_divergence": regressions.kl_divergence,
    "cosine_similarity": regressions.cosine_similarity,
    "hinge": regressions.hinge,
    "squared_hinge": regressions.squared_hinge,
    "categorical_hinge": regressions.categorical_hinge,
}


def sample_losses(rule: LossRule, values: Array, y: Array, *, hidden: str | None = None) -> tuple[Array, Array]:
    """Return each sample's loss (N,), and the gradient of their sum with respect to `values`.

    Parameters
    ----------
    rule : LossRule
    values : array (N, ..., C)
        A model's outputs or, where the loss is computed from hidden logits, what goes into the last activation.
    y : array
        int labels (N, ...) for a sparse loss, else targets shaped as `values`.
    hidden : str, optional
        That activation.
    """
    losses, gradient = _rows(rule, values, y, hidden)
    rows = losses.reshape(len(values), -1)  # (N, rows of a sample)
    return rows.mean(axis=1), gradient / rows.shape[1]


def row_losses(rule: LossRule, outputs: Array, y: Array) -> Array:
    """Return the loss of each row of outputs, a row being the last axis."""
    return _rows(rule, outputs, y, None)[0]


def _rows(rule: LossRule, values: Array, y: Array, hidden: str | None) -> tuple[Array, Array]:
    """Return the loss of each row, and the gradient of their sum."""
    with np.errstate(all="ignore"):  # what is not a number shows in the values
        losses, gradient = _KINDS[rule.kind](values, _targets(rule, values, y), rule, hidden)
    if rule.ignore_class is not None:
        counts = y.reshape(losses.shape) != rule.ignore_class
        losses, gradient = np.where(counts, losses, 0), np.where(counts[..., None], gradient, 0)
    return losses, gradient


def _targets(rule: LossRule, values: Array, y: Array) -> Array:
    classes = values.shape[-1]
    if rule.sparse:
        labels = y.reshape(*values.shape[:-1], 1).astype(np.intp)
        if rule.ignore_class is not None:
            labels = np.where(labels == rule.ignore_class, 0, labels)
        targets = np.zeros_like(values)
        np.put_along_axis(targets, labels, 1, axis=-1)
    else:
        targets = y.reshape(values.shape).astype(values.dtype)
    if not rule.label_smoothing:
        return targets
    even = 0.5 if rule.kind.startswith("binary") else 1.0 / classes
    return targets * (1.0 - rule.label_smoothing) + even * rule.label_smoothing
