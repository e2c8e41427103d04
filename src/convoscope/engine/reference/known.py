"""Which function computes which kind of step."""

from __future__ import annotations

from convoscope.engine.reference.activation import activation, parametric_rectifier, rectifier
from convoscope.engine.reference.affine import affine
from convoscope.engine.reference.combine import combine, concatenate
from convoscope.engine.reference.convolution import convolution, depthwise_convolution
from convoscope.engine.reference.dense import dense
from convoscope.engine.reference.elementary import (
    cropping,
    padding,
    permuting,
    repeating,
    rescaling,
    reshape,
    standardization,
)
from convoscope.engine.reference.enlarging import transposed_convolution, upsampling
from convoscope.engine.reference.erasing import erasing
from convoscope.engine.reference.local_response import local_response
from convoscope.engine.reference.noise import alpha_dropout, dropout, noise, spatial_dropout
from convoscope.engine.reference.normalization import normalization, sample_normalization, unit_normalization
from convoscope.engine.reference.operations import Operation
from convoscope.engine.reference.pooling import pooling
from convoscope.engine.reference.resizing import random_crop, resizing
from convoscope.engine.reference.tone import tone
from convoscope.engine.steps import (
    ActivationStep,
    AffineStep,
    AlphaDropoutStep,
    CombineStep,
    ConcatenateStep,
    ConvolutionStep,
    CroppingStep,
    DenseStep,
    DepthwiseConvolutionStep,
    DropoutStep,
    ErasingStep,
    LocalResponseStep,
    NoiseStep,
    NormalizationStep,
    PaddingStep,
    ParametricRectifierStep,
    PermutingStep,
    PoolingStep,
    RandomCropStep,
    RectifierStep,
    RepeatingStep,
    RescalingStep,
    ReshapeStep,
    ResizingStep,
    SampleNormalizationStep,
    SpatialDropoutStep,
    StandardizationStep,
    Step,
    ToneStep,
    TransposedConvolutionStep,
    UnitNormalizationStep,
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
    AffineStep: affine,
    ErasingStep: erasing,
    LocalResponseStep: local_response,
    NormalizationStep: normalization,
    PaddingStep: padding,
    RescalingStep: rescaling,
    ReshapeStep: reshape,
    CombineStep: combine,
    ConcatenateStep: concatenate,
    DepthwiseConvolutionStep: depthwise_convolution,
    AlphaDropoutStep: alpha_dropout,
    CroppingStep: cropping,
    NoiseStep: noise,
    ParametricRectifierStep: parametric_rectifier,
    PermutingStep: permuting,
    RandomCropStep: random_crop,
    RectifierStep: rectifier,
    RepeatingStep: repeating,
    ResizingStep: resizing,
    SampleNormalizationStep: sample_normalization,
    SpatialDropoutStep: spatial_dropout,
    StandardizationStep: standardization,
    ToneStep: tone,
    UnitNormalizationStep: unit_normalization,
}
