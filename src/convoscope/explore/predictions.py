"""What a model predicts: class numbers out of its outputs, and the labels that they are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine.base import Array, Arrays
from convoscope.errors import DataError, ShapeError
from convoscope.explore.submodels import class_count, class_names, ends_in_probabilities, in_batches, main_run
from convoscope.models.network import Network

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's predictions for some images.

    Attributes
    ----------
    scores : array (N, classes)
        The model's outputs; a single output becomes two columns, for class 0 and class 1.
    predicted : array (N,)
    probabilities : bool
        Whether the scores are probabilities; if not, they are logits.
    names : tuple of str
        The classes' names.
    """

    scores: Array
    predicted: Labels
    probabilities: bool
    names: tuple[str, ...]


def predictions(model: Network, images: Arrays) -> Predictions:
    """Return what the model predicts for checked images (N, *input_shape)."""
    class_count(model)
    return predictions_of(model, in_batches(main_run(model), images))


def predictions_of(model: Network, outputs: Array) -> Predictions:
    """Read what the main output made, (N, outputs), as predictions.

    A single output says class 1 from the middle upwards.
    """
    probabilities = ends_in_probabilities(model)
    if outputs.shape[1] == 1:
        against = 1 - outputs if probabilities else -outputs
        outputs = np.concatenate([against, outputs], axis=1)
    names = tuple(class_names(model, outputs.shape[1]))
    return Predictions(outputs, outputs.argmax(axis=1), probabilities, names)


def checked_labels(y: Any, images: int, classes: int) -> Labels:
    """Return the labels as class numbers (N,), from class numbers or one-hot rows, or say what is wrong with them."""
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == classes and classes > 1:
        labels = labels.argmax(axis=1)
    labels = labels.reshape(-1)
    if len(labels) != images:
        raise ShapeError(f"Each image needs one label, but there are {images} images and {len(labels)} labels.")
    if labels.dtype.kind not in "iufb":
        raise DataError(
            f"Labels must be class numbers from 0 to {classes - 1}, but are of type {labels.dtype}. Turn names into "
            "numbers: y = [class_names.index(name) for name in names]."
        )
    numbers = labels.astype(np.int64)
    if not np.array_equal(numbers, labels) or numbers.min() < 0 or numbers.max() >= classes:
        bad = int(np.argmax((numbers != labels) | (numbers < 0) | (numbers >= classes)))
        raise DataError(
            f"Labels must be class numbers from 0 to {classes - 1}, but the label at index {bad} is {labels[bad]}."
        )
    return numbers
