"""Rectangles of images overwritten at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from convoscope.engine.steps.base import core_seed
from convoscope.engine.steps.elementwise import ElementwiseStep
from convoscope.types import Bounds


@dataclass(frozen=True)
class ErasingStep(ElementwiseStep):
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

    def describe(self) -> list[dict[str, Any]]:
        settings = ("probability", "scale", "fill_value", "value_range")
        return [self._description("erasing", "stream", *settings, seed=core_seed(self.seed))]
