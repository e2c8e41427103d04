"""What becomes of many values: sums, means, the largest, and where it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope import layers
from convoscope.errors import ConfigurationError
from convoscope.keras.arrays.eager import Axis, axes_of, eager
from convoscope.layers.symbols import Symbol
from convoscope.tensors import Tensor, tensor


def _mean_of_symbol(x: Symbol, axis: Axis = None, keepdims: bool = False, name: str | None = None) -> Symbol:
    if x.ndim == 4 and axes_of(axis) in ((1, 2), (-3, -2)):
        result: Symbol = layers.GlobalAveragePooling2D(keepdims=keepdims)(x)
        return result
    raise ConfigurationError(
        f"The mean of a symbol along the axes {axis} is not supported; GlobalAveragePooling2D takes the mean of each "
        "map (axes 1 and 2)."
    )


@eager(_mean_of_symbol)
def reduce_mean(x: Any, axis: Axis = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Return the mean."""
    return np.mean(x, axes_of(axis), keepdims=keepdims)


@eager()
def reduce_sum(x: Any, axis: Axis = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Return the sum."""
    return np.sum(x, axes_of(axis), keepdims=keepdims)


@eager()
def reduce_prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the product."""
    return np.prod(x, axes_of(axis), keepdims=keepdims)


@eager()
def reduce_max(x: Any, axis: Axis = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Return the largest value."""
    return np.max(x, axes_of(axis), keepdims=keepdims)


@eager()
def reduce_min(x: Any, axis: Axis = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Return the smallest value."""
    return np.min(x, axes_of(axis), keepdims=keepdims)


@eager()
def reduce_std(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the standard deviation."""
    return np.std(x, axes_of(axis), keepdims=keepdims)


@eager()
def reduce_variance(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the variance."""
    return np.var(x, axes_of(axis), keepdims=keepdims)


@eager()
def reduce_any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return whether any value is true."""
    return np.any(x, axes_of(axis), keepdims=keepdims)


@eager()
def reduce_all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return whether all values are true."""
    return np.all(x, axes_of(axis), keepdims=keepdims)


@eager()
def argmax(x: Any, axis: int | None = None, output_type: Any = np.int64) -> Any:
    """Return the index of the largest value."""
    return np.asarray(np.argmax(x, axis)).astype(output_type)


def tf_argmax(input: Any, axis: int | None = 0, output_type: Any = np.int64, name: str = "") -> Any:
    """Return the index of the largest value; TensorFlow's ``tf.argmax`` goes along the first axis if none is named."""
    return argmax(input, axis, output_type)


@eager()
def argmin(x: Any, axis: int | None = None) -> Any:
    """Return the index of the smallest value."""
    return np.argmin(x, axis)


@eager()
def argsort(x: Any, axis: int = -1, direction: str = "ASCENDING") -> Any:
    """Return the indices that sort the values."""
    values = np.asarray(x)
    return np.argsort(-values if direction == "DESCENDING" else values, axis, kind="stable")


@eager()
def sort(x: Any, axis: int = -1, direction: str = "ASCENDING") -> Any:
    """Return the values in order."""
    ordered = np.sort(x, axis)
    return np.flip(ordered, axis) if direction == "DESCENDING" else ordered


def top_k(x: Any, k: int = 1, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """Return the `k` largest values of each row, and their indices."""
    values = np.asarray(x)
    indices = np.argsort(-values, -1, kind="stable")[..., :k]
    return tensor(np.take_along_axis(values, indices, -1)), tensor(indices.astype(np.int32))


@eager()
def confusion_matrix(
    labels: Any, predictions: Any, num_classes: int | None = None, weights: Any = None, dtype: Any = np.int32
) -> Any:
    """Return how often each class (a row) was taken for each (a column); of weights, their sums."""
    rows, columns = np.asarray(labels, np.int64).ravel(), np.asarray(predictions, np.int64).ravel()
    classes = int(max(rows.max(initial=-1), columns.max(initial=-1))) + 1 if num_classes is None else int(num_classes)
    table = np.zeros((classes, classes), dtype)
    np.add.at(table, (rows, columns), 1 if weights is None else np.asarray(weights, dtype).ravel())
    return table
