"""How much each sample counts: sample weights, and class weights turned into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import real
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, DataError, ShapeError
from convoscope.training.data.inputs import first_bad_sample, numbers
from convoscope.types import Shape


def sample_weights(
    y: Array,
    output_shape: Shape,
    class_weight: Mapping[int, float] | str | None = None,
    sample_weight: Any = None,
    where: str = "fit",
) -> npt.NDArray[np.float32] | None:
    """Return what each sample counts, or None if all count the same.

    Parameters
    ----------
    y : array
        Labels as `check_targets` returns them.
    output_shape : tuple of int
        What the model makes, without the batch axis.
    class_weight : dict of class number to weight, ``"auto"`` or None
        Classes that are not named weigh 1. ``"auto"`` weighs each class by the inverse of its frequency, so that all
        classes count the same and the mean over the samples is 1.
    sample_weight : array of shape (N,), optional
        Given together with class weights, the two are multiplied.

    Examples
    --------
    >>> sample_weights(np.array([0, 0, 1], np.int32), (2,), "auto").tolist()
    [0.75, 0.75, 1.5]
    """
    by_sample = None if sample_weight is None else _checked(sample_weight, len(y), where)
    if class_weight is None:
        return by_sample
    by_class = _by_class(y, output_shape, class_weight, where)
    return by_class if by_sample is None else by_class * by_sample


def _checked(sample_weight: Any, n: int, where: str) -> npt.NDArray[np.float32]:
    weights = numbers(sample_weight, where, "sample_weight")
    if weights.shape not in ((n,), (n, 1)):
        raise ShapeError(
            f"{where}: sample_weight must have the shape ({n},), one weight for each sample, but has {weights.shape}."
        )
    with np.errstate(over="ignore"):  # what overflows is infinite, and refused below
        weights = np.ascontiguousarray(weights.reshape(n), dtype=np.float32)
    if (index := first_bad_sample(weights)) is not None or (weights < 0).any():
        index = int(np.argmax(weights < 0)) if index is None else index
        raise DataError(
            f"{where}: sample_weight[{index}] is {weights[index]:g}, but weights must be finite and not negative."
        )
    return weights


def _by_class(
    y: Array, output_shape: Shape, class_weight: Mapping[int, float] | str, where: str
) -> npt.NDArray[np.float32]:
    labels = _labels(y, output_shape, where)
    classes = max(2, output_shape[-1])
    if isinstance(class_weight, str):
        if class_weight != "auto":
            raise ConfigurationError(f"{where}: class_weight must be a dict, 'auto' or None, but is {class_weight!r}.")
        counts = np.bincount(labels, minlength=classes)
        share = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        return np.asarray(share[labels], np.float32)
    if not isinstance(class_weight, Mapping):
        raise ConfigurationError(
            f"{where}: class_weight must be a dict of class number to weight, such as {{0: 1.0, 1: 5.0}}, 'auto' or "
            f"None, but is {class_weight!r}."
        )
    table = np.ones(classes, np.float32)
    for label, value in class_weight.items():
        if label not in range(classes):
            raise ConfigurationError(
                f"{where}: class_weight names class {label!r}, but the model's classes go from 0 to {classes - 1}."
            )
        weight = real(value, f"class_weight[{label}]", where)
        if not (np.isfinite(weight) and weight >= 0):
            raise ConfigurationError(
                f"{where}: class_weight[{label}] must be finite and not negative, but is {value!r}."
            )
        table[int(label)] = weight  # True is class 1, and so is 1.0
    return table[labels]


def _labels(y: Array, output_shape: Shape, where: str) -> npt.NDArray[np.int64]:
    """Return the class number of each sample, whatever form its label has."""
    if len(output_shape) != 1:
        raise ConfigurationError(
            f"{where}: class_weight needs one label for each sample, but the model's output has the shape "
            f"{output_shape}. Use sample_weight."
        )
    labels = y if y.ndim == 1 else y.argmax(axis=-1) if y.shape[-1] > 1 else np.rint(y[:, 0])
    if labels.min() < 0 or labels.max() >= max(2, output_shape[-1]):
        raise ConfigurationError(f"{where}: class_weight needs labels that are classes, but y holds other values.")
    return labels.astype(np.int64)
