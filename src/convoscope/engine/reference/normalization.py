"""Normalizations: of a batch, of each sample, to length 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine.reference.activation import activate
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import NormalizationStep, SampleNormalizationStep, UnitNormalizationStep


def normalization(step: NormalizationStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Normalize by the batch's statistics in training (unless frozen), by the moving averages otherwise.

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
    outputs, back_to_values = activate(step.activation, normal * gamma + beta)

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        gradient = back_to_values(gradient)
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

    return outputs, backward


def _mean(values: Array, axes: tuple[int, ...]) -> Array:
    # Summed in double precision: a feature map can have a million values.
    mean: Array = values.mean(axis=axes, dtype=np.float64)
    return mean.astype(values.dtype)


def sample_normalization(
    step: SampleNormalizationStep, x: Array, weights: Sequence[Array], mode: Mode
) -> tuple[Array, Backward]:
    """Normalize each set of values by its own mean and variance."""
    laid_out = x.reshape(len(x), *step.layout)  # (N, sets, pixels, groups, values)
    axes, per_value = (2, 4), (0, 1, 2)
    one = np.ones(step.layout[2:], x.dtype)
    gamma = weights[0].reshape(one.shape) if step.scale else one
    beta = weights[int(step.scale)].reshape(one.shape) if step.center else 0 * one
    centred = laid_out - _kept_mean(laid_out, axes)
    inverse = 1.0 / np.sqrt(_kept_mean(np.square(centred), axes) + step.epsilon)
    normal = centred * inverse

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        sent = gradient.reshape(laid_out.shape)
        scaled = sent * gamma
        # A value also moves the mean and the variance that its set is measured by.
        input_gradient = inverse * (scaled - _kept_mean(scaled, axes) - normal * _kept_mean(scaled * normal, axes))
        found: list[Array | None] = []
        if step.scale:
            found.append(_sum(sent * normal, per_value).reshape(weights[0].shape))
        if step.center:
            found.append(_sum(sent, per_value).reshape(weights[-1].shape))
        return input_gradient.reshape(x.shape), found

    return (normal * gamma + beta).reshape(x.shape), backward


def unit_normalization(
    step: UnitNormalizationStep, x: Array, weights: Sequence[Array], mode: Mode
) -> tuple[Array, Backward]:
    """Divide each set of values by its length."""
    rows = x.reshape(len(x), -1, step.length)
    length = np.sqrt(np.square(rows).sum(axis=-1, keepdims=True))
    inverse = 1.0 / np.maximum(length, _LEAST_LENGTH).astype(x.dtype)
    unit = rows * inverse

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        sent = gradient.reshape(rows.shape)
        along = np.where(length > _LEAST_LENGTH, (sent * unit).sum(axis=-1, keepdims=True), 0)
        return ((sent - unit * along) * inverse).reshape(x.shape), []

    return unit.reshape(x.shape), backward


_LEAST_LENGTH = 1e-12


def _kept_mean(values: Array, axes: tuple[int, ...]) -> Array:
    mean: Array = values.mean(axis=axes, dtype=np.float64, keepdims=True)
    return mean.astype(values.dtype)


def _sum(values: Array, axes: tuple[int, ...]) -> Array:
    total: Array = values.sum(axis=axes, dtype=np.float64)
    return total.astype(values.dtype)
