"""Labels as people hand them over, checked against the loss and the model's outputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine.base import Array
from convoscope.errors import DataError, ShapeError
from convoscope.training.data.inputs import first_bad_sample, numbers
from convoscope.training.losses import Loss
from convoscope.types import Shape

_SPARSE, _CATEGORICAL = "sparse_categorical_crossentropy", "categorical_crossentropy"


def check_targets(y: Any, n: int, output_shape: Shape, loss: Loss, where: str = "fit") -> Array:
    """Return `y` as an array that engines take with that loss.

    Parameters
    ----------
    y : array
        Class numbers (N,) or (N, 1) for a sparse loss, else an array shaped as the outputs.
    n : int
        How many samples there are.
    output_shape : tuple of int
        What the model makes, without the batch axis.
    loss : Loss
    where : str
        What the data is called in messages.

    Returns
    -------
    int32 array of shape (N, *output_shape[:-1]) for a sparse loss, else float32 of shape (N, *output_shape)

    Raises
    ------
    ShapeError
        If there are more or fewer labels than samples, or they do not fit the outputs.
    DataError
        If a label is no class number of the model, is NaN, or belongs to another loss.

    Examples
    --------
    >>> from convoscope.training.losses import SparseCategoricalCrossentropy
    >>> check_targets([[1.0], [2.0]], 2, (3,), SparseCategoricalCrossentropy())
    array([1, 2], dtype=int32)
    """
    array = check_measured(y, n, where)
    loss = loss.settled(array.shape, output_shape)
    if loss.kind == _SPARSE:
        return _class_numbers(array, output_shape, loss, where)
    return _like_outputs(array, output_shape, loss, where)


def check_measured(y: Any, n: int, where: str = "fit") -> Array:
    """Return `y` as an array of finite numbers with one entry for each of `n` samples, whatever it is compared with.

    That is all that is asked of the targets of an output that has metrics but no loss.
    """
    array = numbers(y, where, "y")
    if array.ndim == 0 or len(array) != n:
        count = "one value" if array.ndim == 0 else f"{len(array)} labels"
        raise ShapeError(
            f"{where}: there must be a label for each sample, but x has {n} samples and y has {count} (shape "
            f"{array.shape}). Are the images and labels from the same part of the data?"
        )
    if (index := first_bad_sample(np.ascontiguousarray(array))) is not None:
        raise DataError(
            f"{where}: y contains NaN, infinity or a value above 3.4e38, first in sample {index}. Remove such samples."
        )
    return array


def _class_numbers(array: npt.NDArray[Any], output_shape: Shape, loss: Loss, where: str) -> Array:
    rows, classes = (len(array), *output_shape[:-1]), output_shape[-1]
    if array.shape == (*rows, 1):
        array = array[..., 0]
    if array.shape == (*rows, classes):
        raise DataError(
            f"{where}: y has the shape {array.shape}, as one-hot labels have, but {_SPARSE} takes class numbers of "
            f"shape {rows}. Use loss='{_CATEGORICAL}', or class numbers: y.argmax(axis=-1)."
        )
    if array.shape != rows:
        raise ShapeError(
            f"{where}: {_SPARSE} takes one class number for each sample, y of shape {rows}, but y has the shape "
            f"{array.shape}."
        )
    if array.dtype.kind == "f" and (array != np.floor(array)).any():
        index = int(np.argmax((array != np.floor(array)).reshape(len(array), -1).any(axis=1)))
        raise DataError(
            f"{where}: {_SPARSE} takes class numbers, but y[{index}] is {_first(array, index)}. Whole numbers from 0 "
            f"to {classes - 1} are expected. For regression, use loss='mean_squared_error'."
        )
    wrong = (array < 0) | (array >= classes)
    if (ignored := loss.rule().ignore_class) is not None:
        wrong &= array != ignored
    if wrong.any():
        index = int(np.argmax(wrong.reshape(len(array), -1).any(axis=1)))
        value = int(array[wrong].reshape(-1)[0])
        raise DataError(
            f"{where}: label {value} at y[{index}] is out of range: the model has {classes} classes, so labels go from "
            f"0 to {classes - 1}. {_range_remedy(array, classes)}"
        )
    return np.ascontiguousarray(array, dtype=np.int32)


def _range_remedy(array: npt.NDArray[Any], classes: int) -> str:
    low, high = int(array.min()), int(array.max())
    if low >= 1 and high == classes:
        return "The labels seem to start at 1: use y - 1."
    if low < 0:
        return "Labels start at 0: renumber the classes with labels = np.unique(y, return_inverse=True)[1]."
    return f"Give the last layer {high + 1} units, or renumber the classes from 0."


def _like_outputs(array: npt.NDArray[Any], output_shape: Shape, loss: Loss, where: str) -> Array:
    kind, shape = loss.kind, (len(array), *output_shape)
    if (*array.shape, 1) == shape:
        array = array[..., np.newaxis]
    if array.shape != shape:
        raise _does_not_fit(array, shape, loss, where)
    if loss.judges in ("classes", "yes or no") and array.size and (array.min() < 0 or array.max() > 1):
        wrong = (array < 0) | (array > 1)
        index = int(np.argmax(wrong.reshape(len(array), -1).any(axis=1)))
        raise DataError(
            f"{where}: {kind} takes values from 0 to 1, but y[{index}] contains "
            f"{float(array[wrong].reshape(-1)[0]):g}. {_bounds_remedy(array, loss)}"
        )
    return np.ascontiguousarray(array, dtype=np.float32)


def _bounds_remedy(array: npt.NDArray[Any], loss: Loss) -> str:
    if loss.judges == "classes":
        return "Use one-hot labels: utils.to_categorical(y, classes)."
    if array.ndim == 4:
        return "y / 255 scales byte images to that range, and np.clip(y, 0, 1) clips noisy ones."
    return (
        "Labels of two classes are 0 and 1; for more classes use a softmax with one unit for each and "
        f"loss='{_SPARSE}'."
    )


def _does_not_fit(array: npt.NDArray[Any], shape: Shape, loss: Loss, where: str) -> ShapeError | DataError:
    kind, classes = loss.kind, shape[-1]
    if loss.judges != "values" and classes > 1 and math.prod(array.shape) == math.prod(shape[:-1]):
        return DataError(
            f"{where}: y has the shape {array.shape}, as class numbers have, but {kind} takes labels shaped as the "
            f"outputs, {shape}. Use loss='{_SPARSE}', or one-hot labels: utils.to_categorical(y, {classes})."
        )
    if len(shape) == 4 and array.ndim in (3, 4):
        made, given = ("×".join(map(str, axes)) for axes in (shape[1:], array.shape[1:]))
        return ShapeError(
            f"{where}: {kind} takes images shaped as the model's outputs, {made}, but those of y are {given}. "
            "padding='same' keeps the size of an image, and upsampling undoes pooling only if the size was divisible: "
            "28 → 14 → 7 → 14 → 28."
        )
    return ShapeError(
        f"{where}: {kind} takes labels shaped as the model's outputs, {shape}, but y has the shape {array.shape}. "
        + (
            f"The last layer has {classes} units and the labels have {array.shape[-1]} columns: the numbers must be "
            "equal."
            if array.ndim == len(shape)
            else "Give the last layer one output for each value of a sample."
        )
    )


def _first(array: npt.NDArray[Any], index: int) -> str:
    values = array[index].reshape(-1)
    return f"{float(values[values != np.floor(values)][0]):g}"
