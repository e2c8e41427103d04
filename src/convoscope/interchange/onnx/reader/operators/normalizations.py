"""Normalizations, and what acts in training alone."""

from __future__ import annotations

import numpy as np

from convoscope.interchange.onnx.reader.context import (
    Context,
    image_value,
    integer_setting,
    operator,
    real_setting,
    sample_axis,
)
from convoscope.interchange.onnx.reader.layout import Value, arranged, as_image, length
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.normalizing import NORMALIZED, RESPONSE, UNIT
from convoscope.interchange.onnx.reader.operators.convolutions import refittable
from convoscope.interchange.onnx.reader.operators.shapes import axis_to_end
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import (
    BatchNormalization,
    Dropout,
    GroupNormalization,
    LayerNormalization,
    LocalResponseNormalization,
    UnitNormalization,
)


@operator("BatchNormalization")
def batch_normalization(context: Context, node: OnnxNode) -> Value:
    """A layer with moving averages, so that the network can be trained further."""
    if node.setting("training_mode", 0) or context.also_read(node):
        raise UnsupportedError("it is in training mode: export the network for inference, with model.eval()")
    if node.setting("spatial", 1) != 1:
        raise UnsupportedError("spatial=0 gives each pixel its own averages")
    value = context.value(node.input(0))
    if not value.logical:
        raise UnsupportedError("its input has only a batch axis")
    value = as_image(value) if len(value.logical) == 3 else axis_to_end(value, 0)
    scale, bias, mean, variance = (
        context.weight(node.input(number), what)
        for number, what in enumerate(("the scale", "the bias", "the mean", "the variance"), start=1)
    )
    epsilon, momentum = real_setting(node, "epsilon", 1e-5), real_setting(node, "momentum", 0.9)
    if not 0 <= momentum <= 1:
        raise UnsupportedError(f"its momentum is {momentum}")
    if (variance + np.float32(epsilon) <= 0).any():
        raise UnsupportedError("its variance is negative")
    layer = BatchNormalization(momentum=momentum, epsilon=epsilon or 1e-30, name=context.name(node, node.input(1)))
    return value.of(context.call(layer, value.symbol, scale, bias, mean, variance))


