"""Values scaled and moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import EachValue, Reading


@dataclass(frozen=True)
class RescalingStep(Step):
    """Input × scale + offset."""

    scale: float
    offset: float

    @property
    def label(self) -> str:
        return "rescaling"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [EachValue()]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("rescaling", "scale", "offset")]
