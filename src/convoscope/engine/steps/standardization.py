"""Values brought to a mean and a variance that are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.elementwise import ElementwiseStep
from convoscope.types import Shape


@dataclass(frozen=True)
class StandardizationStep(ElementwiseStep):
    """Minus a mean, by the square root of a variance; or, inverted, times it, plus the mean.

    Mean and variance are the weights, or, where there are none, ``mean`` and ``variance``, laid out in a row. Their
    ``shape`` is the input's, with a 1 where they are the same along an axis.
    """

    shape: Shape
    mean: tuple[float, ...]
    variance: tuple[float, ...]
    inverted: bool

    @property
    def label(self) -> str:
        return "standardization"

    def describe(self) -> list[dict[str, Any]]:
        settings = {"shape": list(self.shape), "mean": list(self.mean), "variance": list(self.variance)}
        return [self._description("standardization", "inverted", **settings)]
