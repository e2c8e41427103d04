"""Transposed convolution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.activation import LINEAR, Nonlinearity
from convoscope.engine.steps.base import Step
from convoscope.engine.steps.reading import Paintings, Reading
from convoscope.types import Padding, Pair


@dataclass(frozen=True)
class TransposedConvolutionStep(Step):
    """A convolution's way back as a way forth, bias, activation: weights are the kernel and, if any, the bias.

    Settings are those of the convolution that would make the input's size of the output's: `padding` is what it would
    put around the output, and what is therefore cut off here.
    """

    kernel_size: Pair
    strides: Pair
    dilation: Pair
    padding: Padding
    use_bias: bool
    activation: Nonlinearity = LINEAR

    @property
    def label(self) -> str:
        return ", ".join(["transposed convolution", *self.activation.words])

    @property
    def multiply_adds(self) -> int:
        return math.prod(self.input_shape) * math.prod(self.kernel_size) * self.output_shape[2]

    @property
    def readings(self) -> Sequence[Reading]:
        cuts = (self.padding[0][0], self.padding[1][0])
        return [
            Paintings(
                *(self.input_shape, self.output_shape, self.kernel_size, self.strides, cuts),
                dilation=self.dilation,
                all_channels=True,
            )
        ]

    def describe(self) -> list[dict[str, Any]]:
        return [
            self._description(
                *("transposed convolution", "strides", "dilation", "padding"),
                kernel=self.kernel_size,
                bias=self.use_bias,
                **self.activation.describe(),
            )
        ]

    @property
    def values_at_once(self) -> int:
        """Every patch is laid out."""
        patch = math.prod(self.kernel_size) * self.output_shape[2]
        return max(super().values_at_once, math.prod(self.input_shape[:2]) * patch)
