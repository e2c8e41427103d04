"""A model and what it is looked at with: what the explorer's page is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine.base import each, plain
from convoscope.explore.embedding import hidden_run, hidden_value
from convoscope.explore.image_outputs import checked_targets, has_image_outputs, mean_squared_error, output_range
from convoscope.explore.predictions import Predictions, checked_labels, predictions, predictions_of
from convoscope.explore.submodels import (
    as_batch,
    as_inputs,
    class_count,
    class_names,
    main_run,
    main_target,
)
from convoscope.models.network import Network
from convoscope.models.value_range import largest_value_of
from convoscope.transfer import FeatureStore, View, digest_of_features
from convoscope.web.beside import Comparison, check_pair
from convoscope.web.epochs import Epochs
from convoscope.web.exhibits import value_range
from convoscope.web.gradually import Gradually, Kept

_LARGE = 30_000_000  # multiply-adds of one image: a browser takes about a tenth of a second for them
_AT_ONCE = 5_000_000_000  # multiply-adds of all images that are counted before the page opens: half a second


@dataclass(frozen=True)
class Files:
    """The files of training images.

    Attributes
    ----------
    digests : sequence of str
        Of their contents, in the order of the images.
    preprocessing : dict
        How they became images.
    """

    digests: Sequence[str]
    preprocessing: dict[str, Any]

    def kept(self, model: Network, count: int) -> Kept:
        """Return where the features that a model makes of the first images are kept."""
        recipe = View.of(self.preprocessing).recipe(digest_of_features(model))
        width = int(np.prod(model.graph.shape_of(hidden_value(model))))
        return Kept(FeatureStore(), recipe, width, self.digests[:count])


@dataclass(frozen=True, eq=False)
class Explored:
    """A model, and what it is looked at with.

    Attributes
    ----------
    model : Sequential or Model
    x : array (N, *input_shape), a list of those for a model with several inputs, or None
        Test images, prepared as for training.
    y : array or None
        Their labels; of a model that makes images, the images that should come out. Of several outputs, those of the
        main one, or a list or dict with something for each.
    x_train, y_train : array or None
        Training images and their labels, to find the nearest among.
    files : Files, optional
        What the training images are read from: what a large network makes of them is then kept for the next time.
    tour : dict, optional
        Your own tour through the page, as `convoscope.web.tours.read_tour` returns it.
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
    part : {"test", "validation", "training", "sample"}
        What the images are, which the page says beside how many of them are right.
    """

    model: Network
    x: Any = None
    y: Any = None
    x_train: Any = None
    y_train: Any = None
    title: str = "model"
    beside: Explored | None = None
    content: bytes | None = None
    epochs: Epochs | None = None
    note: str = ""
    part: str = "test"
    files: Files | None = None
    tour: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.beside is not None:
            check_pair(self.model, self.beside.model)

    @cached_property
    def file(self) -> bytes:
        """The model's file, for the page."""
        return self.content or model_file(self.model)

    @cached_property
    def inputs(self) -> Any:
        """The checked test images as the model takes them: (N, *input_shape), or a list of those."""
        if self.x is None:
            return plain([np.zeros((0, *shape), np.float32) for shape in self.model.plan_input_shapes])
        return as_inputs(self.model, self.x)

    @cached_property
    def images(self) -> npt.NDArray[Any]:
        """The checked test images (N, *input_shape); of several inputs those of the first."""
        return self.all_images[0]

    @cached_property
    def all_images(self) -> list[npt.NDArray[Any]]:
        """The checked test images of each input."""
        return [np.asarray(images) for images in each(self.inputs, 1)]

    @cached_property
    def input_ranges(self) -> list[tuple[float, float]]:
        """The value range of each input's images: smallest and largest."""
        told = (self.model.preprocessing or {}).get("max_value")
        if self.x is None:  # then an image is drawn, or comes from a file
            return [(0.0, largest_value_of(self.model))] * len(self.model.plan_input_shapes)
        return [value_range(images, told) for images in self.all_images]

    @property
    def input_range(self) -> tuple[float, float]:
        """The value range of the first input's images."""
        return self.input_ranges[0]

    @cached_property
    def has_image_outputs(self) -> bool:
        """Whether the model's outputs are images, and not scores of classes."""
        return has_image_outputs(self.model)

    @cached_property
    def found(self) -> Predictions | None:
        """The classes that the model predicts for them."""
        if self.has_image_outputs or not len(self.images):
            return None
        if self.counting is None:
            return predictions(self.model, self.inputs)
        self.counting.more(np.inf)
        return predictions_of(self.model, self.counting.known)

    @cached_property
    def labels(self) -> npt.NDArray[np.int64] | None:
        """Their labels as class numbers."""
        if self.y is None or self.has_image_outputs or not len(self.images):
            return None
        classes = max(2, class_count(self.model))
        return checked_labels(main_target(self.model, self.y), len(self.images), classes)

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
        return mean_squared_error(main_run(self.model), self.inputs, self.targets)

    @cached_property
    def comparison(self) -> Comparison | None:
        """What classes the two models predict, if there are two, and images."""
        if self.beside is None or self.found is None or self.beside.found is None:
            return None
        return Comparison(self.found, self.beside.found, self.labels)

    @cached_property
    def training_images(self) -> TrainingImages | None:
        """Training images, to find the nearest among, with what the last hidden layer makes of them."""
        if self.x_train is None or self.has_image_outputs or len(self.model.plan_input_shapes) > 1:
            return None
        images = np.asarray(as_batch(self.model, self.x_train, "nearest"))
        names = class_names(self.model, class_count(self.model))
        labels = None
        if self.y_train is not None:
            labels = checked_labels(self.y_train, len(images), max(2, len(names))).tolist()
        kept = None if self.files is None or not self.is_large else self.files.kept(self.model, len(images))
        return TrainingImages(images, labels, Gradually(hidden_run(self.model), images, kept))

    @cached_property
    def multiply_adds(self) -> list[int]:
        """How many products of each call of a layer are summed, for one sample."""
        graph = self.model.graph
        costs = [0] * len(graph.calls)
        for step in self.model.executable(fused=False).plan.steps:
            costs[step.calls[0]] += step.multiply_adds
        return costs

    @cached_property
    def is_large(self) -> bool:
        """Whether a browser would take long to run the model: then the running Python does."""
        return sum(self.multiply_adds) > _LARGE

    @cached_property
    def counting(self) -> Gradually | None:
        """The main output for all test images, computed a few at a time; None where they are counted at once."""
        if self.has_image_outputs or sum(self.multiply_adds) * len(self.images) <= _AT_ONCE:
            return None
        return Gradually(main_run(self.model), self.inputs)


@dataclass(frozen=True, eq=False)
class TrainingImages:
    """Training images (N, *input_shape), their labels, and what the last hidden layer makes of them (N, features)."""

    images: npt.NDArray[Any]
    labels: list[int] | None
    features: Gradually


def model_file(model: Network) -> bytes:
    """Return the model's file, without the optimizer's state."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path, include_optimizer=False)
        return path.read_bytes()
