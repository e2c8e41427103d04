"""Images brought to another size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Reading
from convoscope.engine.steps.rearranging import Resampled
from convoscope.layers.resizing import nearest_pixels
from convoscope.types import Pair

#: The two pixels that a new one lies between, and the second one's share.
Between = tuple[int, int, float]


@dataclass(frozen=True)
class ResizingStep(Step):
    """A part of each image brought to the output's size.

    ``part`` has the first pixel and the length along height and width; it may begin before the image and end behind it,
    where ``fill_value`` is.
    """

    part: tuple[Pair, Pair]
    bilinear: bool
    fill_value: float

    def places(self, axis: int) -> list[Between]:
        """Return for each new pixel along an axis the pixels of the image that it is made of.

        Pixels are squares: the middle of the first new one lies as far from the edge as half of it is wide.
        """
        first, length = self.part[axis]
        made = self.output_shape[axis]
        if not self.bilinear:
            return [(first + pixel, first + pixel, 0.0) for pixel in nearest_pixels(length, made)]
        places = []
        for i in range(made):
            at = (i + 0.5) * length / made - 0.5
            before = math.floor(at)
            low, high = max(before, 0), min(before + 1, length - 1)
            places.append((first + low, first + high, at - before if low < high else 0.0))
        return places

    @property
    def label(self) -> str:
        return "resizing"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        rows, columns = (
            tuple((low, high if share else low) for low, high, share in self.places(axis)) for axis in (0, 1)
        )
        return [Resampled(self.input_shape, rows, columns)]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("resizing", "part", "bilinear", "fill_value", crop=None)]
