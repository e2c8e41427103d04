"""Steps that only move values: each output is one of the inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.types import Shape


def strides_of(shape: Shape) -> tuple[int, ...]:
    """Return how many values lie from one index to the next along each axis."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


@dataclass(frozen=True)
class GatheringStep(Step):
    """The base of steps that only move values."""

    @property
    def multiply_adds(self) -> int:
        return 0

    def _gathering(self, first: int, strides: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return what the core must know: the first output's input, and how far apart inputs are along output axes."""
        return [self._description("gathering", first=first, strides=list(strides))]
