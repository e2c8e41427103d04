"""The steps that a plan is made of, a file for each kind: its data, and all that anybody asks of it.

A step has everything an engine needs: shapes are known, "same" padding has become numbers of pixels, and weights are
indices in the plan's list. Shapes are without the batch axis; arrays at run time have it first.
"""

from convoscope.engine.steps.activation import LINEAR, ActivationStep, Nonlinearity
from convoscope.engine.steps.affine import AffineStep
from convoscope.engine.steps.alpha_dropout import AlphaDropoutStep
from convoscope.engine.steps.base import Step
from convoscope.engine.steps.combine import CombineStep
from convoscope.engine.steps.concatenate import ConcatenateStep
from convoscope.engine.steps.convolution import ConvolutionStep
from convoscope.engine.steps.cropping import CroppingStep
from convoscope.engine.steps.dense import DenseStep
from convoscope.engine.steps.depthwise_convolution import DepthwiseConvolutionStep
from convoscope.engine.steps.dropout import DropoutStep
from convoscope.engine.steps.erasing import ErasingStep
from convoscope.engine.steps.inverted_residual import InvertedResidualStep, inverted_residual
from convoscope.engine.steps.local_response import LocalResponseStep
from convoscope.engine.steps.noise import NoiseStep
from convoscope.engine.steps.normalization import NormalizationStep
from convoscope.engine.steps.padding import PaddingStep
from convoscope.engine.steps.parametric_rectifier import ParametricRectifierStep
from convoscope.engine.steps.permuting import PermutingStep
from convoscope.engine.steps.pooling import PoolingStep, Window
from convoscope.engine.steps.random_crop import RandomCropStep
from convoscope.engine.steps.rectifier import RectifierStep
from convoscope.engine.steps.repeating import RepeatingStep
from convoscope.engine.steps.rescaling import RescalingStep
from convoscope.engine.steps.reshape import ReshapeStep
from convoscope.engine.steps.resizing import ResizingStep
from convoscope.engine.steps.sample_normalization import SampleNormalizationStep
from convoscope.engine.steps.spatial_dropout import SpatialDropoutStep
from convoscope.engine.steps.standardization import StandardizationStep
from convoscope.engine.steps.tone import ToneStep
from convoscope.engine.steps.transposed_convolution import TransposedConvolutionStep
from convoscope.engine.steps.unit_normalization import UnitNormalizationStep
from convoscope.engine.steps.upsampling import UpsamplingStep

__all__ = [
    "LINEAR",
    "ActivationStep",
    "AffineStep",
    "AlphaDropoutStep",
    "CombineStep",
    "ConcatenateStep",
    "ConvolutionStep",
    "CroppingStep",
    "DenseStep",
    "DepthwiseConvolutionStep",
    "DropoutStep",
    "ErasingStep",
    "InvertedResidualStep",
    "LocalResponseStep",
    "NoiseStep",
    "Nonlinearity",
    "NormalizationStep",
    "PaddingStep",
    "ParametricRectifierStep",
    "PermutingStep",
    "PoolingStep",
    "RandomCropStep",
    "RectifierStep",
    "RepeatingStep",
    "RescalingStep",
    "ReshapeStep",
    "ResizingStep",
    "SampleNormalizationStep",
    "SpatialDropoutStep",
    "StandardizationStep",
    "Step",
    "ToneStep",
    "TransposedConvolutionStep",
    "UnitNormalizationStep",
    "UpsamplingStep",
    "Window",
    "inverted_residual",
]
