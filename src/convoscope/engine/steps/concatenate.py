"""Several values put side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Part, Reading


@dataclass(frozen=True)
class ConcatenateStep(Step):
    """Values one behind the other along ``axis``, which is counted without the batch axis."""

    axis: int

    @property
    def label(self) -> str:
        return "concatenate"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return self.readings_of(0)

    def readings_of(self, which: int) -> Sequence[Reading]:
        lengths = [shape[self.axis] for shape in self.input_shapes]
        return [Part(self.axis, sum(lengths[:which]), self.input_shapes[which], self.output_shape)]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("concatenate", "axis")]
