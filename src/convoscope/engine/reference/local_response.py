"""Each channel divided by a power of the sum of squares of those beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import LocalResponseStep


def local_response(step: LocalResponseStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Divide each channel by (bias + alpha × sum of squares) ** beta."""
    wide = x.astype(np.float64)  # squares of large numbers are beyond single precision
    base = step.bias + step.alpha * _beside(np.square(wide), step.before, step.after)
    factor = base**-step.beta

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        sent = gradient * wide * factor / base
        arriving = _beside(sent, step.after, step.before)  # from those that have this channel beside them
        found = gradient * factor - 2 * step.alpha * step.beta * wide * arriving
        return found.astype(x.dtype), []

    return (wide * factor).astype(x.dtype), backward


def _beside(values: Array, before: int, after: int) -> Array:
    """Return the sums over so many channels before each, itself, and so many behind it."""
    around = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(before, after)])
    windows = np.lib.stride_tricks.sliding_window_view(around, before + after + 1, axis=-1)
    sums: Array = windows.sum(axis=-1)
    return sums
