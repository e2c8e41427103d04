"""Dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from convoscope.engine.steps.base import core_seed
from convoscope.engine.steps.elementwise import ElementwiseStep


@dataclass(frozen=True)
class DropoutStep(ElementwiseStep):
    """Dropout. ``stream`` keeps the layers' random numbers apart; ``seed`` replaces the run's seed if given."""

    idle_in_prediction: ClassVar[bool] = True

    rate: float
    stream: int
    seed: int | None

    @property
    def label(self) -> str:
        return "dropout"

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("dropout", "rate", "stream", seed=core_seed(self.seed))]
