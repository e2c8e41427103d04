"""True values and predictions brought to shapes that belong together, as Keras does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ShapeError


def class_numbers(y_true: npt.ArrayLike, predictions: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return labels as int64, one for each row of the predictions; (N, 1) is taken for (N,)."""
    labels = np.asarray(y_true)
    rows = predictions.shape[:-1]
    if labels.shape == (*rows, 1):
        labels = labels[..., 0]
    if labels.shape != rows:
        raise ShapeError(
            f"Class numbers of shape {rows} are expected for predictions of shape {predictions.shape}, but got "
            f"{labels.shape}. For one-hot labels, use the functions without 'sparse' in their names."
        )
    return labels.astype(np.int64)


def same_shape(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, dtype: type | None = np.float64
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return both as arrays of one shape: one of them may lack the last axis, or have it with a length of 1."""
    targets, predictions = np.asarray(y_true, dtype), np.asarray(y_pred, dtype)
    if (*targets.shape, 1) == predictions.shape:
        targets = targets[..., None]
    elif (*predictions.shape, 1) == targets.shape:
        targets = targets[..., 0]
    if targets.shape != predictions.shape:
        raise ShapeError(
            f"True values must have the shape of the predictions, {predictions.shape}, but are {targets.shape}. For "
            "class numbers, use the functions with 'sparse' in their names."
        )
    return targets, predictions
