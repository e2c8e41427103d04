"""Normalization of each sample on its own: layer and group normalization."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Reading, Together
from convoscope.types import Shape


@dataclass(frozen=True)
class SampleNormalizationStep(Step):
    """Values that share ``axes``, the last ones, brought to mean 0 and variance 1, scaled by gamma and shifted by beta.

    The last axis is divided into ``groups`` first, each of which has a mean and a variance of its own. Weights are
    gamma (if scale) and beta (if center): a value for each channel (``by_channel``), or for each of the shared axes'.
    """

    axes: tuple[int, ...]
    groups: int
    by_channel: bool
    epsilon: float
    scale: bool
    center: bool

    @property
    def layout(self) -> Shape:
        """A sample as (sets, pixels, groups, values): means run over pixels and values, gamma is (groups, values)."""
        shape = self.input_shape
        sets, shared = math.prod(shape[: self.axes[0]]), math.prod(shape[self.axes[0] :])
        pixels = shared // shape[-1] if self.by_channel else 1
        return sets, pixels, self.groups, shared // pixels // self.groups

    @property
    def label(self) -> str:
        return "group normalization" if self.by_channel else "layer normalization"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [Together(self.input_shape, self.axes, self.groups)]

    def describe(self) -> list[dict[str, Any]]:
        settings = ("layout", "epsilon", "scale", "center")
        return [self._description("sample normalization", *settings)]
