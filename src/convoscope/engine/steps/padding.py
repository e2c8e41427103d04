"""Zeros around an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Reading, Windows
from convoscope.types import Padding


@dataclass(frozen=True)
class PaddingStep(Step):
    """Zeros around an image."""

    padding: Padding

    @property
    def label(self) -> str:
        return "padding"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        # A window of a single pixel that also stands on the padding.
        height, width = self.output_shape[:2]
        return [Windows(self.input_shape, (1, 1), (1, 1), self.padding, (height, width))]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("padding", "padding")]
