"""Batch normalization, alone or folded into the step before it for prediction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from convoscope.engine.steps.activation import LINEAR, Nonlinearity
from convoscope.engine.steps.elementwise import ElementwiseStep


@dataclass(frozen=True)
class NormalizationStep(ElementwiseStep):
    """Batch normalization over the last axis: weights are gamma (if scale), beta (if center), moving mean and variance.

    ``frozen`` means that the moving averages are used, and left alone, in training too. An activation may follow in the
    same step, if its output alone tells the derivative.
    """

    momentum: float
    epsilon: float
    scale: bool
    center: bool
    frozen: bool
    activation: Nonlinearity = LINEAR

    def as_in_prediction(self) -> NormalizationStep:
        return replace(self, frozen=True)

    @property
    def label(self) -> str:
        return ", ".join(["normalization", *self.activation.words])

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("normalization", **self.settings(), **self.activation.describe())]

    def settings(self) -> dict[str, Any]:
        """Return what the core must know beside shapes and weights, also where it is folded in."""
        names = ("momentum", "epsilon", "scale", "center", "frozen")
        return {name: getattr(self, name) for name in names}


#: What a label says of a step that a normalization is folded into.
FOLDED_IN = "batch normalization folded in"
