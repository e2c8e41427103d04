"""From a layer's description to the steps that compute it: the one place that knows each layer's meaning."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any, Protocol

import numpy as np

from convoscope import layers as cl
from convoscope.engine.steps import (
    LINEAR,
    ActivationStep,
    CombineStep,
    ConcatenateStep,
    ConvolutionStep,
    CroppingStep,
    DenseStep,
    DepthwiseConvolutionStep,
    LocalResponseStep,
    Nonlinearity,
    NormalizationStep,
    PaddingStep,
    ParametricRectifierStep,
    PermutingStep,
    PoolingStep,
    RectifierStep,
    RepeatingStep,
    RescalingStep,
    ReshapeStep,
    ResizingStep,
    SampleNormalizationStep,
    StandardizationStep,
    Step,
    TransposedConvolutionStep,
    UnitNormalizationStep,
    UpsamplingStep,
    Window,
)
from convoscope.layers.depthwise import Depthwise
from convoscope.layers.geometry import pad_amounts, transposed_pad_amounts
from convoscope.layers.joining import Combine
from convoscope.layers.pooling import GlobalPooling2D, Pooling2D
from convoscope.layers.sample_normalization import Scaled
from convoscope.types import Padding, Pair

# What a bare name means, with Keras' settings.
_ALPHA = {"leaky_relu": 0.2, "elu": 1.0}


def nonlinearity(name: str) -> Nonlinearity:
    """Return the activation of that name at its default setting."""
    return Nonlinearity(name, _ALPHA.get(name, 0.0))


@singledispatch
def lower(layer: cl.Layer, common: dict[str, Any]) -> list[Step]:
    """Return the steps that compute one layer.

    Parameters
    ----------
    layer : Layer
    common : dict
        What `Step` holds: ``calls``, ``inputs``, ``input_shapes``, ``output_shape``, ``weights``. The plan sees to
        ``inputs``: the first step reads what the layer is called on, and each other one what the one before it makes.
    """
    raise NotImplementedError(f"{type(layer).__name__} is unknown to the engine: register it in lowering.py")


def _with_activation(step: Step, activation: Nonlinearity) -> list[Step]:
    """Return the step and, where there is an activation, a second one that applies it."""
    if activation == LINEAR:
        return [step]
    shape = step.output_shape
    return [step, ActivationStep(step.calls, (), (shape,), shape, (), activation)]


class _Padded(Protocol):
    """A layer whose windows may reach over an image's edges."""

    strides: Pair
    padding: str


def _padding_of(layer: _Padded, window: Pair, common: dict[str, Any]) -> Padding:
    each = zip(common["input_shapes"][0][:2], window, layer.strides, strict=True)
    rows, columns = (pad_amounts(length, size, stride, layer.padding) for length, size, stride in each)
    return rows, columns


@lower.register
def _convolution(layer: cl.Conv2D, common: dict[str, Any]) -> list[Step]:
    step = ConvolutionStep(
        **common,
        kernel_size=layer.kernel_size,
        strides=layer.strides,
        dilation=layer.dilation_rate,
        padding=_padding_of(layer, layer.window, common),
        use_bias=layer.use_bias,
        feature_shape=common["output_shape"],
        groups=layer.groups,
    )
    return _with_activation(step, nonlinearity(layer.activation))


def _depthwise_step(layer: Depthwise, common: dict[str, Any], use_bias: bool) -> DepthwiseConvolutionStep:
    return DepthwiseConvolutionStep(
        **common,
        kernel_size=layer.kernel_size,
        strides=layer.strides,
        dilation=layer.dilation_rate,
        padding=_padding_of(layer, layer.window, common),
        use_bias=use_bias,
    )


@lower.register
def _depthwise_convolution(layer: cl.DepthwiseConv2D, common: dict[str, Any]) -> list[Step]:
    return _with_activation(_depthwise_step(layer, common, layer.use_bias), nonlinearity(layer.activation))


@lower.register
def _separable_convolution(layer: cl.SeparableConv2D, common: dict[str, Any]) -> list[Step]:
    height, width, filters = common["output_shape"]
    between = (height, width, common["input_shapes"][0][2] * layer.depth_multiplier)
    depthwise = {**common, "output_shape": between, "weights": common["weights"][:1]}
    pointwise = {**common, "input_shapes": (between,), "weights": common["weights"][1:]}
    step = ConvolutionStep(
        **pointwise,
        kernel_size=(1, 1),
        strides=(1, 1),
        dilation=(1, 1),
        padding=((0, 0), (0, 0)),
        use_bias=layer.use_bias,
        feature_shape=(height, width, filters),
    )
    return [_depthwise_step(layer, depthwise, False), *_with_activation(step, nonlinearity(layer.activation))]


