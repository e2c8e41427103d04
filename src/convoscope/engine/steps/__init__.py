"""The steps that a plan is made of, a file for each kind: its data, and all that anybody asks of it.

A step has everything an engine needs: shapes are known, "same" padding has become numbers of pixels, and weights are
indices in the plan's list. Shapes are without the batch axis; arrays at run time have it first.
"""

from convoscope.engine.steps.activation import LINEAR, ActivationStep, Nonlinearity
from convoscope.engine.steps.base import Step
from convoscope.engine.steps.combine import CombineStep
from convoscope.engine.steps.concatenate import ConcatenateStep
from convoscope.engine.steps.convolution import ConvolutionStep
from convoscope.engine.steps.dense import DenseStep
from convoscope.engine.steps.dropout import DropoutStep
from convoscope.engine.steps.erasing import ErasingStep
from convoscope.engine.steps.motion import MotionStep
from convoscope.engine.steps.normalization import NormalizationStep
from convoscope.engine.steps.padding import PaddingStep
from convoscope.engine.steps.pooling import PoolingStep, Window
from convoscope.engine.steps.rescaling import RescalingStep
from convoscope.engine.steps.reshape import ReshapeStep
from convoscope.engine.steps.transposed_convolution import TransposedConvolutionStep
from convoscope.engine.steps.upsampling import UpsamplingStep

__all__ = [
    "LINEAR",
    "ActivationStep",
    "CombineStep",
    "ConcatenateStep",
    "ConvolutionStep",
    "DenseStep",
    "DropoutStep",
    "ErasingStep",
    "MotionStep",
    "Nonlinearity",
    "NormalizationStep",
    "PaddingStep",
    "PoolingStep",
    "RescalingStep",
    "ReshapeStep",
    "Step",
    "TransposedConvolutionStep",
    "UpsamplingStep",
    "Window",
]
