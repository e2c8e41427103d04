"""Losses as functions, under Keras' names: of true values and predictions, the loss of each row.

A row is the last axis of the predictions. Values are computed in double precision by the reference engine's formulas,
of the predictions themselves: a function does not know what went into a softmax.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine.loss_rule import LossRule
from convoscope.tensors import tensor
from convoscope.training.shapes import class_numbers, same_shape

Values = npt.NDArray[np.float64]


def _of_values(rule: LossRule, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    targets, predictions = same_shape(y_true, y_pred)
    return _rows(rule, predictions, targets)


def _rows(rule: LossRule, predictions: Values, targets: npt.NDArray[Any]) -> Values:
    # Training computes losses in the engine at hand: only who calls a function needs the reference engine's formulas.
    from convoscope.engine.reference.losses import row_losses

    return tensor(row_losses(rule, predictions, targets))


def sparse_categorical_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    ignore_class: int | None = None,
) -> Values:
    """Return the cross-entropy of class numbers (N,) and predictions (N, classes), for each row.

    Examples
    --------
    >>> sparse_categorical_crossentropy([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]).round(4)
    array([0.0513, 2.3026])
    """
    predictions = np.asarray(y_pred, np.float64)
    rule = LossRule("sparse_categorical_crossentropy", from_logits, label_smoothing, ignore_class=ignore_class)
    return _rows(rule, predictions, class_numbers(y_true, predictions))


def categorical_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0
) -> Values:
    """Return the cross-entropy of shares of classes (N, classes) and predictions (N, classes), for each row.

    Examples
    --------
    >>> categorical_crossentropy([[0.0, 1.0], [0.5, 0.5]], [[0.75, 0.25], [0.5, 0.5]]).round(4)  # -log(1/4), -log(1/2)
    array([1.3863, 0.6931])
    """
    return _of_values(LossRule("categorical_crossentropy", from_logits, label_smoothing), y_true, y_pred)


def binary_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0
) -> Values:
    """Return the mean over the last axis of each value's two-class cross-entropy.

    Examples
    --------
    >>> binary_crossentropy([[1.0], [0.0]], [[0.5], [0.25]]).round(4)
    array([0.6931, 0.2877])
    """
    return _of_values(LossRule("binary_crossentropy", from_logits, label_smoothing), y_true, y_pred)


def binary_focal_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
) -> Values:
    """Return the mean over the last axis of each value's cross-entropy times (1 - right probability)^gamma.

    Examples
    --------
    >>> binary_focal_crossentropy([[1.0], [1.0]], [[0.5], [0.9]]).round(4)  # -log(0.5) × 0.5² and -log(0.9) × 0.1²
    array([0.1733, 0.0011])
    """
    rule = LossRule(
        "binary_focal_crossentropy",
        from_logits,
        label_smoothing,
        alpha=alpha,
        gamma=gamma,
        balanced=apply_class_balancing,
    )
    return _of_values(rule, y_true, y_pred)


def categorical_focal_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
) -> Values:
    """Return the cross-entropy of each row times alpha × (1 - right probability)^gamma.

    Examples
    --------
    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4)  # -log(0.5) × 0.25 × 0.5²
    array([0.0433])
    """
    rule = LossRule("categorical_focal_crossentropy", from_logits, label_smoothing, alpha=alpha, gamma=gamma)
    return _of_values(rule, y_true, y_pred)


def mean_squared_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the mean over the last axis of the squared differences.

    Examples
    --------
    >>> mean_squared_error([[0.0, 1.0], [2.0, 2.0]], [[0.0, 0.5], [1.0, 4.0]])
    Tensor([0.125, 2.5  ])
    """
    return _of_values(LossRule("mean_squared_error"), y_true, y_pred)


