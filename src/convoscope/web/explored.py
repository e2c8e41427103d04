"""A model and what it is looked at with: what the explorer's page is made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.explore.embedding import hidden
from convoscope.explore.image_outputs import checked_targets, has_image_outputs, mean_squared_error, output_range
from convoscope.explore.predictions import Predictions, checked_labels, predictions
from convoscope.explore.submodels import as_batch, batches, class_count, class_names
from convoscope.models.sequential import Sequential
from convoscope.models.value_range import largest_value_of
from convoscope.web.beside import Comparison, check_pair
from convoscope.web.epochs import Epochs
from convoscope.web.exhibits import value_range

_MOST_COMPARED = 10_000  # training images among which the nearest are looked for


@dataclass(frozen=True, eq=False)
class Explored:
    """A model, and what it is looked at with.

    Attributes
    ----------
    model : Sequential
    x : array (N, *input_shape) or None
        Test images, prepared as for training.
    y : array or None
        Their labels; of a model that makes images, the images that should come out.
    x_train, y_train : array or None
        Training images and their labels, to find the nearest among.
    title : str
        What the page calls it.
    beside : Explored, optional
        Another model, with the same images and labels: the page shows the two side by side.
    content : bytes, optional
        The model's file, where it is not the one that is saved.
    epochs : Epochs or None
        Those that it was trained in, if they are known.
    note : str
        What the page says of the model, if there is something to say.
    """

    model: Sequential
    x: npt.NDArray[Any] | None = None
    y: Any = None
    x_train: npt.NDArray[Any] | None = None
    y_train: Any = None
    title: str = "model"
    beside: Explored | None = None
    content: bytes | None = None
    epochs: Epochs | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.beside is not None:
            check_pair(self.model, self.beside.model)

    @cached_property
    def file(self) -> bytes:
        """The model's file, for the page."""
        return self.content or model_file(self.model)

    @cached_property
    def images(self) -> npt.NDArray[Any]:
        """The checked test images (N, *input_shape)."""
        if self.x is None:
            return np.zeros((0, *self.model.plan_input_shape), np.float32)
        return np.asarray(as_batch(self.model, self.x))

    @cached_property
    def input_range(self) -> tuple[float, float]:
        """The value range of them: smallest and largest."""
        if self.x is None:  # then an image is drawn, or comes from a file
            return 0.0, largest_value_of(self.model)
        return value_range(self.x, (self.model.preprocessing or {}).get("max_value"))

    @cached_property
    def has_image_outputs(self) -> bool:
        """Whether the model's outputs are images, and not scores of classes."""
        return has_image_outputs(self.model)

    @cached_property
    def found(self) -> Predictions | None:
        """The classes that the model predicts for them."""
        return predictions(self.model, self.images) if len(self.images) and not self.has_image_outputs else None

    @cached_property
    def labels(self) -> npt.NDArray[np.int64] | None:
        """Their labels as class numbers."""
        if self.y is None or self.found is None:
            return None
        return checked_labels(self.y, len(self.images), len(self.found.names))

    @cached_property
    def targets(self) -> npt.NDArray[Any] | None:
        """The images that should come out of a model that makes images, (N, *output_shape)."""
        if self.y is None or not self.has_image_outputs or not len(self.images):
            return None
        return checked_targets(self.model, self.y, len(self.images))

    @cached_property
    def output_range(self) -> tuple[float, float]:
        """The value range of the images that the model makes."""
        return output_range(self.model, self.input_range) if self.targets is None else value_range(self.targets, None)

    @cached_property
    def error(self) -> float | None:
        """The mean squared error of the images that the model makes, if it is known what should come out."""
        if self.targets is None:
            return None
        return mean_squared_error(self.model.executable().forward, self.images, self.targets)

    @cached_property
    def comparison(self) -> Comparison | None:
        """What classes the two models predict, if there are two, and images."""
        if self.beside is None or self.found is None or self.beside.found is None:
            return None
        return Comparison(self.found, self.beside.found, self.labels)

    @cached_property
    def collection(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], list[int] | None] | None:
        """Training images, what the last hidden layer makes of them, and their labels."""
        if self.x_train is None or self.has_image_outputs:
            return None
        known = np.asarray(as_batch(self.model, self.x_train[:_MOST_COMPARED]))
        features = np.concatenate([hidden(self.model, known[part])[0] for part in batches(len(known))])
        names = class_names(self.model, class_count(self.model))
        labels = None
        if self.y_train is not None:
            labels = checked_labels(self.y_train[:_MOST_COMPARED], len(known), max(2, len(names))).tolist()
        return known, features, labels


def model_file(model: Sequential) -> bytes:
    """Return the model's file, without the optimizer's state."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path, include_optimizer=False)
        return path.read_bytes()
