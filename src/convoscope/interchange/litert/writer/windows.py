"""The operators of layers with windows: convolutions and pooling."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope import layers as cl
from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.litert.writer.activations import activated
from convoscope.interchange.litert.writer.layer_call import LayerCall, operators_of, window_options
from convoscope.interchange.litert.writer.network import Tensor
from convoscope.layers.geometry import transposed_pad_amounts
from convoscope.types import Shape

_FILTERS_FIRST = (3, 0, 1, 2)


@operators_of(cl.Conv2D)
def _convolution(call: LayerCall[cl.Conv2D]) -> Tensor:
    layer = call.layer
    kernel = call.weight("kernel", order=_FILTERS_FIRST)  # of fewer channels than the image where there are groups
    options = {**_window(layer), "version": 6 if layer.groups > 1 else 1}
    made = call.add("CONV_2D", call.given, kernel, call.bias(layer.filters), shape=call.shape, **options)
    return activated(call, made, layer.activation)


@operators_of(cl.DepthwiseConv2D)
def _depthwise_convolution(call: LayerCall[cl.DepthwiseConv2D]) -> Tensor:
    return activated(call, _depthwise(call, "kernel", call.bias(call.shape[2])), call.layer.activation)


@operators_of(cl.SeparableConv2D)
def _separable_convolution(call: LayerCall[cl.SeparableConv2D]) -> Tensor:
    channels = prod(call.weights["depthwise_kernel"].shape[2:])
    between = _depthwise(call, "depthwise_kernel", call.constant("none", np.zeros(channels)))
    numbers = call.weight("pointwise_kernel", order=_FILTERS_FIRST), call.bias(call.layer.filters)
    made = call.add("CONV_2D", between, *numbers, shape=call.shape, **window_options("valid", (1, 1)))
    return activated(call, made, call.layer.activation)


def _depthwise(call: LayerCall[Any], which: str, bias: Tensor) -> Tensor:
    height, width, channels, each = call.weights[which].shape
    kernel = call.weight(which, shape=(1, height, width, channels * each))
    window = _window(call.layer)
    version = 2 if call.layer.dilation_rate != (1, 1) else 1
    shape = (*call.shape[:2], channels * each)
    options = {**window, "depth_multiplier": each, "version": version}
    return call.add("DEPTHWISE_CONV_2D", call.given, kernel, bias, shape=shape, **options)


def _window(layer: Any) -> dict[str, Any]:
    height, width = layer.dilation_rate
    options = window_options(layer.padding, layer.strides)
    return {**options, "dilation_h_factor": height, "dilation_w_factor": width}


# ---- what makes images larger


@operators_of(cl.Conv2DTranspose)
def _transposed_convolution(call: LayerCall[cl.Conv2DTranspose]) -> Tensor:
    """Paint windows over the whole image that they reach, and cut the padding off, unless LiteRT cuts off the same."""
    layer, length = call.layer, call.given.shape[:2]
    sides = list(zip(length, layer.window, layer.strides, call.shape[:2], strict=True))
    cut = [transposed_pad_amounts(n, window, stride, layer.padding, made) for n, window, stride, made in sides]
    same = layer.padding == "same" and all(-(-made // stride) == n for n, _, stride, made in sides)
    painted = tuple(
        made if same else max(made + before, (n - 1) * stride + window)
        for (n, window, stride, made), (before, _) in zip(sides, cut, strict=True)
    )
    options = window_options("same" if same else "valid", layer.strides)
    shape = (*painted, layer.filters)
    inputs = _sizes(call, shape), _spread_kernel(call), call.given, call.bias(layer.filters)
    made = call.add("TRANSPOSE_CONV", *inputs, shape=shape, version=3, **options)
    if made.shape != call.shape:
        starts = call.integers("starts", [0, *(before for before, _ in cut), 0])
        made = call.add("SLICE", made, starts, call.integers("sizes", [-1, *call.shape]), shape=call.shape)
    return activated(call, made, layer.activation)


def _sizes(call: LayerCall[Any], shape: Shape) -> Tensor:
    """Return the sizes of what comes out. How many images there are is known where the file runs."""
    whole: dict[str, Any] = {"type": TensorType.INT32, "batched": False}
    rank = len(call.given.shape) + 1
    sizes = call.add("SHAPE", call.given, shape=(rank,), out_type=TensorType.INT32, **whole)
    first = call.add("SLICE", sizes, call.integers("first", [0]), call.integers("one", [1]), shape=(1,), **whole)
    return call.add("CONCATENATION", first, call.integers("painted", shape), shape=(rank,), axis=0, **whole)


def _spread_kernel(call: LayerCall[cl.Conv2DTranspose]) -> Tensor:
    """Return the kernel, its cells as far apart as the dilation says: LiteRT has none here."""
    if call.layer.dilation_rate == (1, 1):
        return call.weight("kernel", order=(2, 0, 1, 3))
    own = call.weights["kernel"]
    down, right = call.layer.dilation_rate
    whole: npt.NDArray[np.float32] = np.zeros((*call.layer.window, *own.shape[2:]), np.float32)
    whole[::down, ::right] = own
    return call.constant("kernel", whole.transpose(2, 0, 1, 3))


# ---- pooling


@operators_of(cl.MaxPooling2D)
def _max_pooling(call: LayerCall[cl.MaxPooling2D]) -> Tensor:
    return _pooled(call, "MAX_POOL_2D", call.given)


@operators_of(cl.MinPooling2D)
def _min_pooling(call: LayerCall[cl.MinPooling2D]) -> Tensor:
    return call.add("NEG", _pooled(call, "MAX_POOL_2D", call.add("NEG", call.given)))


@operators_of(cl.AveragePooling2D)
def _average_pooling(call: LayerCall[cl.AveragePooling2D]) -> Tensor:
    return _pooled(call, "AVERAGE_POOL_2D", call.given)


@operators_of(cl.GlobalAveragePooling2D)
def _global_average(call: LayerCall[cl.GlobalAveragePooling2D]) -> Tensor:
    return call.reduced("MEAN", call.given, (1, 2), keep=len(call.shape) == 3)


@operators_of(cl.GlobalMaxPooling2D)
def _global_max(call: LayerCall[cl.GlobalMaxPooling2D]) -> Tensor:
    return call.reduced("REDUCE_MAX", call.given, (1, 2), keep=len(call.shape) == 3)


def _pooled(call: LayerCall[Any], op: str, value: Tensor) -> Tensor:
    layer = call.layer
    height, width = layer.pool_size
    options = window_options(layer.padding, layer.strides)
    return call.add(op, value, shape=call.shape, filter_height=height, filter_width=width, **options)
