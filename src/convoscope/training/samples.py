"""Inputs, targets and weights that belong together, checked against the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import real
from convoscope.engine.base import Array, each
from convoscope.errors import ConfigurationError, DataError, NotReadyError
from convoscope.training.data import check_measured, check_targets, sample_weights
from convoscope.training.data.by_output import sample_weights_by_output, targets_by_output
from convoscope.training.objective import Objective
from convoscope.training.optimizer import Optimizer
from convoscope.training.trainable import Trainable

Rows = slice | npt.NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """Inputs (N, ...), and for each output its targets and what each sample counts.

    Targets are in the form that the output's loss takes; None where nothing asks for them. Weights are None where all
    samples count the same.
    """

    inputs: list[Array]
    targets: list[Array | None]
    weights: list[Array | None]

    def __len__(self) -> int:
        return len(self.inputs[0])

    def split(self, validation_split: float) -> tuple[Samples, Samples]:
        """Return the first part and the last `validation_split` of the samples, as views."""
        share = real(validation_split, "validation_split", "fit")
        at = math.floor(len(self) * (1.0 - share))
        if not 0 < at < len(self):
            raise ConfigurationError(
                f"fit: validation_split={validation_split!r} of {len(self)} samples leaves {at} for training and "
                f"{len(self) - at} for validation. It must be above 0 and below 1, with samples for both."
            )
        return self.rows(slice(0, at)), self.rows(slice(at, None))

    def weighted(self, class_weight: Mapping[int, float] | str | None, model: Trainable, where: str) -> Samples:
        """Return the samples with class weights counted in."""
        if class_weight is None:
            return self
        if len(self.targets) > 1:
            raise ConfigurationError(
                f"{where}: class_weight is for models with one output, but this one has {len(self.targets)} "
                f"({', '.join(map(repr, model.output_names))}). Weight the samples of each output instead: "
                f"sample_weight={{{model.output_names[0]!r}: weights}}."
            )
        shape, (labels,), (weights,) = model.executable().plan.output_shape, self.targets, self.weights
        assert labels is not None
        return replace(self, weights=[sample_weights(labels, shape, class_weight, weights, where)])

    def learned_targets(self, objective: Objective) -> list[Array | None]:
        """Return the targets of the outputs that have a loss, as engines take them; None for the others."""
        return [
            None if goal.loss is None or y is None else goal.loss.engine_targets(y)
            for goal, y in zip(objective.goals, self.targets, strict=True)
        ]

    def rows(self, rows: Rows) -> Samples:
        """Return some of the samples: views of them where they lie side by side."""
        return Samples([x[rows] for x in self.inputs], part_of(self.targets, rows), part_of(self.weights, rows))


def part_of(arrays: Sequence[Array | None], rows: Rows) -> list[Array | None]:
    """Return the same rows of each array that is there."""
    return [None if array is None else array[rows] for array in arrays]


def compiled(model: Trainable, what: str) -> tuple[Optimizer, Objective]:
    """Return the model's optimizer and objective, or say that it has to be compiled first."""
    if model.optimizer is None or model.objective is None:
        raise NotReadyError(
            f"Model {model.name!r} has not been compiled, but {what} needs an optimizer and a loss. Call "
            "model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy']) first."
        )
    if not model.objective.learned:
        of_none = f" for any of its {len(model.objective.goals)} outputs" if len(model.objective.goals) > 1 else ""
        raise NotReadyError(
            f"Model {model.name!r} was compiled without a loss{of_none}, but {what} needs one: model.compile(..., "
            "loss='sparse_categorical_crossentropy')."
        )
    return model.optimizer, model.objective


def gather(model: Trainable, x: Any, y: Any, sample_weight: Any = None, where: str = "fit") -> Samples:
    """Return data as people hand them over as `Samples` that fit the model.

    Raises
    ------
    ShapeError, DataError, ConfigurationError
        See `check_inputs`, `check_targets`, `sample_weights`.
    """
    _, objective = compiled(model, where)
    if y is None:
        raise DataError(
            f"{where}: y is missing. Pass images and labels as two arrays, x and y; generators and data sets must "
            "yield (x, y) for each batch."
        )
    inputs = each(model.check_inputs(x, where), 1)
    count, shapes = len(inputs[0]), model.executable().plan.output_shapes
    names = model.output_names
    wheres = [where] if len(names) == 1 else [f"{where}, output {name!r}" for name in names]
    given = targets_by_output(y, names, objective, count, shapes[0], where)
    targets: list[Array | None] = []
    for goal, own, shape, place in zip(objective.goals, given, shapes, wheres, strict=True):
        if goal.loss is not None:
            targets.append(check_targets(own, count, shape, goal.loss, place))
        else:
            targets.append(None if own is None and not goal.is_measured else check_measured(own, count, place))
    weights = [
        None if own is None else sample_weights(np.empty(count), shape, None, own, place)
        for own, shape, place in zip(sample_weights_by_output(sample_weight, names, where), shapes, wheres, strict=True)
    ]
    return Samples(list(inputs), targets, list(weights))
