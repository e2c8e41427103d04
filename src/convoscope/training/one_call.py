"""The outputs for arrays in one call of the engine."""

from __future__ import annotations

from typing import Any

from convoscope.engine.base import Array, each, plain
from convoscope.training.trainable import Trainable


def outputs_of(model: Trainable, x: Any, where: str | None = None) -> list[Array]:
    """Return each output (N, *output_shape) for inputs (N, *input_shape), or say what is wrong with them.

    Whether values are finite the engine finds out while it reads them: a look at all of them before would bring them
    from memory twice, which takes as long as a small network.

    Raises
    ------
    ShapeError, DataError
        See `convoscope.training.data.check_inputs`.
    """
    executable = model.executable()
    outputs = executable.forward_if_finite(plain(each(model.check_inputs(x, where, finite=False), 1)))
    if outputs is None:  # which value it is, and in which sample
        outputs = executable.forward(plain(each(model.check_inputs(x, where), 1)))
    return each(outputs, 1)