@lower.register
def _transposed_convolution(layer: cl.Conv2DTranspose, common: dict[str, Any]) -> list[Step]:
    lengths = zip(common["input_shapes"][0][:2], layer.window, layer.strides, common["output_shape"][:2], strict=True)
    padding = tuple(
        transposed_pad_amounts(n, window, stride, layer.padding, made) for n, window, stride, made in lengths
    )
    step = TransposedConvolutionStep(
        **common,
        kernel_size=layer.kernel_size,
        strides=layer.strides,
        dilation=layer.dilation_rate,
        padding=padding,  # type: ignore[arg-type]
        use_bias=layer.use_bias,
    )
    return _with_activation(step, nonlinearity(layer.activation))


@lower.register
def _upsampling(layer: cl.UpSampling2D, common: dict[str, Any]) -> list[Step]:
    return [UpsamplingStep(**common, size=layer.size, bilinear=layer.interpolation == "bilinear")]


@lower.register
def _dense(layer: cl.Dense, common: dict[str, Any]) -> list[Step]:
    return _with_activation(DenseStep(**common, use_bias=layer.use_bias), nonlinearity(layer.activation))


@lower.register
def _pooling(layer: Pooling2D, common: dict[str, Any]) -> list[Step]:
    padding = _padding_of(layer, layer.pool_size, common)
    window = Window(layer.mode, layer.pool_size, layer.strides, padding)
    return [PoolingStep(**common, window=window)]


@lower.register
def _global_pooling(layer: GlobalPooling2D, common: dict[str, Any]) -> list[Step]:
    size = common["input_shapes"][0][:2]
    return [PoolingStep(**common, window=Window(layer.mode, size, size, ((0, 0), (0, 0))))]


@lower.register(cl.Flatten)
@lower.register(cl.Reshape)
def _reshape(layer: cl.Layer, common: dict[str, Any]) -> list[Step]:
    return [ReshapeStep(**common)]


def _activation_of(make: Callable[[Any], Nonlinearity]) -> Callable[[Any, dict[str, Any]], list[Step]]:
    return lambda layer, common: [ActivationStep(**common, activation=make(layer))]


def _rectifier(slope: float) -> Nonlinearity:
    return Nonlinearity("leaky_relu", slope) if slope else Nonlinearity("relu")


lower.register(cl.Activation, _activation_of(lambda layer: nonlinearity(layer.activation)))
lower.register(cl.LeakyReLU, _activation_of(lambda layer: _rectifier(layer.negative_slope)))
lower.register(cl.ELU, _activation_of(lambda layer: Nonlinearity("elu", layer.alpha)))
lower.register(cl.Softmax, _activation_of(lambda layer: Nonlinearity("softmax")))


@lower.register
def _combine(layer: Combine, common: dict[str, Any]) -> list[Step]:
    if len(common["input_shapes"]) == 1:
        return [ReshapeStep(**common)]
    return [CombineStep(**common, mode=layer.mode)]


@lower.register
def _concatenate(layer: cl.Concatenate, common: dict[str, Any]) -> list[Step]:
    if len(common["input_shapes"]) == 1:
        return [ReshapeStep(**common)]
    return [ConcatenateStep(**common, axis=layer.sample_axis(len(common["output_shape"])))]


@lower.register
def _relu(layer: cl.ReLU, common: dict[str, Any]) -> list[Step]:
    if layer.threshold == 0.0 and layer.max_value is None:
        return [ActivationStep(**common, activation=_rectifier(layer.negative_slope))]
    if layer.threshold == 0.0 and layer.max_value == 6.0 and layer.negative_slope == 0.0:
        return [ActivationStep(**common, activation=Nonlinearity("relu6"))]
    return [RectifierStep(**common, most=layer.max_value, slope=layer.negative_slope, threshold=layer.threshold)]


@lower.register
def _prelu(layer: cl.PReLU, common: dict[str, Any]) -> list[Step]:
    return [ParametricRectifierStep(**common, shape=layer.weight_specs(common["input_shapes"][0])[0].shape)]


