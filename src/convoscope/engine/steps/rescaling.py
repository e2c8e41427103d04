"""Values scaled and moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.elementwise import ElementwiseStep


@dataclass(frozen=True)
class RescalingStep(ElementwiseStep):
    """Input × scale + offset."""

    scale: float
    offset: float

    @property
    def label(self) -> str:
        return "rescaling"

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("rescaling", "scale", "offset")]
