"""Which function computes which kind of step: of a step, its input (a list of several), its weights and the mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from convoscope.engine import steps
from convoscope.engine.steps import Step
from convoscope.engine.torch import activation, elementary, normalization, random_steps, windows
from convoscope.engine.torch.mode import Mode

Operation = Callable[[Any, Any, Sequence[Tensor], Mode], Tensor]

#: Each kind of step, and what computes it.
OPERATIONS: dict[type[Step], Operation] = {
    steps.ActivationStep: activation.activation,
    steps.AffineStep: random_steps.affine,
    steps.AlphaDropoutStep: random_steps.alpha_dropout,
    steps.CombineStep: elementary.combine,
    steps.ConcatenateStep: elementary.concatenate,
    steps.ConvolutionStep: windows.convolution,
    steps.CroppingStep: elementary.cropping,
    steps.DenseStep: elementary.dense,
    steps.DepthwiseConvolutionStep: windows.depthwise_convolution,
    steps.DropoutStep: random_steps.dropout,
    steps.ErasingStep: random_steps.erasing,
    steps.LocalResponseStep: normalization.local_response,
    steps.NoiseStep: random_steps.noise,
    steps.NormalizationStep: normalization.normalization,
    steps.PaddingStep: elementary.padding,
    steps.ParametricRectifierStep: activation.parametric_rectifier,
    steps.PermutingStep: elementary.permuting,
    steps.PoolingStep: windows.pooling,
    steps.RandomCropStep: random_steps.random_crop,
    steps.RectifierStep: activation.rectifier,
    steps.RepeatingStep: elementary.repeating,
    steps.RescalingStep: elementary.rescaling,
    steps.ReshapeStep: elementary.reshape,
    steps.ResizingStep: windows.resizing,
    steps.SampleNormalizationStep: normalization.sample_normalization,
    steps.SpatialDropoutStep: random_steps.spatial_dropout,
    steps.StandardizationStep: normalization.standardization,
    steps.ToneStep: random_steps.tone,
    steps.TransposedConvolutionStep: windows.transposed_convolution,
    steps.UnitNormalizationStep: normalization.unit_normalization,
    steps.UpsamplingStep: windows.upsampling,
}


def run(step: Step, values: Sequence[Tensor], weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Return what a step makes of the values so far."""
    operation = OPERATIONS.get(type(step))
    if operation is None:
        raise NotImplementedError(
            f"The PyTorch engine does not support {type(step).__name__} yet: add it to engine/torch/known.py."
        )
    inputs = [values[value] for value in step.inputs]
    return operation(step, inputs[0] if len(inputs) == 1 else inputs, [weights[index] for index in step.weights], mode)