@lower.register
def _normalization(layer: cl.BatchNormalization, common: dict[str, Any]) -> list[Step]:
    return [
        NormalizationStep(
            **common,
            momentum=layer.momentum,
            epsilon=layer.epsilon,
            scale=layer.scale,
            center=layer.center,
            frozen=not layer.trainable,
        )
    ]


@lower.register
def _layer_normalization(layer: cl.LayerNormalization, common: dict[str, Any]) -> list[Step]:
    return [_sample_normalization(layer, common, len(layer.axis), groups=1, by_channel=False)]


@lower.register
def _group_normalization(layer: cl.GroupNormalization, common: dict[str, Any]) -> list[Step]:
    shape = common["input_shapes"][0]
    return [_sample_normalization(layer, common, len(shape), groups=layer.groups_of(shape), by_channel=True)]


def _sample_normalization(
    layer: Scaled, common: dict[str, Any], shared: int, *, groups: int, by_channel: bool
) -> SampleNormalizationStep:
    return SampleNormalizationStep(
        **common,
        axes=_last_axes(shared, common),
        groups=groups,
        by_channel=by_channel,
        epsilon=layer.epsilon,
        scale=layer.scale,
        center=layer.center,
    )


def _last_axes(count: int, common: dict[str, Any]) -> tuple[int, ...]:
    last = len(common["input_shapes"][0])
    return tuple(range(last - count, last))


@lower.register
def _local_response(layer: cl.LocalResponseNormalization, common: dict[str, Any]) -> list[Step]:
    last = common["input_shapes"][0][-1] - 1
    before, after = (min(each, last) for each in layer.depth_radius)
    window: dict[str, Any] = {"before": before, "after": after}
    return [LocalResponseStep(**common, **window, bias=layer.bias, alpha=layer.alpha, beta=layer.beta)]


@lower.register
def _unit_normalization(layer: cl.UnitNormalization, common: dict[str, Any]) -> list[Step]:
    return [UnitNormalizationStep(**common, axes=_last_axes(len(layer.axis), common))]


@lower.register
def _standardization(layer: cl.Normalization, common: dict[str, Any]) -> list[Step]:
    shape = common["input_shapes"][0]
    mean, variance = (tuple(np.ravel(values).tolist()) for values in layer.constants(shape) or ((), ()))
    weights = common["weights"][:2]  # the third, a count, is only there because Keras has it
    return [
        StandardizationStep(
            **{**common, "weights": weights},
            shape=layer.kept_shape(shape),
            mean=mean,
            variance=variance,
            inverted=layer.invert,
        )
    ]


@lower.register
def _cropping(layer: cl.Cropping2D, common: dict[str, Any]) -> list[Step]:
    return [CroppingStep(**common, start=(layer.cropping[0][0], layer.cropping[1][0]))]


@lower.register
def _permuting(layer: cl.Permute, common: dict[str, Any]) -> list[Step]:
    return [PermutingStep(**common, axes=tuple(axis - 1 for axis in layer.dims))]


@lower.register
def _repeating(layer: cl.RepeatVector, common: dict[str, Any]) -> list[Step]:
    return [RepeatingStep(**common)]


@lower.register
def _resizing(layer: cl.Resizing, common: dict[str, Any]) -> list[Step]:
    part = layer.part(common["input_shapes"][0])
    bilinear = layer.interpolation == "bilinear"
    return [ResizingStep(**common, part=part, bilinear=bilinear, fill_value=layer.fill_value)]


@lower.register
def _center_crop(layer: cl.CenterCrop, common: dict[str, Any]) -> list[Step]:
    (top, height), (left, width) = part = layer.part(common["input_shapes"][0])
    if (height, width) == (layer.height, layer.width):
        return [CroppingStep(**common, start=(top, left))]
    return [ResizingStep(**common, part=part, bilinear=True, fill_value=0.0)]


@lower.register
def _padding(layer: cl.ZeroPadding2D, common: dict[str, Any]) -> list[Step]:
    return [PaddingStep(**common, padding=layer.padding)]


@lower.register
def _rescaling(layer: cl.Rescaling, common: dict[str, Any]) -> list[Step]:
    return [RescalingStep(**common, scale=layer.scale, offset=layer.offset)]
