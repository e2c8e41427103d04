"""Images, labels and weights that belong together, checked against the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import real
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, DataError, NotReadyError
from convoscope.training.data import check_inputs, check_targets, sample_weights
from convoscope.training.losses import Loss
from convoscope.training.optimizer import Optimizer
from convoscope.training.trainable import Trainable


@dataclass(frozen=True)
class Samples:
    """Images (N, ...), labels as the loss takes them, and what each sample counts (None: all the same)."""

    x: Array
    y: Array
    weights: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def split(self, validation_split: float) -> tuple[Samples, Samples]:
        """Return the first part and the last `validation_split` of the samples, as views."""
        share = real(validation_split, "validation_split", "fit")
        at = math.floor(len(self) * (1.0 - share))
        if not 0 < at < len(self):
            raise ConfigurationError(
                f"fit: validation_split={validation_split!r} of {len(self)} samples leaves {at} for training and "
                f"{len(self) - at} for validation. It must be above 0 and below 1, with samples for both."
            )
        return self._part(slice(0, at)), self._part(slice(at, None))

    def weighted(self, class_weight: Mapping[int, float] | str | None, model: Trainable, where: str) -> Samples:
        """Return the samples with class weights counted in."""
        output_shape = model.executable().plan.output_shape
        return replace(self, weights=sample_weights(self.y, output_shape, class_weight, self.weights, where))

    def _part(self, part: slice) -> Samples:
        return Samples(self.x[part], self.y[part], None if self.weights is None else self.weights[part])


def compiled(model: Trainable, what: str) -> tuple[Optimizer, Loss]:
    """Return the model's optimizer and loss, or say that it has to be compiled first."""
    if model.optimizer is None:
        raise NotReadyError(
            f"Model {model.name!r} has not been compiled, and {what} needs an optimizer and a loss. Call "
            "model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy']) first."
        )
    if model.loss is None:
        raise NotReadyError(
            f"Model {model.name!r} was compiled without a loss, and {what} needs one: "
            "model.compile(..., loss='sparse_categorical_crossentropy')."
        )
    return model.optimizer, model.loss


def gather(model: Trainable, x: Any, y: Any, sample_weight: Any = None, where: str = "fit") -> Samples:
    """Return data as people hand it over as `Samples` that fit the model.

    Raises
    ------
    ShapeError, DataError, ConfigurationError
        See `check_inputs`, `check_targets`, `sample_weights`.
    """
    _, loss = compiled(model, where)
    if y is None and hasattr(x, "__iter__") and not hasattr(x, "__array__"):
        raise DataError(
            f"{where}: y is missing. Images and labels are two arrays, x and y; generators and data-set objects are "
            "not taken: read them into arrays first."
        )
    output_shape = model.executable().plan.output_shape
    images = check_inputs(x, model.plan_input_shape, where)
    labels = check_targets(y, len(images), output_shape, loss, where)
    return Samples(images, labels, sample_weights(labels, output_shape, None, sample_weight, where))


def gather_validation(model: Trainable, validation_data: Any) -> Samples:
    """Return ``(x, y)`` or ``(x, y, sample_weight)`` as `Samples`."""
    if not isinstance(validation_data, Sequence) or len(validation_data) not in (2, 3):
        raise ConfigurationError(
            f"fit: validation_data must be (x, y) or (x, y, sample_weight), but is a {type(validation_data).__name__}."
        )
    weights = validation_data[2] if len(validation_data) == 3 else None
    return gather(model, validation_data[0], validation_data[1], weights, "validation_data")
