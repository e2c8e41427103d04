"""Accuracies as plain NumPy functions, with Keras' formulas.

Each takes true values and predictions, and returns one value for each row, a row being the last axis of the
predictions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError, ShapeError
from convoscope.training.shapes import class_numbers, same_shape

Values = npt.NDArray[np.float64]


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


def sparse_categorical_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return 1 where the largest prediction is that of the true class number, else 0.

    Examples
    --------
    >>> sparse_categorical_accuracy([1, 0], [[0.3, 0.7], [0.4, 0.6]])
    array([1., 0.])
    """
    predictions = np.asarray(y_pred)
    return _ones_where(predictions.argmax(axis=-1) == class_numbers(y_true, predictions))


def categorical_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Values:
    """Return 1 where the largest prediction is at the largest true value, else 0.

    Examples
    --------
    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.3, 0.7], [0.4, 0.6]])
    array([1., 0.])
    """
    targets, predictions = same_shape(y_true, y_pred, dtype=None)
    return _ones_where(predictions.argmax(axis=-1) == targets.argmax(axis=-1))


def binary_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, threshold: float = 0.5) -> Values:
    """Return for each value 1 if it is on the right side of `threshold`, else 0: above it for 1, not above it for 0.

    Examples
    --------
    >>> binary_accuracy([[1, 0, 1], [0, 0, 0]], [[0.9, 0.2, 0.6], [0.7, 0.1, 0.8]])
    array([[1., 1., 1.],
           [0., 1., 0.]])
    """
    targets, predictions = same_shape(y_true, y_pred, dtype=None)
    return _ones_where((predictions > threshold) == targets)


def sparse_top_k_categorical_accuracy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> Values:
    """Return 1 where fewer than `k` classes are predicted above the true one (so that ties count), else 0.

    Where predictions are sorted class numbers, return 1 where the true one is among the first `k`.

    Examples
    --------
    >>> sparse_top_k_categorical_accuracy([2, 2], [[0.5, 0.3, 0.2], [0.6, 0.2, 0.2]], k=2)
    array([0., 1.])
    """
    predictions = np.asarray(y_pred)
    labels = class_numbers(y_true, predictions)[..., None]
    if from_sorted_ids:
        return _ones_where((predictions[..., :k] == labels).any(axis=-1))
    own = np.take_along_axis(predictions, labels, axis=-1)
    return _ones_where((predictions > own).sum(axis=-1) < k)


def top_k_categorical_accuracy(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, k: int = 5) -> Values:
    """Return 1 where fewer than `k` classes are predicted above the one with the largest true value, else 0.

    Examples
    --------
    >>> top_k_categorical_accuracy([[0, 0, 1], [1, 0, 0]], [[0.5, 0.2, 0.3], [0.1, 0.6, 0.3]], k=2)
    array([1., 0.])
    """
    targets, predictions = same_shape(y_true, y_pred, dtype=None)
    return sparse_top_k_categorical_accuracy(targets.argmax(axis=-1), predictions, k)


def confusion_matrix(
    y_true: npt.ArrayLike, y_pred_labels: npt.ArrayLike, classes: int | None = None
) -> npt.NDArray[np.int64]:
    """Count how often each true class (row) was predicted as each class (column).

    Parameters
    ----------
    y_true, y_pred_labels : arrays of class numbers, equally long
    classes : int, optional
        How many classes there are; if left out, one more than the largest number.

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


def _ones_where(condition: Any) -> Values:
    return np.asarray(condition, np.float64)
