"""Values scaled to length 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Reading, Together


@dataclass(frozen=True)
class UnitNormalizationStep(Step):
    """Values that share ``axes``, the last ones, divided by the square root of the sum of their squares."""

    axes: tuple[int, ...]

    @property
    def length(self) -> int:
        """How many values are divided by the same."""
        return math.prod(self.input_shape[self.axes[0] :])

    @property
    def label(self) -> str:
        return "scaled to length 1"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [Together(self.input_shape, self.axes)]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("unit normalization", "length")]
