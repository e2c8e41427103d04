"""Random rectangles of images overwritten."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from convoscope.engine import philox
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import ErasingStep
from convoscope.types import Pair


def erasing(step: ErasingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """In training, overwrite a rectangle of some images with a value or with noise."""
    if not mode.training:
        return x, lambda gradient: (gradient, [])
    seed = mode.seed if step.seed is None else step.seed
    numbers = np.arange(2 * len(x), dtype=np.uint64)
    drawn = philox.uniforms(philox.blocks(numbers, seed=seed, iteration=mode.iteration, stream=step.stream))
    erased = np.zeros((*x.shape[:3], 1), bool)
    for image, numbers_of_image in enumerate(drawn.reshape(-1, 8).tolist()):
        _mark(step, erased[image], numbers_of_image)
    if step.fill_value is None:
        noise = philox.normals(x.size, seed=seed, iteration=mode.iteration, stream=step.stream)
        fill = noise.reshape(x.shape) * step.value_range[1]
    else:
        fill = np.full(1, step.fill_value)
    written = fill.clip(*step.value_range).astype(x.dtype)
    return np.where(erased, written, x), lambda gradient: (np.where(erased, 0, gradient).astype(x.dtype), [])


def _mark(step: ErasingStep, erased: npt.NDArray[np.bool_], drawn: Sequence[float]) -> None:
    """Mark the pixels of one image that are erased, if its draw says so."""
    tall, wide, top, left, probability, threshold, *_ = drawn
    if threshold < philox.between(step.probability, probability):
        rows = _side(erased.shape[0], philox.between(step.scale, tall), top)
        columns = _side(erased.shape[1], philox.between(step.scale, wide), left)
        erased[slice(*rows), slice(*columns)] = True


def _side(length: int, share: float, place: float) -> Pair:
    """Return the first pixel of a side and the one behind its last: those whose number lies within [start, end)."""
    side = math.sqrt(share) * length
    start = place * (length - side)
    return math.ceil(start), math.ceil(start + side)