@operator("GroupNormalization")
def group_normalization(context: Context, node: OnnxNode) -> Value:
    """Mean 0 and variance 1 for each image's groups of channels."""
    value = as_image(image_value(context.value(node.input(0))))
    channels, groups = value.shape[0], node.setting("num_groups", 1)
    scale, bias = _scale_and_bias(context, node)
    if node.opset < 21 and groups and channels % groups == 0:
        scale, bias = (np.repeat(each, channels // groups) if each.size == groups else each for each in (scale, bias))
    return _in_groups(context, node, value, groups, scale, bias)


@operator("InstanceNormalization")
def instance_normalization(context: Context, node: OnnxNode) -> Value:
    """The same for each index of the first axis: a channel, or a group of those that lie there still."""
    value = context.value(node.input(0))
    if not value.logical:
        raise UnsupportedError("its input has only a batch axis")
    first = value.logical[0]
    if value.physical[-1][: len(first)] != first:
        value = axis_to_end(value, 0)
    groups, channels = length(first), length(value.physical[-1])
    numbers = _scale_and_bias(context, node)
    scale, bias = (np.repeat(each, channels // groups) if each.size == groups else each for each in numbers)
    return _in_groups(context, node, value, groups, scale, bias)


def _scale_and_bias(context: Context, node: OnnxNode) -> tuple[Array, Array]:
    scale, bias = (context.weight(node.input(number), what) for number, what in ((1, "the scale"), (2, "the bias")))
    return scale, bias


def _in_groups(context: Context, node: OnnxNode, value: Value, groups: int, scale: Array, bias: Array) -> Value:
    name, epsilon = context.name(node, node.input(1)), real_setting(node, "epsilon", 1e-5)

    def make(gamma: Array, beta: Array | None) -> Value:
        layer = GroupNormalization(groups, epsilon=epsilon, center=beta is not None, name=name)
        return value.of(context.call(layer, value.symbol, gamma, *([] if beta is None else [beta])))

    return refittable(make, scale, bias, scale.shape)


@operator("LRN")
def local_response(context: Context, node: OnnxNode) -> Value:
    """Each channel divided by how strongly those beside it respond."""
    value = context.value(node.input(0))
    if not value.logical:
        raise UnsupportedError("its input has only a batch axis")
    value, size = axis_to_end(value, 0), integer_setting(node, "size", 0)
    alpha, beta, bias = (
        real_setting(node, name, default) for name, default in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))
    )
    if size < 1:
        raise UnsupportedError(f"its size is {size}")
    radii = ((size - 1) // 2, size // 2)
    layer = LocalResponseNormalization(radii, bias, alpha / size, beta, name=context.name(node))
    return value.of(context.call(layer, value.symbol), value.nonnegative)


@operator(RESPONSE)
def recognized_response(context: Context, node: OnnxNode) -> Value:
    """The same along the last axis, which several nodes compute together."""
    value = context.value(node.input(0))
    value = axis_to_end(value, len(value.logical) - 1)
    radii = node.setting("before"), node.setting("after")
    bias, alpha, beta = (node.setting(name) for name in ("bias", "alpha", "beta"))
    layer = LocalResponseNormalization(radii, bias, alpha, beta, name=context.name(node))
    return value.of(context.call(layer, value.symbol), value.nonnegative)


@operator(UNIT)
def unit(context: Context, node: OnnxNode) -> Value:
    """Length 1 along some axes, which several nodes compute together."""
    value = context.value(node.input(0))
    axes = {sample_axis(each, value, "normalizes over") for each in node.setting("axes")}
    return of_unit_length(context, value, axes, context.name(node))


def of_unit_length(context: Context, value: Value, axes: set[int], name: str | None = None) -> Value:
    """Return values over their length along some axes, which become the last."""
    others = tuple(group for place, group in enumerate(value.logical) if place not in axes)
    value = arranged(value, (*others, *(value.logical[place] for place in sorted(axes))))
    layer = UnitNormalization(list(range(-len(axes), 0)), name=name)
    return value.of(context.call(layer, value.symbol))


@operator("LayerNormalization")
def layer_normalization(context: Context, node: OnnxNode) -> Value:
    """Mean 0 and variance 1 over the last axes."""
    value = context.value(node.input(0))
    first = sample_axis(node.setting("axis", -1), value, "normalizes over")
    if context.also_read(node):
        raise UnsupportedError("it also outputs the means, which no layer supports")
    scale, bias = context.weight(node.input(1), "the scale"), context.optional(node.input(2), "the bias")
    return _normalized(context, node, value, list(range(first, len(value.logical))), scale, bias)


@operator(NORMALIZED)
def recognized_normalization(context: Context, node: OnnxNode) -> Value:
    """The same, which several nodes compute together."""
    value = context.value(node.input(0))
    axes = sorted(sample_axis(each, value, "normalizes over") for each in node.setting("axes"))
    return _normalized(context, node, value, axes, np.ones(()), None)


def _normalized(
    context: Context, node: OnnxNode, value: Value, axes: list[int], scale: Array, bias: Array | None
) -> Value:
    """Return a value normalized over some of ONNX's axes, with numbers that go with them."""
    if len(axes) == 1:
        value = axis_to_end(value, axes[0])
    else:
        others = [place for place in range(len(value.logical)) if place not in axes]
        value = arranged(value, tuple(value.logical[place] for place in (*others, *axes)))
    last = value.symbol.sample_shape[-len(axes) :]
    given = [scale] if bias is None else [scale, bias]
    if any(each.shape not in ((), last) for each in given):
        raise UnsupportedError(f"its scale has shape {scale.shape}, but it normalizes {last}")
    scale, *biases = (np.broadcast_to(each, last) for each in given)
    name, epsilon = context.name(node, node.input(1)), real_setting(node, "epsilon", 1e-5)

    def make(gamma: Array, beta: Array | None) -> Value:
        layer = LayerNormalization(list(range(-len(axes), 0)), epsilon=epsilon, center=beta is not None, name=name)
        return value.of(context.call(layer, value.symbol, gamma, *([] if beta is None else [beta])))

    if len(axes) > 1:  # their numbers go with several axes, and what scales them goes with the last
        return make(scale, biases[0] if biases else None)
    return refittable(make, scale, biases[0] if biases else None, last)


@operator("Dropout")
def dropout(context: Context, node: OnnxNode) -> Value:
    """A layer that acts when the network is trained further."""
    if context.also_read(node):
        raise UnsupportedError("its mask is used, but no layer outputs one")
    value = context.value(node.input(0))
    mode = context.optional(node.input(2), "training_mode")
    rate = context.number(node, "ratio", 1, 0.5)
    if mode is not None and mode.any() and rate != 0:
        raise UnsupportedError("it is in training mode: export the network for inference, with model.eval()")
    if rate is None or not 0 <= rate < 1:
        raise UnsupportedError(f"its ratio is {rate}")
    if not value.physical:
        return value
    return value.of(context.call(Dropout(rate, name=context.name(node)), value.symbol), value.nonnegative)
