"""Several values combined index by index: sums, products, means, extremes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.activation import LINEAR, Nonlinearity
from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import EachValue, Reading, Stretched


@dataclass(frozen=True)
class CombineStep(Step):
    """Values at the same index combined, and perhaps an activation; axes of length 1 are stretched.

    ``mode`` is "add", "subtract", "multiply", "divide", "average", "maximum" or "minimum".
    """

    mode: str
    activation: Nonlinearity = LINEAR

    @property
    def label(self) -> str:
        return ", ".join([self.mode, *self.activation.words])

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return self.readings_of(0)

    def readings_of(self, which: int) -> Sequence[Reading]:
        shape = self.input_shapes[which]
        return [EachValue() if shape == self.output_shape else Stretched(shape, self.output_shape)]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("combine", "mode", **self.activation.describe())]
