"""Losses and accuracies as plain NumPy functions, in double precision: the values that engines are held to.

Each takes true values and predictions, and returns one value for each row, a row being the last axis of the
predictions. Formulas are Keras'.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError, ShapeError

Values = npt.NDArray[np.float64]
_EPSILON = 1e-7  # Keras' fuzz: probabilities stay this far from 0 and 1


def running_sum(total: float, values: npt.ArrayLike) -> float:
    """Return `total` and all the values added to it, one after the other in double precision.

    However the values are divided among calls, the sum is the same to the last bit. (NumPy's own sum adds in pairs.)

    Examples
    --------
    >>> values = [0.1, 0.2, 0.3, 0.4, 0.5]
    >>> running_sum(0.0, values) == running_sum(running_sum(0.0, values[:2]), values[2:])
    True
    """
    flat = np.asarray(values, np.float64).reshape(-1)
    return float(np.add.accumulate(np.concatenate(([total], flat)))[-1])


def sparse_categorical_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0
) -> Values:
    """Return the cross-entropy of class numbers (N,) and predictions (N, classes), for each row.

    Examples
    --------
    >>> sparse_categorical_crossentropy([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]).round(4)
    array([0.0513, 2.3026])
    """
    predictions = np.asarray(y_pred, np.float64)
    labels = class_numbers(y_true, predictions)
    one_hot = np.zeros_like(predictions)
    np.put_along_axis(one_hot, labels[..., None], 1.0, axis=-1)
    return categorical_crossentropy(one_hot, predictions, from_logits, label_smoothing)


def categorical_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0
) -> Values:
    """Return the cross-entropy of shares of classes (N, classes) and predictions (N, classes), for each row."""
    targets, predictions = _same_shape(y_true, y_pred)
    targets = targets * (1.0 - label_smoothing) + label_smoothing / predictions.shape[-1]
    if from_logits:
        shifted = predictions - predictions.max(axis=-1, keepdims=True)
        logarithms = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    else:
        shares = predictions / predictions.sum(axis=-1, keepdims=True)
        logarithms = np.log(np.clip(shares, _EPSILON, 1.0 - _EPSILON))
    return -(targets * logarithms).sum(axis=-1)  # type: ignore[no-any-return]


def binary_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0
) -> Values:
    """Return the mean over the last axis of each value's two-class cross-entropy.

    Examples
    --------
    >>> binary_crossentropy([[1.0], [0.0]], [[0.5], [0.25]]).round(4)
    array([0.6931, 0.2877])
    """
    targets, predictions = _same_shape(y_true, y_pred)
    targets = targets * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        # -[t log s(z) + (1 - t) log(1 - s(z))], written so that no exponential overflows.
        values = np.maximum(predictions, 0.0) - predictions * targets + np.log1p(np.exp(-np.abs(predictions)))
    else:
        shares = np.clip(predictions, _EPSILON, 1.0 - _EPSILON)
        values = -(targets * np.log(shares) + (1.0 - targets) * np.log(1.0 - shares))
    return values.mean(axis=-1)  # type: ignore[no-any-return]


def mean_squared_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return the mean over the last axis of the squared differences."""
    targets, predictions = _same_shape(y_true, y_pred)
    return ((targets - predictions) ** 2).mean(axis=-1)  # type: ignore[no-any-return]


def sparse_categorical_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return 1 where the largest prediction is that of the true class number, else 0."""
    predictions = np.asarray(y_pred)
    return _ones_where(predictions.argmax(axis=-1) == class_numbers(y_true, predictions))


def categorical_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return 1 where the largest prediction is at the largest true value, else 0."""
    targets, predictions = _same_shape(y_true, y_pred, dtype=None)
    return _ones_where(predictions.argmax(axis=-1) == targets.argmax(axis=-1))


def binary_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, threshold: float = 0.5) -> Values:
    """Return for each value 1 if it lies above the threshold where the true value is 1, and not above where it is 0."""
    targets, predictions = _same_shape(y_true, y_pred, dtype=None)
    return _ones_where((predictions > threshold) == targets)


def sparse_top_k_categorical_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, k: int = 5) -> Values:
    """Return 1 where fewer than `k` classes are predicted above the true one (so that ties count), else 0.

    Examples
    --------
    >>> sparse_top_k_categorical_accuracy([2, 2], [[0.5, 0.3, 0.2], [0.6, 0.2, 0.2]], k=2)
    array([0., 1.])
    """
    predictions = np.asarray(y_pred)
    own = np.take_along_axis(predictions, class_numbers(y_true, predictions)[..., None], axis=-1)
    return _ones_where((predictions > own).sum(axis=-1) < k)


def top_k_categorical_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, k: int = 5) -> Values:
    """Return 1 where fewer than `k` classes are predicted above the one with the largest true value, else 0."""
    targets, predictions = _same_shape(y_true, y_pred, dtype=None)
    return sparse_top_k_categorical_accuracy(targets.argmax(axis=-1), predictions, k)


def confusion_matrix(
    y_true: npt.ArrayLike, y_pred_labels: npt.ArrayLike, classes: int | None = None
) -> npt.NDArray[np.int64]:
    """Count how often each true class (row) was taken for each class (column).

    Parameters
    ----------
    y_true, y_pred_labels : arrays of class numbers, equally long
    classes : int, optional
        How many classes there are; left out, one more than the largest number.

    Returns
    -------
    int64 array of shape (classes, classes)

    Examples
    --------
    >>> confusion_matrix([0, 0, 1], [0, 1, 1])
    array([[1, 1],
           [0, 1]])
    """
    truth = np.asarray(y_true).reshape(-1).astype(np.int64)
    guess = np.asarray(y_pred_labels).reshape(-1).astype(np.int64)
    if truth.shape != guess.shape:
        raise ShapeError(f"confusion_matrix: there are {len(truth)} true labels and {len(guess)} predicted ones.")
    both = np.concatenate([truth, guess])
    count = (int(both.max(initial=-1)) + 1) if classes is None else classes
    if both.size and (both.min() < 0 or both.max() >= count):
        wrong = int(both.min()) if both.min() < 0 else int(both.max())
        raise DataError(f"confusion_matrix: labels must be from 0 to {count - 1}, but there is {wrong}.")
    return np.bincount(truth * count + guess, minlength=count * count).reshape(count, count)


def class_numbers(y_true: npt.ArrayLike, predictions: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return labels as int64, one for each row of the predictions; (N, 1) is taken for (N,)."""
    labels = np.asarray(y_true)
    rows = predictions.shape[:-1]
    if labels.shape == (*rows, 1):
        labels = labels[..., 0]
    if labels.shape != rows:
        raise ShapeError(
            f"Class numbers of shape {rows} are expected for predictions of shape {predictions.shape}, but "
            f"{labels.shape} came. For one-hot labels there are the functions without 'sparse' in their names."
        )
    return labels.astype(np.int64)


def _ones_where(condition: Any) -> Values:
    return np.asarray(condition, np.float64)


def _same_shape(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, dtype: type | None = np.float64
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    targets, predictions = np.asarray(y_true, dtype), np.asarray(y_pred, dtype)
    if (*targets.shape, 1) == predictions.shape:
        targets = targets[..., None]
    if targets.shape != predictions.shape:
        raise ShapeError(
            f"True values must be shaped as the predictions, {predictions.shape}, but are {targets.shape}. For class "
            "numbers there are the functions with 'sparse' in their names."
        )
    return targets, predictions
