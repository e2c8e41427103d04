"""The same values under another shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Reading, Regrouped


@dataclass(frozen=True)
class ReshapeStep(Step):
    """The same values under another shape: nothing to compute, and no copy."""

    @property
    def label(self) -> str:
        return "other axes, nothing to compute"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [Regrouped(self.input_shape, self.output_shape)]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("reshape")]
