"""Dropout for networks of selu."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from convoscope.activations import SELU_ALPHA, SELU_SCALE
from convoscope.engine.steps.base import core_seed
from convoscope.engine.steps.dropout import DropoutStep


@dataclass(frozen=True)
class AlphaDropoutStep(DropoutStep):
    """In training kept values become ``factor`` × value + ``shift``, and dropped ones ``dropped``."""

    @property
    def factor(self) -> float:
        """What kept values are multiplied by, so that the variance stays 1."""
        return 1.0 / math.sqrt((1.0 - self.rate) * (1.0 + self.rate * (SELU_ALPHA * SELU_SCALE) ** 2))

    @property
    def shift(self) -> float:
        """What is added to all values, so that the mean stays 0."""
        return self.factor * SELU_ALPHA * SELU_SCALE * self.rate

    @property
    def dropped(self) -> float:
        """What dropped values become."""
        return self.shift - self.factor * SELU_ALPHA * SELU_SCALE

    @property
    def label(self) -> str:
        return "alpha dropout"

    def describe(self) -> list[dict[str, Any]]:
        return [
            self._description(
                "alpha dropout", "rate", "stream", "factor", "shift", "dropped", seed=core_seed(self.seed)
            )
        ]
