"""The nodes of layers with windows: convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope import layers as cl
from convoscope.interchange.onnx.writer.activation_nodes import activated
from convoscope.interchange.onnx.writer.layer_call import LayerCall, nodes_of
from convoscope.interchange.onnx.writer.network import Value
from convoscope.layers.geometry import pad_amounts, transposed_pad_amounts
from convoscope.types import Pair

_OUT_IN = (3, 2, 0, 1)  # a kernel's axes as ONNX has them: filters, channels, height, width


@nodes_of(cl.Conv2D)
def _convolution(call: LayerCall[cl.Conv2D]) -> Value:
    layer = call.layer
    inputs = [call.first.name, call.weight("kernel", order=_OUT_IN), *_bias(call)]
    made = call.node("Conv", *inputs, group=layer.groups, **_window(call, layer.kernel_size, layer.window))
    return activated(call, call.image(made), layer.activation)


@nodes_of(cl.DepthwiseConv2D)
def _depthwise_convolution(call: LayerCall[cl.DepthwiseConv2D]) -> Value:
    made = _depthwise(call, "kernel", *_bias(call))
    return activated(call, call.image(made), call.layer.activation)


@nodes_of(cl.SeparableConv2D)
def _separable_convolution(call: LayerCall[cl.SeparableConv2D]) -> Value:
    between = _depthwise(call, "depthwise_kernel")
    made = call.node("Conv", between, call.weight("pointwise_kernel", order=_OUT_IN), *_bias(call), kernel_shape=[1, 1])
    return activated(call, call.image(made), call.layer.activation)


def _depthwise(call: LayerCall[Any], which: str, *bias: str) -> str:
    height, width, channels, each = call.weights[which].shape
    kernel = call.weight(which, order=(2, 3, 0, 1), shape=(channels * each, 1, height, width))
    window = _window(call, call.layer.kernel_size, call.layer.window)
    return call.node("Conv", call.first.name, kernel, *bias, group=channels, **window)


@nodes_of(cl.Conv2DTranspose)
def _transposed_convolution(call: LayerCall[cl.Conv2DTranspose]) -> Value:
    layer = call.layer
    sides = zip(call.given.shape[:2], layer.window, layer.strides, call.shape[:2], strict=True)
    pads, more = [], []
    for length, window, stride, made in sides:
        before, after = transposed_pad_amounts(length, window, stride, layer.padding, made)
        pads.append((before, after))
        more.append(made - ((length - 1) * stride + window - before - after))
    name = call.node(
        "ConvTranspose",
        call.first.name,
        call.weight("kernel", order=_OUT_IN),  # its filters come before its channels: so do they here
        *_bias(call),
        kernel_shape=layer.kernel_size,
        strides=layer.strides,
        dilations=layer.dilation_rate,
        pads=_ends(pads),
        output_padding=more if any(more) else None,
    )
    return activated(call, call.image(name), layer.activation)


@nodes_of(cl.MaxPooling2D)
def _max_pooling(call: LayerCall[cl.MaxPooling2D]) -> Value:
    return call.image(call.node("MaxPool", call.first.name, **_pooling(call)))


@nodes_of(cl.MinPooling2D)
def _min_pooling(call: LayerCall[cl.MinPooling2D]) -> Value:
    largest = call.node("MaxPool", call.node("Neg", call.first.name), **_pooling(call))
    return call.image(call.node("Neg", largest))


@nodes_of(cl.AveragePooling2D)
def _average_pooling(call: LayerCall[cl.AveragePooling2D]) -> Value:
    return call.image(call.node("AveragePool", call.first.name, count_include_pad=0, **_pooling(call)))


@nodes_of(cl.GlobalAveragePooling2D)
def _global_average(call: LayerCall[cl.GlobalAveragePooling2D]) -> Value:
    return _of_all(call, "GlobalAveragePool")


@nodes_of(cl.GlobalMaxPooling2D)
def _global_max(call: LayerCall[cl.GlobalMaxPooling2D]) -> Value:
    return _of_all(call, "GlobalMaxPool")


def _of_all(call: LayerCall[Any], op: str) -> Value:
    pooled = Value(call.node(op, call.first.name), (1, 1, call.given.shape[2]), first=True)
    return pooled if len(call.shape) == 3 else call.network.flat(pooled, f"{call.name}/Flatten")


def _bias(call: LayerCall[Any]) -> list[str]:
    return [call.weight("bias")] if call.layer.use_bias else []


def _window(call: LayerCall[Any], size: Pair, window: Pair) -> dict[str, Any]:
    """Return the attributes of a window that moves over an image; `window` is its size with the dilation."""
    layer = call.layer
    each = zip(call.given.shape[:2], window, layer.strides, strict=True)
    pads = [pad_amounts(length, across, stride, layer.padding) for length, across, stride in each]
    return {"kernel_shape": size, "strides": layer.strides, "dilations": layer.dilation_rate, "pads": _ends(pads)}


def _pooling(call: LayerCall[Any]) -> dict[str, Any]:
    layer = call.layer
    each = zip(call.given.shape[:2], layer.pool_size, layer.strides, strict=True)
    pads = [pad_amounts(length, across, stride, layer.padding) for length, across, stride in each]
    return {"kernel_shape": layer.pool_size, "strides": layer.strides, "pads": _ends(pads)}


def _ends(pads: Sequence[Pair]) -> list[int]:
    """Return (before, after) of each axis as ONNX has them: all befores, then all afters."""
    return [before for before, _ in pads] + [after for _, after in pads]
