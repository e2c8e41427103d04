"""An activation, alone or within another step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import EachValue, LastAxis, Reading


@dataclass(frozen=True)
class Nonlinearity:
    """An activation with its setting: ``alpha`` is the slope of leaky_relu and the depth of elu."""

    name: str = "linear"
    alpha: float = 0.0

    @property
    def gradient_from_output(self) -> bool:
        """Whether the output alone tells the derivative, so that the input need not be kept."""
        return self.elementwise and self.name not in ("gelu", "silu", "hard_silu", "mish")

    @property
    def elementwise(self) -> bool:
        """Whether each value is changed on its own."""
        return self.name not in ("softmax", "log_softmax")

    @property
    def words(self) -> list[str]:
        """What to say of it in a step's label: nothing of a linear one."""
        return [] if self == LINEAR else [self.name]

    def describe(self) -> dict[str, Any]:
        """Return what the core must know of it."""
        return {"activation": self.name, "alpha": self.alpha}


LINEAR = Nonlinearity()


@dataclass(frozen=True)
class ActivationStep(Step):
    """An activation alone."""

    activation: Nonlinearity

    @property
    def label(self) -> str:
        return self.activation.name if self.activation == LINEAR else ", ".join(self.activation.words)

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [EachValue() if self.activation.elementwise else LastAxis(self.input_shape)]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("activation", **self.activation.describe())]
