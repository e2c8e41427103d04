"""Each channel divided by a power of the sum of squares of those beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Beside, Reading


@dataclass(frozen=True)
class LocalResponseStep(Step):
    """Input / (bias + alpha × sum of squares) ** beta, over ``before`` channels before each and ``after`` behind it."""

    before: int
    after: int
    bias: float
    alpha: float
    beta: float

    @property
    def label(self) -> str:
        return f"local response, {self.before + self.after + 1} channels"

    @property
    def multiply_adds(self) -> int:
        return 0  # sums of squares, but not of products with weights

    @property
    def readings(self) -> Sequence[Reading]:
        return [Beside(self.input_shape, self.before, self.after)]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("local response normalization", "before", "after", "bias", "alpha", "beta")]
