"""Images made larger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Paintings, Reading
from convoscope.layers.geometry import upsampling_window
from convoscope.types import Pair


@dataclass(frozen=True)
class UpsamplingStep(Step):
    """Images made `size` times as high and wide."""

    size: Pair
    bilinear: bool

    @property
    def label(self) -> str:
        return "upsampling"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        (height, top), (width, left) = (upsampling_window(size, self.bilinear) for size in self.size)
        return [Paintings(self.input_shape, self.output_shape, (height, width), self.size, (top, left))]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("upsampling", "size", "bilinear")]
