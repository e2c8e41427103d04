"""The steps that move, mask or rescale values: dropout, zero padding, rescaling, reshaping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine import philox
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.reference.windows import crop, pad
from convoscope.engine.steps import DropoutStep, PaddingStep, RescalingStep, ReshapeStep


def dropout(step: DropoutStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """In training, set values to zero at random and scale the others up."""
    if not mode.training or step.rate == 0.0:
        return x, lambda gradient: (gradient, [])
    seed = mode.seed if step.seed is None else step.seed
    keep = philox.keep_mask(x.size, step.rate, seed=seed, iteration=mode.iteration, stream=step.stream)
    factor = np.where(keep.reshape(x.shape), 1.0 / (1.0 - step.rate), 0.0).astype(x.dtype)
    return x * factor, lambda gradient: (gradient * factor, [])


def padding(step: PaddingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Put zeros around images."""
    return pad(x, step.padding), lambda gradient: (crop(gradient, step.padding), [])


def rescaling(step: RescalingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Multiply and add."""
    return x * step.scale + step.offset, lambda gradient: (gradient * step.scale, [])


def reshape(step: ReshapeStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Give the same values another shape."""
    return x.reshape(len(x), *step.output_shape), lambda gradient: (gradient.reshape(x.shape), [])
