"""What is drawn for each value: dropout and noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine import philox
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import AlphaDropoutStep, DropoutStep, NoiseStep, SpatialDropoutStep


def dropout(step: DropoutStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """In training, set values to zero at random and scale the others up."""
    return _masked(step, x, mode, x.shape)


def spatial_dropout(step: SpatialDropoutStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """In training, set feature maps to zero at random and scale the others up."""
    return _masked(step, x, mode, (x.shape[0], 1, 1, x.shape[3]))


def _masked(step: DropoutStep, x: Array, mode: Mode, shape: tuple[int, ...]) -> tuple[Array, Backward]:
    if not mode.training or step.rate == 0.0:
        return x, lambda gradient: (gradient, [])
    factor = np.where(_kept(step, mode, shape), 1.0 / (1.0 - step.rate), 0.0).astype(x.dtype)
    return x * factor, lambda gradient: (gradient * factor, [])


def alpha_dropout(step: AlphaDropoutStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """In training, set values to selu's lowest at random; keep mean and variance."""
    if not mode.training or step.rate == 0.0:
        return x, lambda gradient: (gradient, [])
    kept = _kept(step, mode, x.shape)
    outputs = np.where(kept, x * step.factor + step.shift, step.dropped).astype(x.dtype)
    return outputs, lambda gradient: (np.where(kept, gradient * step.factor, 0.0).astype(x.dtype), [])


def _kept(step: DropoutStep, mode: Mode, shape: tuple[int, ...]) -> Array:
    seed = mode.seed if step.seed is None else step.seed
    count = int(np.prod(shape))
    return philox.keep_mask(count, step.rate, seed=seed, iteration=mode.iteration, stream=step.stream).reshape(shape)


def noise(step: NoiseStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """In training, add normal noise, or multiply by 1 and noise."""
    if not mode.training or step.deviation == 0.0:
        return x, lambda gradient: (gradient, [])
    seed = mode.seed if step.seed is None else step.seed
    drawn = philox.normals(x.size, seed=seed, iteration=mode.iteration, stream=step.stream).reshape(x.shape)
    if not step.multiplied:
        return x + (drawn * step.deviation).astype(x.dtype), lambda gradient: (gradient, [])
    factor = (1.0 + drawn * step.deviation).astype(x.dtype)
    return x * factor, lambda gradient: (gradient * factor, [])
