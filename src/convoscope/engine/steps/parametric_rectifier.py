"""A rectifier with slopes that are learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.elementwise import ElementwiseStep
from convoscope.types import Shape


@dataclass(frozen=True)
class ParametricRectifierStep(ElementwiseStep):
    """The value above zero, alpha times it below: the weight is alpha, with a 1 in its ``shape`` where it is shared."""

    shape: Shape

    @property
    def label(self) -> str:
        return "prelu"

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("parametric rectifier", shape=list(self.shape))]
