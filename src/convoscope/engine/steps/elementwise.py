"""Steps that change each value on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import EachValue, Reading


@dataclass(frozen=True)
class ElementwiseStep(Step):
    """The base of steps whose outputs are each computed from the input at their own index, as in prediction.

    No products are summed, and nothing else is seen.
    """

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [EachValue()]
