"""A convolution, a depthwise one and one with a 1×1 kernel: inverted residuals, and what is like them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine.steps.base import Step
from convoscope.engine.steps.convolution import ConvolutionStep
from convoscope.engine.steps.depthwise_convolution import DepthwiseConvolutionStep
from convoscope.engine.steps.reading import EachValue, Reading


@dataclass(frozen=True)
class InvertedResidualStep(Step):
    """In prediction alone, three convolutions as one step: what is between them need not reach memory.

    ``expand`` mostly has a 1×1 kernel, and may be missing, as in a depthwise separable convolution; ``depthwise``
    filters each channel; ``project`` has a 1×1 kernel, and may add a second value that is read. The weights are those
    of the three, one after the other.
    """

    expand: ConvolutionStep | None
    depthwise: DepthwiseConvolutionStep
    project: ConvolutionStep

    @property
    def parts(self) -> tuple[Step, ...]:
        """The steps that it stands for, in order."""
        return (self.depthwise, self.project) if self.expand is None else (self.expand, self.depthwise, self.project)

    @property
    def label(self) -> str:
        return "; ".join(part.label for part in self.parts)

    @property
    def multiply_adds(self) -> int:
        return sum(part.multiply_adds for part in self.parts)

    @property
    def readings(self) -> Sequence[Reading]:
        return [reading for part in self.parts for reading in part.readings]

    def readings_of(self, which: int) -> Sequence[Reading]:
        return self.readings if which == 0 else [EachValue()]

    def describe(self) -> list[dict[str, Any]]:
        expand = self.expand and {
            **_told(self.expand),
            **_ending(self.expand),
            "channels": self.expand.feature_shape[2],
        }
        depthwise = {**_told(self.depthwise), **_ending(self.depthwise)}
        return [
            self._description("inverted residual", expand=expand, depthwise=depthwise, project=_ending(self.project))
        ]

    @property
    def values_at_once(self) -> int:
        return max(super().values_at_once, *(part.values_at_once for part in self.parts))


def _told(part: ConvolutionStep | DepthwiseConvolutionStep) -> dict[str, Any]:
    return {
        "kernel": part.kernel_size,
        "strides": part.strides,
        "dilation": part.dilation,
        "padding": part.padding,
    }


def _ending(part: ConvolutionStep | DepthwiseConvolutionStep) -> dict[str, Any]:
    normalization = None if part.normalization is None else part.normalization.settings()
    return {"bias": part.use_bias, "normalization": normalization, **part.activation.describe()}


#: Values between two convolutions from which on it pays to keep them in the cache: fewer stay there anyway.
_LEAST_VALUES = 150_000
#: Weights of both other convolutions that stay in the cache too: they are gone through once for each few rows.
_MOST_WEIGHTS = 64 * 1024
_FEW_CHANNELS = 4  # of a first convolution with a larger kernel: with more there are quicker ways than a product
_ENDINGS = ("linear", "relu", "relu6")


def inverted_residual(
    before: Step | None, depthwise: DepthwiseConvolutionStep, project: ConvolutionStep
) -> InvertedResidualStep | None:
    """Return three steps in a row, or the last two of them, as one; None where that is not possible, or does not pay.

    Parameters
    ----------
    before : Step or None
        What makes the depthwise convolution's input, if nobody else reads it.
    depthwise : DepthwiseConvolutionStep
    project : ConvolutionStep
        What reads the depthwise convolution's output, which nobody else does.
    """
    if not (_is_filter(depthwise) and _is_pointwise(project) and _ends_plainly(project)):
        return None
    expand = before if isinstance(before, ConvolutionStep) and _expands(before) else None
    weights = sum(_kernel_size(part) for part in (expand, project) if part is not None)
    if math.prod(depthwise.input_shape) < _LEAST_VALUES or weights > _MOST_WEIGHTS:
        return None
    parts = (depthwise, project) if expand is None else (expand, depthwise, project)
    return InvertedResidualStep(
        calls=tuple(dict.fromkeys(call for part in parts for call in part.calls)),
        inputs=(*parts[0].inputs, *project.inputs[1:]),
        input_shapes=(*parts[0].input_shapes, *project.input_shapes[1:]),
        output_shape=project.output_shape,
        weights=tuple(weight for part in parts for weight in part.weights),
        apart=parts[0].apart,
        expand=expand,
        depthwise=depthwise,
        project=project,
    )


def _expands(step: ConvolutionStep) -> bool:
    small = _is_pointwise(step) or step.input_shape[2] <= _FEW_CHANNELS
    return small and step.groups == 1 and not step.addend and _ends_plainly(step)


def _kernel_size(step: ConvolutionStep) -> int:
    return math.prod(step.kernel_size) * step.input_shape[2] * step.feature_shape[2]


def _is_pointwise(step: ConvolutionStep) -> bool:
    return (step.kernel_size, step.strides, step.padding) == ((1, 1), (1, 1), ((0, 0), (0, 0))) and step.groups == 1


def _is_filter(step: DepthwiseConvolutionStep) -> bool:
    small = step.kernel_size[1] in (3, 5) and step.strides[1] in (1, 2) and step.dilation == (1, 1)
    return small and step.input_shape[2] == step.output_shape[2] and step.activation.name in _ENDINGS


def _ends_plainly(step: ConvolutionStep) -> bool:
    return step.pool is None and step.activation.name in _ENDINGS
