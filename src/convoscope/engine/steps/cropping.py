"""Rows and columns cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.gathering import GatheringStep, strides_of
from convoscope.engine.steps.reading import Reading
from convoscope.engine.steps.rearranging import Excerpt
from convoscope.types import Pair


@dataclass(frozen=True)
class CroppingStep(GatheringStep):
    """The part of an image that begins at row and column ``start``."""

    start: Pair

    @property
    def label(self) -> str:
        return "cropping"

    @property
    def readings(self) -> Sequence[Reading]:
        return [Excerpt(self.input_shape, self.start, (self.output_shape[0], self.output_shape[1]))]

    def describe(self) -> list[dict[str, Any]]:
        strides = strides_of(self.input_shape)
        return self._gathering(self.start[0] * strides[0] + self.start[1] * strides[1], strides)
