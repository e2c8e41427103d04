"""Which function computes which kind of step."""

from __future__ import annotations

from convoscope.engine.reference.activation import activation
from convoscope.engine.reference.combine import combine, concatenate
from convoscope.engine.reference.convolution import convolution
from convoscope.engine.reference.dense import dense
from convoscope.engine.reference.elementary import dropout, padding, rescaling, reshape
from convoscope.engine.reference.enlarging import transposed_convolution, upsampling
from convoscope.engine.reference.erasing import erasing
from convoscope.engine.reference.motion import motion
from convoscope.engine.reference.normalization import normalization
from convoscope.engine.reference.operations import Operation
from convoscope.engine.reference.pooling import pooling
from convoscope.engine.steps import (
    ActivationStep,
    CombineStep,
    ConcatenateStep,
    ConvolutionStep,
    DenseStep,
    DropoutStep,
    ErasingStep,
    MotionStep,
    NormalizationStep,
    PaddingStep,
    PoolingStep,
    RescalingStep,
    ReshapeStep,
    Step,
    TransposedConvolutionStep,
    UpsamplingStep,
)

#: Each kind of step, and what computes it.
OPERATIONS: dict[type[Step], Operation] = {
    ConvolutionStep: convolution,
    TransposedConvolutionStep: transposed_convolution,
    UpsamplingStep: upsampling,
    PoolingStep: pooling,
    DenseStep: dense,
    ActivationStep: activation,
    DropoutStep: dropout,
    MotionStep: motion,
    ErasingStep: erasing,
    NormalizationStep: normalization,
    PaddingStep: padding,
    RescalingStep: rescaling,
    ReshapeStep: reshape,
    CombineStep: combine,
    ConcatenateStep: concatenate,
}
