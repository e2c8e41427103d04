"""What engines check of the arrays that they are given."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from convoscope.engine.base import Array, each
from convoscope.engine.loss_rule import LossRule
from convoscope.engine.plan import Plan
from convoscope.errors import ConfigurationError, DataError, ShapeError


def check_weights(plan: Plan, weights: Sequence[Array]) -> None:
    """Say so if a weight is missing, or is not an array that training can write, or not of the planned shape."""
    if len(weights) != len(plan.weights):
        raise ConfigurationError(f"The plan has {len(plan.weights)} weights; {len(weights)} were given.")
    for planned, array in zip(plan.weights, weights, strict=True):
        good = array.dtype == np.float32 and array.flags.c_contiguous and array.flags.writeable
        if not good or array.shape != planned.shape:
            raise ConfigurationError(
                f"Weight {planned.name!r} of layer {planned.layer} should be a writable C-contiguous float32 array "
                f"shaped {planned.shape}; got {array.dtype} shaped {array.shape}."
            )


def check_inputs(plan: Plan, inputs: Sequence[Array]) -> int:
    """Return how many samples the inputs have, or say which of them does not fit the plan."""
    if len(inputs) != len(plan.input_shapes):
        raise ShapeError(f"Expected {len(plan.input_shapes)} inputs; got {len(inputs)}.")
    samples = len(inputs[0]) if inputs[0].ndim else 0
    for array, shape in zip(inputs, plan.input_shapes, strict=True):
        expect_shape("The input", array, (samples, *shape))
    return samples


def are_finite(inputs: Sequence[Array]) -> bool:
    """Whether all values of the inputs that are float32 are finite."""
    return all(bool(np.isfinite(array).all()) for array in inputs if array.dtype == np.float32)


def targets_for(
    plan: Plan, y: Array | Sequence[Array | None], loss: Sequence[LossRule | None], samples: int
) -> list[Array | None]:
    """Return each output's targets as its loss takes them, checked; None for those without a loss or targets."""
    given = zip(loss, each(y, len(plan.outputs)), plan.output_shapes, strict=True)
    return [None if rule is None or own is None else _targets(own, samples, shape, rule) for rule, own, shape in given]


def sample_weights_for(plan: Plan, given: Array | Sequence[Array | None] | None, samples: int) -> list[Array | None]:
    """Return each output's sample weights, checked; None for those without."""
    weights: list[Array | None] = []
    for weight in each(given, len(plan.outputs)):
        weights.append(None if weight is None else np.ascontiguousarray(weight, np.float32))
        if weights[-1] is not None:
            expect_shape("The sample weights", weights[-1], (samples,))
    return weights


def expect_shape(what: str, array: Array, shape: tuple[int, ...]) -> None:
    """Say so if an array has another shape."""
    if array.shape != shape:
        raise ShapeError(f"{what} should be shaped {shape}; got {array.shape}.")


def _targets(y: Array, samples: int, output_shape: tuple[int, ...], loss: LossRule) -> Array:
    shape = (samples, *output_shape)
    if not loss.sparse:
        y = np.ascontiguousarray(y, np.float32)
        expect_shape("The targets", y, shape)
        return y
    labels = np.ascontiguousarray(y, np.int32)
    if labels.size != math.prod(shape[:-1]):
        raise ShapeError(f"Expected a label for each of {shape[:-1]} rows of outputs; got labels shaped {y.shape}.")
    units = shape[-1]
    outside = (labels < 0) | (labels >= units)
    if loss.ignore_class is not None:
        outside &= labels != loss.ignore_class
    if outside.any():
        wrong = int(np.flatnonzero(outside)[0])
        raise DataError(
            f"Label {labels.flat[wrong]} at index {wrong} is not one of the {units} classes, 0 to {units - 1}."
        )
    return labels
