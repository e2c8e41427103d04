"""Convolution, with what is fused into it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.activation import LINEAR, Nonlinearity
from convoscope.engine.steps.base import Step
from convoscope.engine.steps.normalization import FOLDED_IN, NormalizationStep
from convoscope.engine.steps.pooling import Window
from convoscope.engine.steps.reading import EachValue, Reading, Windows
from convoscope.types import Padding, Pair

_LARGEST_FUSED_WINDOW = 256  # the core keeps a winner's index in a byte


@dataclass(frozen=True)
class ConvolutionStep(Step):
    """Convolution, bias, activation, and perhaps a pooling: weights are the kernel and, if any, the bias.

    ``feature_shape`` is the size before the pooling, (height, width, filters). ``normalization``, in prediction alone,
    comes before the activation; its weights are the last ones. ``addend`` says that a second value is read, as large as
    the features, and added before the activation: a residual network's shortcut. What is pooled has none.
    """

    kernel_size: Pair
    strides: Pair
    dilation: Pair
    padding: Padding
    use_bias: bool
    feature_shape: tuple[int, int, int]
    activation: Nonlinearity = LINEAR
    pool: Window | None = None
    normalization: NormalizationStep | None = None
    groups: int = 1
    addend: bool = False

    @property
    def label(self) -> str:
        kind = "convolution" if self.groups == 1 else f"convolution in {self.groups} groups"
        folded = [FOLDED_IN] if self.normalization else []
        pooled = [self.pool.words] if self.pool else []
        added = ["add"] if self.addend else []
        return ", ".join([kind, *folded, *added, *self.activation.words, *pooled])

    @property
    def multiply_adds(self) -> int:
        return math.prod(self.kernel_size) * self.input_shape[2] // self.groups * math.prod(self.feature_shape)

    @property
    def readings(self) -> Sequence[Reading]:
        height, width, _ = self.feature_shape
        convolved = Windows(
            *(self.input_shape, self.kernel_size, self.strides, self.padding, (height, width)),
            dilation=self.dilation,
            groups=self.groups,
        )
        return (
            [convolved] if self.pool is None else [convolved, self.pool.reading(self.feature_shape, self.output_shape)]
        )

    def readings_of(self, which: int) -> Sequence[Reading]:
        return self.readings if which == 0 else [EachValue()]

    def describe(self) -> list[dict[str, Any]]:
        features = list(self.feature_shape)
        if self.groups > 1:
            return [
                self._description(
                    *("grouped convolution", "strides", "dilation", "padding", "groups"),
                    kernel=self.kernel_size,
                    bias=self.use_bias,
                    normalization=None if self.normalization is None else self.normalization.settings(),
                    **self.activation.describe(),
                )
            ]
        convolution = self._description(
            *("convolution", "strides", "dilation", "padding"),
            kernel=self.kernel_size,
            bias=self.use_bias,
            features=features,
            normalization=None if self.normalization is None else self.normalization.settings(),
            pool=None,
            addend=self.addend,
            **self.activation.describe(),
        )
        if self.pool is None:
            return [convolution]
        # Fused, the winner is looked for before the activation, which must not turn the order round.
        keeps_order = self.activation.alpha >= 0
        if keeps_order and math.prod(self.pool.size) <= _LARGEST_FUSED_WINDOW:
            return [{**convolution, "pool": self.pool.describe()}]
        pooling = self._description("pooling", pool=self.pool.describe())
        return [{**convolution, "output": features}, {**pooling, "inputs": [features], "weights": []}]

    @property
    def values_at_once(self) -> int:
        """Every patch is laid out."""
        patch = math.prod(self.kernel_size) * self.input_shape[2]
        return max(super().values_at_once, math.prod(self.feature_shape), math.prod(self.feature_shape[:2]) * patch)
