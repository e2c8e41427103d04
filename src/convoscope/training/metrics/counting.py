"""True and false positives and negatives of predictions above thresholds, counted as Keras counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import real
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.training.shapes import same_shape

Values = npt.NDArray[np.float64]
EPSILON = 1e-7
LOWEST = -1e10  # below every prediction: what is not among the largest ones


@dataclass
class Counts:
    """Weighted counts for each threshold, (T,), or for each threshold and label, (T, L)."""

    true_positives: Any = 0.0
    false_positives: Any = 0.0
    true_negatives: Any = 0.0
    false_negatives: Any = 0.0

    def add(self, more: Counts) -> None:
        """Take in the counts of more samples."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(more, name))


def count(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    thresholds: npt.NDArray[np.float64],
    sample_weight: npt.ArrayLike | None = None,
    *,
    top_k: int | None = None,
    class_id: int | None = None,
    by_label: bool = False,
    label_weights: Values | None = None,
) -> Counts:
    """Return how often predictions above each threshold belong to true labels.

    Parameters
    ----------
    y_true, y_pred : arrays of one shape
        What is not 0 is true.
    thresholds : array of shape (T,)
        In ascending order.
    sample_weight : array of shape (N,), or that of the predictions, optional
    top_k : int, optional
        Only the largest predictions of each row can be positive.
    class_id : int, optional
        Only this index of the last axis counts.
    by_label : bool
        Whether each index of the last axis, (N, L), is counted on its own.
    label_weights : array of shape (L,), optional

    Notes
    -----
    Evenly spaced thresholds are compared as Keras does it, by the bucket that a prediction falls into, in single
    precision; predictions are cut off at 0 and 1 first.
    """
    labels, predictions = same_shape(y_true, y_pred, dtype=np.float32)
    weights: Values = np.ones(predictions.shape)
    if sample_weight is not None:
        weights = weights * _spread(np.asarray(sample_weight, np.float64), predictions.shape)
    if label_weights is not None:
        weights = weights * label_weights
    if top_k is not None:
        predictions = _largest(predictions, top_k)
    if class_id is not None:
        if predictions.ndim < 2 or not 0 <= class_id < predictions.shape[-1]:
            raise ShapeError(
                f"class_id={class_id} needs predictions with as many classes, but their shape is {predictions.shape}."
            )
        labels, predictions, weights = (array[..., class_id, None] for array in (labels, predictions, weights))
    columns = predictions.shape[-1] if by_label else 1
    truth = (labels != 0).reshape(-1, columns)
    weights, predictions = weights.reshape(-1, columns), predictions.reshape(-1, columns)
    yes, no = np.where(truth, weights, 0), np.where(truth, 0, weights)
    above = _above_buckets if evenly_spaced(thresholds) else _above
    positives = [above(predictions, part, thresholds) for part in (yes, no)]  # (T, columns) each
    found = [*positives, no.sum(axis=0) - positives[1], yes.sum(axis=0) - positives[0]]
    return Counts(*(each if by_label else each[:, 0] for each in found))


def _spread(weights: Values, shape: tuple[int, ...]) -> Values:
    """Return weights as they fit predictions: one for each sample, or for more."""
    if weights.ndim == len(shape) + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    missing = len(shape) - weights.ndim
    try:
        return np.broadcast_to(weights.reshape(*weights.shape, *[1] * missing), shape)
    except ValueError:
        raise ShapeError(
            f"sample_weight must have the shape {shape[:1]}, one weight for each sample, or {shape}, but has "
            f"{weights.shape}."
        ) from None


def _largest(predictions: npt.NDArray[Any], k: int) -> npt.NDArray[Any]:
    kept = np.argsort(-predictions, axis=-1, kind="stable")[..., :k]
    mask = np.zeros(predictions.shape, bool)
    np.put_along_axis(mask, kept, True, axis=-1)
    return np.where(mask, predictions, np.float32(LOWEST))


def _above(predictions: npt.NDArray[Any], part: Values, thresholds: Values) -> Values:
    """Return the sum of `part` where predictions are above each threshold: (T, columns)."""
    order = np.argsort(predictions, axis=0)
    ordered = np.take_along_axis(predictions, order, axis=0)
    sums = np.zeros((len(part) + 1, part.shape[1]))
    sums[1:] = np.cumsum(np.take_along_axis(part, order, axis=0), axis=0)
    places = [np.searchsorted(column, thresholds.astype(np.float32), side="right") for column in ordered.T]
    below = np.take_along_axis(sums, np.stack(places, axis=1), axis=0)
    found: Values = sums[-1] - below
    return found


def _above_buckets(predictions: npt.NDArray[Any], part: Values, thresholds: Values) -> Values:
    count = len(thresholds)
    bucket = np.ceil(np.clip(predictions, 0, 1) * np.float32(count - 1)).astype(np.int64) - 1
    if thresholds[0] < 0 or thresholds[-1] > 1:
        bucket = np.maximum(bucket, 0)  # the first threshold is below 0: all predictions are above it
    sums = np.zeros((count + 1, part.shape[1]))
    np.add.at(sums, (bucket, np.arange(part.shape[1])), part)  # the last row takes those in no bucket, -1
    return np.cumsum(sums[count - 1 :: -1], axis=0)[::-1]


def evenly_spaced(thresholds: npt.NDArray[np.float64]) -> bool:
    """Whether there are at least three thresholds, and they divide 0 to 1 into equal parts."""
    count = len(thresholds)
    return count >= 3 and bool(
        np.allclose(thresholds, np.arange(count, dtype=np.float32) / (count - 1), atol=EPSILON * 1.5)
    )


def checked_thresholds(given: Any, default: float, where: str) -> npt.NDArray[np.float64]:
    """Return one threshold or a list of them as an array of values from 0 to 1."""
    if given is None:
        return np.array([default])
    values = np.array([real(each, "thresholds", where) for each in (given if np.ndim(given) else [given])])
    if not len(values) or (values < 0).any() or (values > 1).any():
        raise ConfigurationError(f"{where}: thresholds must be from 0 to 1, but are {given!r}.")
    return values


def share(part: Any, whole: Any) -> Any:
    """Return part / whole, and 0 where both are."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole != 0)
