"""Normal noise, added or multiplied by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from convoscope.engine.steps.base import core_seed
from convoscope.engine.steps.elementwise import ElementwiseStep


@dataclass(frozen=True)
class NoiseStep(ElementwiseStep):
    """In training, noise with this standard deviation added to each value; or each multiplied by 1 + noise.

    ``stream`` and ``seed`` are as in `DropoutStep`.
    """

    idle_in_prediction: ClassVar[bool] = True

    deviation: float
    multiplied: bool
    stream: int
    seed: int | None

    @property
    def label(self) -> str:
        return "gaussian dropout" if self.multiplied else "gaussian noise"

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("noise", "deviation", "multiplied", "stream", seed=core_seed(self.seed))]
