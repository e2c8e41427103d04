"""Axes in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.gathering import GatheringStep, strides_of
from convoscope.engine.steps.reading import Reading
from convoscope.engine.steps.rearranging import Permuted


@dataclass(frozen=True)
class PermutingStep(GatheringStep):
    """Axes in another order: ``axes`` has for each of the output the input's, from 0."""

    axes: tuple[int, ...]

    @property
    def label(self) -> str:
        return "axes in another order"

    @property
    def readings(self) -> Sequence[Reading]:
        return [Permuted(self.output_shape, self.axes)]

    def describe(self) -> list[dict[str, Any]]:
        strides = strides_of(self.input_shape)
        return self._gathering(0, tuple(strides[axis] for axis in self.axes))
