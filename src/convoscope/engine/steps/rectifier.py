"""A rectifier with a bound, a slope or a threshold of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.elementwise import ElementwiseStep


@dataclass(frozen=True)
class RectifierStep(ElementwiseStep):
    """Above `threshold` the value, at most `most`; below it `slope` times its distance from the threshold."""

    most: float | None
    slope: float
    threshold: float

    @property
    def label(self) -> str:
        return "relu with its own settings"

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("rectifier", "most", "slope", "threshold")]
