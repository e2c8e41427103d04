"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from convoscope.engine.steps.base import Step, core_seed
from convoscope.engine.steps.reading import EachValue, Reading


@dataclass(frozen=True)
class DropoutStep(Step):
    """Dropout. ``stream`` keeps the layers' random numbers apart; ``seed`` replaces the run's seed if given."""

    idle_in_prediction: ClassVar[bool] = True

    rate: float
    stream: int
    seed: int | None

    @property
    def label(self) -> str:
        return "dropout"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [EachValue()]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("dropout", "rate", "stream", seed=core_seed(self.seed))]
