"""Pooling, alone or behind a convolution in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Reading, Windows
from convoscope.types import Padding, Pair, Shape


@dataclass(frozen=True)
class Window:
    """A pooling: what is kept of each window, its size, its strides, and the pixels of padding (which never count)."""

    mode: str  # "max", "min" or "average"
    size: Pair
    strides: Pair
    padding: Padding

    @property
    def words(self) -> str:
        """What to say of it in a step's label."""
        return f"{self.mode} pooling"

    def reading(self, input_shape: Shape, output_shape: Shape) -> Reading:
        """Return what each pooled value is computed from; a global pooling has one window."""
        places = (output_shape[0], output_shape[1]) if len(output_shape) == 3 else (1, 1)
        return Windows(input_shape, self.size, self.strides, self.padding, places)

    def describe(self) -> dict[str, Any]:
        """Return what the core must know of it."""
        return {"mode": self.mode, "size": self.size, "strides": self.strides, "padding": self.padding}


@dataclass(frozen=True)
class PoolingStep(Step):
    """A pooling; a global one is a window as large as the image."""

    window: Window

    @property
    def label(self) -> str:
        return self.window.words

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [self.window.reading(self.input_shape, self.output_shape)]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("pooling", pool=self.window.describe())]
