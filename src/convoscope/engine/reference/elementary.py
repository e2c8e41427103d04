"""The steps that move or rescale values: zero padding, cropping, other axes, rescaling, standardizing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.reference.windows import crop, pad
from convoscope.engine.steps import (
    CroppingStep,
    PaddingStep,
    PermutingStep,
    RepeatingStep,
    RescalingStep,
    ReshapeStep,
    StandardizationStep,
)

_LEAST_DEVIATION = 1e-7  # Keras' epsilon


def padding(step: PaddingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Put zeros around images."""
    return pad(x, step.padding), lambda gradient: (crop(gradient, step.padding), [])


def rescaling(step: RescalingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Multiply and add."""
    return x * step.scale + step.offset, lambda gradient: (gradient * step.scale, [])


def reshape(step: ReshapeStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Give the same values another shape."""
    return x.reshape(len(x), *step.output_shape), lambda gradient: (gradient.reshape(x.shape), [])


def cropping(step: CroppingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Cut rows and columns off images."""
    (top, left), (height, width, _) = step.start, step.output_shape
    cut = ((top, x.shape[1] - top - height), (left, x.shape[2] - left - width))
    return crop(x, cut), lambda gradient: (pad(gradient, cut), [])


def permuting(step: PermutingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Change the order of the axes behind the batch axis."""
    order = (0, *(axis + 1 for axis in step.axes))
    return x.transpose(order), lambda gradient: (gradient.transpose(np.argsort(order)), [])


def repeating(step: RepeatingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Repeat each sample's row of values."""
    times = step.output_shape[0]
    return np.repeat(x[:, None], times, axis=1), lambda gradient: (gradient.sum(axis=1), [])


def standardization(
    step: StandardizationStep, x: Array, weights: Sequence[Array], mode: Mode
) -> tuple[Array, Backward]:
    """Subtract the mean and divide by the standard deviation, or the other way round."""
    mean, variance = (
        np.asarray(values, x.dtype).reshape(step.shape) for values in (weights or (step.mean, step.variance))
    )
    deviation = np.maximum(np.sqrt(variance), _LEAST_DEVIATION).astype(x.dtype)
    found: list[Array | None] = [None] * len(weights)
    if step.inverted:
        return x * deviation + mean, lambda gradient: (gradient * deviation, found)
    return (x - mean) / deviation, lambda gradient: (gradient / deviation, found)
