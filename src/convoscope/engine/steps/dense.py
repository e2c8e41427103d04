"""Dense layers: a matrix product along the last axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.activation import LINEAR, Nonlinearity
from convoscope.engine.steps.base import Step
from convoscope.engine.steps.normalization import FOLDED_IN, NormalizationStep
from convoscope.engine.steps.reading import LastAxis, Reading


@dataclass(frozen=True)
class DenseStep(Step):
    """A matrix product along the last axis, bias, activation: weights are the kernel and, if any, the bias.

    ``normalization``, in prediction alone, comes before the activation; its weights are the last ones.
    """

    use_bias: bool
    activation: Nonlinearity = LINEAR
    normalization: NormalizationStep | None = None

    @property
    def label(self) -> str:
        return ", ".join(["dense", *([FOLDED_IN] if self.normalization else []), *self.activation.words])

    @property
    def multiply_adds(self) -> int:
        return self.input_shape[-1] * math.prod(self.output_shape)

    @property
    def readings(self) -> Sequence[Reading]:
        return [LastAxis(self.input_shape)]

    def describe(self) -> list[dict[str, Any]]:
        return [
            self._description(
                "dense",
                bias=self.use_bias,
                normalization=None if self.normalization is None else self.normalization.settings(),
                **self.activation.describe(),
            )
        ]
