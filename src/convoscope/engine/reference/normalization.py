"""Batch normalisation over the last axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import NormalizationStep


def normalization(step: NormalizationStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Normalise by the batch's statistics in training (unless frozen), by the moving averages otherwise.

    Both the batch's variance and the moving one are the biased kind (divided by the number of values), as in Keras.
    """
    gamma = weights[0] if step.scale else np.ones_like(weights[-1])
    beta = weights[int(step.scale)] if step.center else np.zeros_like(weights[-1])
    mean, variance = weights[-2], weights[-1]
    by_batch = mode.training and not step.frozen
    axes = tuple(range(x.ndim - 1))
    if by_batch:
        mean = _mean(x, axes)
        variance = _mean(np.square(x - mean), axes)
        for place, old, new in zip(step.weights[-2:], weights[-2:], (mean, variance), strict=True):
            mode.statistics[place] = mode.statistics.get(place, old) * step.momentum + new * (1.0 - step.momentum)
    inverse = 1.0 / np.sqrt(variance + step.epsilon)
    normal = (x - mean) * inverse

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        gamma_gradient = (gradient * normal).sum(axis=axes, dtype=np.float64).astype(x.dtype)
        beta_gradient = gradient.sum(axis=axes, dtype=np.float64).astype(x.dtype)
        input_gradient = gradient * gamma * inverse
        if by_batch:  # a value also moves the mean and the variance that all are measured by
            count = x.size // x.shape[-1]
            input_gradient -= gamma * inverse * (beta_gradient + normal * gamma_gradient) / count
        found: list[Array | None] = [gamma_gradient] if step.scale else []
        if step.center:
            found.append(beta_gradient)
        return input_gradient, [*found, None, None]

    return normal * gamma + beta, backward


def _mean(values: Array, axes: tuple[int, ...]) -> Array:
    # Summed in double precision: a feature map can have a million values.
    mean: Array = values.mean(axis=axes, dtype=np.float64)
    return mean.astype(values.dtype)
