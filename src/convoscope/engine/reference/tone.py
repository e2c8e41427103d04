"""Contrast and brightness changed at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine import philox
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import ToneStep


def tone(step: ToneStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """In training, stretch the values of each image about each channel's mean, move them, bring them into the range."""
    if not mode.training:
        return x, lambda gradient: (gradient, [])
    seed = mode.seed if step.seed is None else step.seed
    numbers = np.arange(len(x), dtype=np.uint64)
    drawn = philox.uniforms(philox.blocks(numbers, seed=seed, iteration=mode.iteration, stream=step.stream))
    contrast, shift = (
        philox.between(ends, drawn[:, word]).astype(x.dtype).reshape(-1, 1, 1, 1)
        for word, ends in ((0, step.contrast), (1, step.shift))
    )
    mean = x.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(x.dtype)
    changed = (x - mean) * contrast + mean + shift
    low, high = step.value_range
    inside = (changed >= low) & (changed <= high)

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        sent = np.where(inside, gradient, 0)
        through_mean = sent.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(x.dtype)
        return sent * contrast + through_mean * (1 - contrast), []

    return changed.clip(low, high), backward
