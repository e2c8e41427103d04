"""Contrast and brightness changed at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from convoscope.engine.steps.base import core_seed
from convoscope.engine.steps.elementwise import ElementwiseStep
from convoscope.types import Bounds


@dataclass(frozen=True)
class ToneStep(ElementwiseStep):
    """In training, the values of an image stretched about each channel's mean, moved, and brought into a range.

    ``contrast`` and ``shift`` are what they are multiplied by, and moved by, for a draw of 0 and for one of 1.
    ``stream`` and ``seed`` are as in `DropoutStep`.
    """

    idle_in_prediction: ClassVar[bool] = True

    stream: int
    seed: int | None
    value_range: Bounds
    contrast: Bounds = (1.0, 1.0)
    shift: Bounds = (0.0, 0.0)

    @property
    def label(self) -> str:
        return "contrast and brightness"

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("tone", "stream", "value_range", "contrast", "shift", seed=core_seed(self.seed))]