def mean_absolute_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the mean over the last axis of the absolute differences.

    Examples
    --------
    >>> mean_absolute_error([[0.0, 1.0], [2.0, 2.0]], [[0.0, 0.5], [1.0, 4.0]])
    Tensor([0.25, 1.5 ])
    """
    return _of_values(LossRule("mean_absolute_error"), y_true, y_pred)


def mean_absolute_percentage_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the mean over the last axis of the differences in percent of the true values.

    Examples
    --------
    >>> mean_absolute_percentage_error([[10.0, 50.0]], [[9.0, 60.0]])  # 10 % and 20 %
    Tensor([15.])
    """
    return _of_values(LossRule("mean_absolute_percentage_error"), y_true, y_pred)


def mean_squared_logarithmic_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the mean over the last axis of the squared differences of log(1 + value).

    Examples
    --------
    >>> mean_squared_logarithmic_error([[0.0]], [[1.0]]).round(4)  # log(2)²
    array([0.4805])
    """
    return _of_values(LossRule("mean_squared_logarithmic_error"), y_true, y_pred)


def huber(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, delta: float = 1.0) -> Values:
    """Return the mean over the last axis of half the squared differences, linear where they are above `delta`.

    Examples
    --------
    >>> huber([[0.0], [0.0]], [[0.5], [3.0]])  # 0.5² / 2, and 3 - 1/2
    Tensor([0.125, 2.5  ])
    """
    return _of_values(LossRule("huber", delta=delta), y_true, y_pred)


def log_cosh(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the mean over the last axis of the logarithms of the differences' hyperbolic cosines.

    Examples
    --------
    >>> log_cosh([[0.0], [0.0]], [[0.1], [10.0]]).round(4)  # about 0.1² / 2, and about 10 - log(2)
    array([5.0000e-03, 9.3069e+00])
    """
    return _of_values(LossRule("log_cosh"), y_true, y_pred)


def poisson(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the mean over the last axis of prediction - true value × log(prediction): for counts.

    Examples
    --------
    >>> poisson([[2.0], [2.0]], [[2.0], [4.0]]).round(4)  # 2 - 2 log(2) is the least for a count of 2
    array([0.6137, 1.2274])
    """
    return _of_values(LossRule("poisson"), y_true, y_pred)


def kl_divergence(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the Kullback-Leibler divergence of the predicted distribution of each row from the true one.

    Examples
    --------
    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).round(4)
    array([0.1438])
    """
    return _of_values(LossRule("kl_divergence"), y_true, y_pred)


def cosine_similarity(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return for each row the negative cosine of the angle between both: -1 where they point the same way.

    Examples
    --------
    >>> cosine_similarity([[1.0, 0.0], [1.0, 0.0]], [[2.0, 0.0], [1.0, 1.0]]).round(4)  # 0° and 45°
    array([-1.    , -0.7071])
    """
    return _of_values(LossRule("cosine_similarity"), y_true, y_pred)


def hinge(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the mean over the last axis of the shortfalls from a margin of 1, for labels -1 and 1 (or 0 and 1).

    Examples
    --------
    >>> hinge([[-1.0], [1.0]], [[-2.0], [0.25]])
    Tensor([0.  , 0.75])
    """
    return _of_values(LossRule("hinge"), signs(y_true), y_pred)


def squared_hinge(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the mean over the last axis of the squared shortfalls from a margin of 1. Labels as for `hinge`.

    Examples
    --------
    >>> squared_hinge([[-1.0], [1.0]], [[-2.0], [0.5]])
    Tensor([0.  , 0.25])
    """
    return _of_values(LossRule("squared_hinge"), signs(y_true), y_pred)


def categorical_hinge(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return for each row how far the right class falls short of a margin of 1 above the best of the others.

    Examples
    --------
    >>> categorical_hinge([[0.0, 1.0], [0.0, 1.0]], [[0.5, 2.0], [0.5, 0.75]])
    Tensor([0.  , 0.75])
    """
    return _of_values(LossRule("categorical_hinge"), y_true, y_pred)


def signs(labels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return labels that are all 0 or 1 as -1 and 1, and others as they are: what hinge losses are computed from.

    Examples
    --------
    >>> signs([0, 1]), signs([-1, 1])
    (array([-1.,  1.]), array([-1.,  1.]))
    """
    values = np.asarray(labels, np.float64)
    return 2 * values - 1 if ((values == 0) | (values == 1)).all() else values
