"""Rectangles of images overwritten at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from convoscope.engine.steps.base import Step, core_seed
from convoscope.engine.steps.reading import EachValue, Reading
from convoscope.types import Bounds


@dataclass(frozen=True)
class ErasingStep(Step):
    """In training, a random rectangle of each image overwritten: see `convoscope.layers.RandomErasing`.

    ``fill_value`` None is noise. ``stream`` and ``seed`` are as in `DropoutStep`.
    """

    idle_in_prediction: ClassVar[bool] = True

    stream: int
    seed: int | None
    probability: Bounds
    scale: Bounds
    fill_value: float | None
    value_range: Bounds

    @property
    def label(self) -> str:
        return "erasing"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [EachValue()]

    def describe(self) -> list[dict[str, Any]]:
        settings = ("probability", "scale", "fill_value", "value_range")
        return [self._description("erasing", "stream", *settings, seed=core_seed(self.seed))]
