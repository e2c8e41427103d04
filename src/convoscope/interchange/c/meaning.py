"""What each layer is in C."""

from __future__ import annotations

from functools import singledispatch
from math import prod
from typing import Any

import numpy as np

from convoscope import layers as cl
from convoscope.errors import ConfigurationError
from convoscope.interchange.c.part import Part, literal
from convoscope.layers.augmentation import Augmentation
from convoscope.layers.geometry import extent, pad_amounts
from convoscope.layers.joining import Combine
from convoscope.layers.pooling import Pooling2D

#: Layers of which nothing is left in prediction, or that only call the same numbers by another shape.
NOTHING: tuple[type[Any], ...] = (
    *(cl.Flatten, cl.Reshape, cl.Dropout, cl.SpatialDropout2D, cl.AlphaDropout, cl.GaussianNoise, cl.GaussianDropout),
    Augmentation,
)
_MODES = {"max": 1, "min": -1, "average": 0}
_COMBINED = {"add": 0, "average": 0, "subtract": 1, "multiply": 2, "maximum": 3, "minimum": 4, "divide": 5}


@singledispatch
def code(layer: Any, part: Part) -> None:
    """Note in a part what a layer does.

    Raises
    ------
    ConfigurationError
        If there is no C for the layer.
    """
    raise ConfigurationError(
        f"{layer.describe()}: a {type(layer).__name__} cannot be exported to C. ONNX files support every layer: "
        "convoscope export RUN --onnx model.onnx."
    )


def memory_between(call: Any) -> int:
    """Return how many numbers a call keeps for itself while it computes."""
    layer = call.layer
    if not isinstance(layer, cl.SeparableConv2D):
        return 0
    height, width = call.output_shape[:2]
    return int(height * width * call.input_shapes[0][2] * layer.depth_multiplier)


# ---- windows


