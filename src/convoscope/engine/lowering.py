"""From a layer's description to the steps that compute it: the one place that knows each layer's meaning."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from convoscope import layers as cl
from convoscope.engine.steps import (
    LINEAR,
    ActivationStep,
    CombineStep,
    ConcatenateStep,
    ConvolutionStep,
    DenseStep,
    DropoutStep,
    ErasingStep,
    MotionStep,
    Nonlinearity,
    NormalizationStep,
    PaddingStep,
    PoolingStep,
    RescalingStep,
    ReshapeStep,
    Step,
    TransposedConvolutionStep,
    UpsamplingStep,
    Window,
)
from convoscope.layers.augmentation import Augmentation, ResamplingAugmentation
from convoscope.layers.geometry import pad_amounts, transposed_pad_amounts
from convoscope.layers.joining import Combine
from convoscope.layers.pooling import GlobalPooling2D, Pooling2D

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
    raise NotImplementedError(f"{type(layer).__name__} has no meaning for the engine yet: register it in lowering.py")


def _with_activation(step: Step, activation: Nonlinearity) -> list[Step]:
    """Return the step and, where there is an activation, a second one that applies it."""
    if activation == LINEAR:
        return [step]
    shape = step.output_shape
    return [step, ActivationStep(step.calls, (), (shape,), shape, (), activation)]


@lower.register
def _convolution(layer: cl.Conv2D, common: dict[str, Any]) -> list[Step]:
    padding = tuple(
        pad_amounts(length, window, stride, layer.padding)
        for length, window, stride in zip(common["input_shapes"][0][:2], layer.window, layer.strides, strict=True)
    )
    step = ConvolutionStep(
        **common,
        kernel_size=layer.kernel_size,
        strides=layer.strides,
        dilation=layer.dilation_rate,
        padding=padding,  # type: ignore[arg-type]
        use_bias=layer.use_bias,
        feature_shape=common["output_shape"],
    )
    return _with_activation(step, nonlinearity(layer.activation))


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
    padding = tuple(
        pad_amounts(length, window, stride, layer.padding)
        for length, window, stride in zip(common["input_shapes"][0][:2], layer.pool_size, layer.strides, strict=True)
    )
    window = Window(layer.mode, layer.pool_size, layer.strides, padding)  # type: ignore[arg-type]
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
lower.register(
    cl.ReLU,
    _activation_of(lambda layer: Nonlinearity("relu6") if layer.max_value else _rectifier(layer.negative_slope)),
)
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
def _dropout(layer: cl.Dropout, common: dict[str, Any]) -> list[Step]:
    return [DropoutStep(**common, rate=layer.rate, stream=common["calls"][0], seed=layer.seed)]


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
def _padding(layer: cl.ZeroPadding2D, common: dict[str, Any]) -> list[Step]:
    return [PaddingStep(**common, padding=layer.padding)]


@lower.register
def _rescaling(layer: cl.Rescaling, common: dict[str, Any]) -> list[Step]:
    return [RescalingStep(**common, scale=layer.scale, offset=layer.offset)]


def _draws(layer: Augmentation, common: dict[str, Any]) -> dict[str, Any]:
    return {**common, "stream": common["calls"][0], "seed": layer.seed}


def _resampling(layer: ResamplingAugmentation) -> dict[str, Any]:
    return {
        "bilinear": layer.interpolation == "bilinear",
        "fill_mode": layer.fill_mode,
        "fill_value": layer.fill_value,
    }


@lower.register
def _flip(layer: cl.RandomFlip, common: dict[str, Any]) -> list[Step]:
    return [MotionStep(**_draws(layer, common), flips=layer.flips)]


@lower.register
def _translation(layer: cl.RandomTranslation, common: dict[str, Any]) -> list[Step]:
    shifts = (layer.height_factor, layer.width_factor)
    return [MotionStep(**_draws(layer, common), shifts=shifts, **_resampling(layer))]


@lower.register
def _rotation(layer: cl.RandomRotation, common: dict[str, Any]) -> list[Step]:
    return [MotionStep(**_draws(layer, common), turns=layer.factor, **_resampling(layer))]


@lower.register
def _erasing(layer: cl.RandomErasing, common: dict[str, Any]) -> list[Step]:
    return [
        ErasingStep(
            **_draws(layer, common),
            probability=layer.factor,
            scale=layer.scale,
            fill_value=layer.fill_value,
            value_range=layer.value_range,
        )
    ]
