"""A row of values, several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.gathering import GatheringStep
from convoscope.engine.steps.reading import Reading
from convoscope.engine.steps.rearranging import Repeated


@dataclass(frozen=True)
class RepeatingStep(GatheringStep):
    """A row of values, several times: (n,) becomes (times, n)."""

    @property
    def label(self) -> str:
        return "repeated"

    @property
    def readings(self) -> Sequence[Reading]:
        return [Repeated()]

    def describe(self) -> list[dict[str, Any]]:
        return self._gathering(0, (0, 1))