def _sides(layer: Any, part: Part) -> str:
    """Return the window's sizes, its steps and the padding before it, as the functions take them."""
    window = [extent(size, rate) for size, rate in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
    padding = [
        pad_amounts(length, size, stride, layer.padding)[0]
        for length, size, stride in zip(part.shape[:2], window, layer.strides, strict=True)
    ]
    return ", ".join(map(str, (*layer.kernel_size, *layer.strides, *layer.dilation_rate, *padding)))


def _sizes(shape: Any) -> str:
    return ", ".join(map(str, shape))


def _slide(layer: Any, part: Part, kernel: str, bias: str, groups: int, output: str, filters: int) -> None:
    """Slide a kernel over the image. A depthwise one lies in memory as one with a group for each channel."""
    part.do(
        *("convolution", part.inputs[0], _sizes(part.shape), part.number(kernel, part.weight(kernel)), bias),
        *(_sides(layer, part), groups, output, _sizes(part.made[:2]), filters),
    )


@code.register
def _convolution(layer: cl.Conv2D, part: Part) -> None:
    bias = part.number("bias", part.weight("bias"))
    _slide(layer, part, "kernel", bias, layer.groups, part.output, layer.filters)
    part.activate(layer.activation)


@code.register
def _depthwise_convolution(layer: cl.DepthwiseConv2D, part: Part) -> None:
    bias = part.number("bias", part.weight("bias"))
    _slide(layer, part, "kernel", bias, part.shape[2], part.output, part.made[2])
    part.activate(layer.activation)


@code.register
def _separable_convolution(layer: cl.SeparableConv2D, part: Part) -> None:
    kernel = part.weight("pointwise_kernel")  # (1, 1, between, filters)
    assert kernel is not None
    between, filters = kernel.shape[2:]
    _slide(layer, part, "depthwise_kernel", "NULL", part.shape[2], part.own, between)
    names = part.number("pointwise_kernel", kernel), part.number("bias", part.weight("bias"))
    part.do("dense", part.own, prod(part.made[:2]), between, *names, part.output, filters)
    part.activate(layer.activation)


@code.register
def _pooling(layer: Pooling2D, part: Part) -> None:
    padding = [
        pad_amounts(length, size, stride, layer.padding)[0]
        for length, size, stride in zip(part.shape[:2], layer.pool_size, layer.strides, strict=True)
    ]
    window = _sizes((*layer.pool_size, *layer.strides, *padding, _MODES[layer.mode]))
    part.do("pooling", part.inputs[0], _sizes(part.shape), window, part.output, _sizes(part.made[:2]))


@code.register(cl.GlobalAveragePooling2D)
@code.register(cl.GlobalMaxPooling2D)
def _global_pooling(layer: Any, part: Part) -> None:
    window = _sizes((*part.shape[:2], 1, 1, 0, 0, _MODES[layer.mode]))
    part.do("pooling", part.inputs[0], _sizes(part.shape), window, part.output, 1, 1)


@code.register
def _zero_padding(layer: cl.ZeroPadding2D, part: Part) -> None:
    (top, _), (left, _) = layer.padding
    part.do("shift", part.inputs[0], _sizes(part.shape), -top, -left, part.output, _sizes(part.made[:2]))


@code.register
def _cropping(layer: cl.Cropping2D, part: Part) -> None:
    (top, _), (left, _) = layer.cropping
    part.do("shift", part.inputs[0], _sizes(part.shape), top, left, part.output, _sizes(part.made[:2]))


@code.register
def _upsampling(layer: cl.UpSampling2D, part: Part) -> None:
    if layer.interpolation != "nearest":
        raise ConfigurationError(f"{layer.describe()}: only interpolation='nearest' can be exported to C.")
    part.do("enlarge", part.inputs[0], _sizes(part.shape), _sizes(layer.size), part.output)


# ---- values


@code.register
def _dense(layer: cl.Dense, part: Part) -> None:
    names = part.number("kernel", part.weight("kernel")), part.number("bias", part.weight("bias"))
    part.do("dense", part.inputs[0], prod(part.shape[:-1]), part.shape[-1], *names, part.output, layer.units)
    part.activate(layer.activation)


@code.register
def _activation(layer: cl.Activation, part: Part) -> None:
    _alone(layer.activation, part)


@code.register
def _softmax(layer: cl.Softmax, part: Part) -> None:
    _alone("softmax", part)


def _alone(activation: str, part: Part) -> None:
    if activation in ("softmax", "log_softmax"):
        part.do(activation, part.inputs[0], part.output, prod(part.shape[:-1]), part.shape[-1])
    else:
        part.value_by_value("copy" if activation == "linear" else f"activate_{activation}")


@code.register
def _relu(layer: cl.ReLU, part: Part) -> None:
    most = "INFINITY" if layer.max_value is None else literal(layer.max_value)
    part.value_by_value("rectify", most, literal(layer.negative_slope), literal(layer.threshold))


@code.register
def _leaky_relu(layer: cl.LeakyReLU, part: Part) -> None:
    part.value_by_value("rectify", "INFINITY", literal(layer.negative_slope), literal(0.0))


@code.register
def _elu(layer: cl.ELU, part: Part) -> None:
    part.value_by_value("exponential_unit", literal(layer.alpha))


@code.register
def _prelu(layer: cl.PReLU, part: Part) -> None:
    alpha = part.weight("alpha")
    assert alpha is not None
    whole = np.broadcast_to(alpha, part.shape)
    part.value_by_value("slopes", part.number("alpha", whole), whole.size)


@code.register
def _rescaling(layer: cl.Rescaling, part: Part) -> None:
    part.value_by_value("rescale", literal(layer.scale), literal(layer.offset))


@code.register
def _unit_normalization(layer: cl.UnitNormalization, part: Part) -> None:
    last = len(part.shape)
    if [axis % (last + 1) for axis in layer.axis] != [last]:
        raise ConfigurationError(f"{layer.describe()}: only normalization of the last axis can be exported to C.")
    part.do("unit_length", part.inputs[0], part.output, prod(part.shape[:-1]), part.shape[-1])


@code.register
def _local_response(layer: cl.LocalResponseNormalization, part: Part) -> None:
    settings = (literal(each) for each in (layer.bias, layer.alpha, layer.beta))
    sizes = prod(part.shape[:-1]), part.shape[-1]
    part.do("local_response", part.inputs[0], part.output, *sizes, *layer.depth_radius, *settings)


@code.register
def _batch_normalization(layer: cl.BatchNormalization, part: Part) -> None:
    count = part.shape[-1]
    gamma, beta = (part.weight(name) for name in ("gamma", "beta"))
    mean, variance = (np.asarray(part.weight(name), np.float64) for name in ("moving_mean", "moving_variance"))
    factor = (np.ones(count) if gamma is None else gamma) / np.sqrt(variance + layer.epsilon)
    _scaled(part, factor, (np.zeros(count) if beta is None else beta) - mean * factor)


@code.register
def _standardization(layer: cl.Normalization, part: Part) -> None:
    constants = layer.constants(part.shape)
    mean, variance = constants if constants is not None else (part.weight("mean"), part.weight("variance"))
    centre = np.broadcast_to(np.asarray(mean, np.float64).reshape(layer.kept_shape(part.shape)), part.shape)
    spread = np.maximum(np.sqrt(np.asarray(variance, np.float64)), 1e-7)
    width = np.broadcast_to(spread.reshape(layer.kept_shape(part.shape)), part.shape)
    if layer.invert:
        _scaled(part, width, centre)
    else:
        _scaled(part, 1 / width, -centre / width)


def _scaled(part: Part, factor: Any, offset: Any) -> None:
    """Multiply and add, by as many numbers as were given: for each channel, or for each value."""
    count = factor.size
    names = part.number("factor", factor), part.number("offset", offset)
    part.do("scale", part.inputs[0], part.output, prod(part.shape) // count, count, *names)


# ---- several values


@code.register
def _combine(layer: Combine, part: Part) -> None:
    if any(shape != part.made for shape in part.call.input_shapes):
        raise ConfigurationError(
            f"{layer.describe()}: only values of the same shape can be combined in C, but these have the shapes "
            f"{', '.join(map(str, part.call.input_shapes))}."
        )
    first, *others = part.inputs
    if not others:
        part.value_by_value("copy")
    for other in others:
        part.do("combine", first, other, part.output, prod(part.made), _COMBINED[layer.mode])
        first = part.output
    if layer.mode == "average":
        part.do("rescale", part.output, part.output, prod(part.made), literal(1 / len(part.inputs)), literal(0.0))


@code.register
def _concatenate(layer: cl.Concatenate, part: Part) -> None:
    axis = layer.sample_axis(len(part.made))
    whole, before = prod(part.made[axis:]), 0
    for value, shape in zip(part.inputs, part.call.input_shapes, strict=True):
        own = prod(shape[axis:])
        part.do("place", value, f"{part.output} + {before}", prod(part.made[:axis]), own, whole)
        before += own
