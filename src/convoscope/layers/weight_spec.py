"""What a layer says of a weight, and weights as they are given to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.constraints import Constraint
from convoscope.errors import ConfigurationError
from convoscope.initializers import Initializer
from convoscope.regularizers import Regularizer
from convoscope.types import Shape

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True)
class WeightSpec:
    """A weight that a layer needs: its name, its shape in Keras' layout, its first values, and whether it learns.

    If it does, a regularizer's penalty is added to the loss, and a constraint is applied after each step.
    """

    name: str
    shape: Shape
    initializer: Initializer
    trainable: bool = True
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None


def as_shapes(input_shape: Shape | Sequence[Shape]) -> tuple[Shape, ...]:
    """Return one shape or several as a tuple of shapes."""
    several = bool(input_shape) and all(isinstance(each, tuple) for each in input_shape)
    return tuple(input_shape) if several else (input_shape,)  # type: ignore[arg-type, return-value]


def given_weights(weights: Any, where: str) -> list[Weights]:
    """Return weights as somebody gives them as float32 arrays, or say which of them is none."""
    given = isinstance(weights, Iterable) and not isinstance(weights, (str, bytes)) and getattr(weights, "ndim", True)
    if not given:
        raise ConfigurationError(
            f"{where}: weights must be a list of arrays, as returned by get_weights(), not {weights!r}."
        )
    arrays = []
    for place, weight in enumerate(weights):
        try:
            array = np.asarray(weight)
        except ValueError:
            array = np.asarray(None)  # a list of lists that differ in length
        if array.dtype.kind not in "biuf":
            raise ConfigurationError(
                f"{where}: weight {place} must be an array of numbers, but is a {type(weight).__name__}."
            )
        with np.errstate(over="ignore"):
            arrays.append(array.astype(np.float32, copy=False))
    return arrays


def writable(array: Weights) -> Weights:
    """Return an array that engines can read and write: itself, or a copy, as of one that lies in a file (joblib)."""
    good = type(array) is np.ndarray and array.flags.c_contiguous and array.flags.writeable
    return array if good else np.array(array, np.float32, order="C", subok=False)
