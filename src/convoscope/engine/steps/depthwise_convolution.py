"""Depthwise convolution: each channel has kernels of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.activation import LINEAR, Nonlinearity
from convoscope.engine.steps.base import Step
from convoscope.engine.steps.normalization import FOLDED_IN, NormalizationStep
from convoscope.engine.steps.reading import Reading, Windows
from convoscope.types import Padding, Pair


@dataclass(frozen=True)
class DepthwiseConvolutionStep(Step):
    """Depthwise convolution, bias, activation: weights are the kernel and, if any, the bias.

    The kernel is (height, width, channels, multiplier); output channel c × multiplier + m comes from input channel c.
    ``normalization``, in prediction alone, comes before the activation; its weights are the last ones.
    """

    kernel_size: Pair
    strides: Pair
    dilation: Pair
    padding: Padding
    use_bias: bool
    activation: Nonlinearity = LINEAR
    normalization: NormalizationStep | None = None

    @property
    def label(self) -> str:
        folded = [FOLDED_IN] if self.normalization else []
        return ", ".join(["depthwise convolution", *folded, *self.activation.words])

    @property
    def multiply_adds(self) -> int:
        return math.prod(self.kernel_size) * math.prod(self.output_shape)

    @property
    def readings(self) -> Sequence[Reading]:
        height, width, _ = self.output_shape
        places = (height, width)
        return [Windows(self.input_shape, self.kernel_size, self.strides, self.padding, places, dilation=self.dilation)]

    def describe(self) -> list[dict[str, Any]]:
        return [
            self._description(
                *("depthwise convolution", "strides", "dilation", "padding"),
                kernel=self.kernel_size,
                bias=self.use_bias,
                normalization=None if self.normalization is None else self.normalization.settings(),
                **self.activation.describe(),
            )
        ]

    @property
    def values_at_once(self) -> int:
        """Every patch is laid out."""
        return max(super().values_at_once, math.prod(self.kernel_size) * math.prod(self.output_shape))
