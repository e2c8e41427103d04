"""Conv and ConvTranspose."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from convoscope.checks import LARGEST_SIZE, MOST_VALUES
from convoscope.interchange.onnx.reader.context import Context, image_value, integer_setting, integers_setting, operator
from convoscope.interchange.onnx.reader.layout import Value, as_image, image
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.windows import dilations_of, strides_of, windows
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import Conv2D, Conv2DTranspose, Cropping2D, DepthwiseConv2D, Layer, ZeroPadding2D
from convoscope.layers.symbols import Symbol
from convoscope.types import Padding, Pair


def refittable(
    make: Callable[[Array, Array | None], Value], kernel: Array, bias: Array | None, outputs: tuple[int, ...]
) -> Value:
    """Return what a layer makes with these weights, so that its output can still be scaled and shifted.

    Parameters
    ----------
    make : callable
        Makes the layer with a kernel and a bias.
    kernel, bias : array
    outputs : tuple of int
        The shape in which a number for each output goes with the kernel.
    """

    def refit(scale: Array, offset: Array) -> Value:
        by = scale.reshape(outputs) if scale.ndim else scale
        before = np.zeros(math.prod(outputs)) if bias is None else bias.astype(np.float64)
        return refittable(make, kernel * by, before * scale + offset, outputs)

    return replace(make(kernel, bias), refit=refit)


def _kernel(context: Context, node: OnnxNode) -> Array:
    kernel = context.weight(node.input(1), "the kernel")
    if kernel.ndim != 4:
        raise UnsupportedError(
            f"it convolves along {kernel.ndim - 2} axes (its kernel: {kernel.shape}), but layers are for images"
        )
    told = node.setting("kernel_shape")
    if told is not None and list(told) != list(kernel.shape[2:]):
        raise UnsupportedError(f"its kernel_shape is {told!r:.60}, but its kernel has shape {kernel.shape}")
    return kernel


@operator("Conv")
def convolution(context: Context, node: OnnxNode) -> Value:
    """A convolution: of each channel on its own, in groups, or of all."""
    kernel = _kernel(context, node)  # (filters, channels of a group, height, width)
    value = image_value(context.value(node.input(0)))
    filters, seen, height, width = kernel.shape
    channels, groups = value.shape[0], integer_setting(node, "group", 1)
    if groups < 1 or seen * groups != channels or filters % groups:
        raise UnsupportedError(f"a kernel of shape {kernel.shape} in {groups} groups does not fit {channels} channels")
    value = as_image(value)
    rows, columns = windows(node, (value.shape[1], value.shape[2]), (height, width))
    same = rows.is_same and columns.is_same
    name = context.name(node, node.input(1))
    symbol = value.symbol
    around = ((rows.before, rows.after), (columns.before, columns.after))
    if not same:
        symbol = padded(context, node, symbol, around, name)
    settings: dict[str, Any] = {
        "strides": (rows.stride, columns.stride),
        "padding": "same" if same and any(map(any, around)) else "valid",
        "dilation_rate": dilations_of(node),
        "name": name,
    }
    by_channel = groups == channels and seen == 1 and groups > 1
    if by_channel:
        turned = kernel.reshape(channels, filters // channels, height, width).transpose(2, 3, 0, 1)
    else:
        turned = kernel.transpose(2, 3, 1, 0)

    def make(weights: Array, bias: Array | None) -> Value:
        with_bias = {**settings, "use_bias": bias is not None}
        layer: Layer = (
            DepthwiseConv2D((height, width), depth_multiplier=filters // channels, **with_bias)
            if by_channel
            else Conv2D(filters, (height, width), groups=groups, **with_bias)
        )
        return image(context.call(layer, symbol, weights, *([] if bias is None else [bias])))

    return refittable(make, turned, _bias(context, node, filters), turned.shape[2:] if by_channel else (filters,))


def _bias(context: Context, node: OnnxNode, filters: int) -> Array | None:
    if not node.input(2):
        return None
    bias = context.weight(node.input(2), "the bias")
    if bias.shape != (filters,):
        raise UnsupportedError(f"its bias has shape {bias.shape}, but it has {filters} filters")
    return bias


def padded(context: Context, node: OnnxNode, symbol: Symbol, around: Padding, name: str) -> Symbol:
    """Return an image with zeros around it."""
    if not any(map(any, around)):
        return symbol
    layer = ZeroPadding2D(around, name=context.name(node, f"{name}.weight", "pad"))
    return context.call(layer, symbol)


@operator("ConvTranspose")
def transposed_convolution(context: Context, node: OnnxNode) -> Value:
    """A convolution turned round. Groups become zeros in one kernel for all channels, as dilated ones do."""
    kernel = _kernel(context, node)  # (channels, filters of a group, height, width)
    value = image_value(context.value(node.input(0)))
    channels, of_group = kernel.shape[:2]
    groups = integer_setting(node, "group", 1)
    if channels != value.shape[0] or groups < 1 or channels % groups:
        raise UnsupportedError(f"a kernel of shape {kernel.shape} does not fit {value.shape[0]} channels")
    strides = strides_of(node)
    wide = _wide(kernel, groups, dilations_of(node) if max(strides) > 1 else (1, 1))
    dilation = (1, 1) if max(strides) > 1 else dilations_of(node)
    value = as_image(value)
    extra, around = _cut(context, node, (value.shape[1], value.shape[2]), wide.shape[2:], dilation, strides)
    filters = of_group * groups
    name = context.name(node, node.input(1))
    crops = any(map(any, around))
    cropped = context.name(node, f"{name}.weight", "crop") if crops else ""

    def make(weights: Array, bias: Array | None) -> Value:
        layer = Conv2DTranspose(
            filters,
            wide.shape[2:],
            strides=strides,
            output_padding=extra,
            dilation_rate=dilation,
            use_bias=bias is not None,
            name=name,
        )
        symbol = context.call(layer, value.symbol, weights, *([] if bias is None else [bias]))
        return image(context.call(Cropping2D(around, name=cropped), symbol) if crops else symbol)

    turned = wide.transpose(2, 3, 1, 0)  # (height, width, filters, channels)
    return refittable(make, turned, _bias(context, node, filters), (filters, 1))


def _wide(kernel: Array, groups: int, dilation: Pair) -> Array:
    """Return a kernel for all channels and without gaps, with zeros where a group sees nothing and in the gaps."""
    channels, of_group, height, width = kernel.shape
    if groups == 1 and dilation == (1, 1):
        return kernel
    tall, broad = ((size - 1) * apart + 1 for size, apart in zip((height, width), dilation, strict=True))
    if channels * of_group * groups * tall * broad > min(MOST_VALUES, 64 * kernel.size + 2**20):
        raise UnsupportedError(f"{groups} groups and a dilation of {dilation} would give a kernel that is mostly zeros")
    wide = np.zeros((channels, of_group * groups, tall, broad), np.float32)
    size = channels // groups
    for group in range(groups):
        ins, outs = (slice(group * n, (group + 1) * n) for n in (size, of_group))
        wide[ins, outs, :: dilation[0], :: dilation[1]] = kernel[ins]
    return wide


def _cut(
    context: Context, node: OnnxNode, sizes: Pair, kernel: Any, dilation: Pair, strides: Pair
) -> tuple[Pair, Padding]:
    """Return the pixels that are added at the ends, and those that are then cut off on each side."""
    extra = integers_setting(node, "output_padding", (0, 0), 2)
    told = context.integers(node, "output_shape", 3)
    if told is not None and len(told) != 2:
        raise UnsupportedError(f"its output_shape must be 2 whole numbers, for images, but is {told!r:.60}")
    pads = integers_setting(node, "pads", (0, 0, 0, 0), 4)
    auto = node.text("auto_pad", "NOTSET")
    grown, cut = [], []
    for number in range(2):
        n, stride = sizes[number], strides[number]
        window = (kernel[number] - 1) * dilation[number] + 1
        whole = (n - 1) * stride + window + extra[number]
        made = told[number] if told else n * stride if auto.startswith("SAME") else None
        before, after = pads[number], pads[number + 2]
        if made is not None:
            total = whole - made
            half = max(total, 0) // 2
            lower = auto == "SAME_LOWER" or (told is not None and auto == "NOTSET")
            before = max(total, 0) - half if lower else half
            after = total - before
        more = extra[number] + max(-after, 0)
        if not 0 <= more < stride or before < 0 or max(before, after) > LARGEST_SIZE:
            raise UnsupportedError(f"it adds {more} pixels at the end of an axis, but its strides are {strides}")
        grown.append(more)
        cut.append((before, max(after, 0)))
    return (grown[0], grown[1]), (cut[0], cut[1])
