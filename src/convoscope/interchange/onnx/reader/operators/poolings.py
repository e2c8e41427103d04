"""Poolings of windows, and of whole images."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope.interchange.onnx.reader.context import Context, check_laid_out, image_value, integer_setting, operator
from convoscope.interchange.onnx.reader.layout import Value, as_image, image
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.convolutions import padded
from convoscope.interchange.onnx.reader.operators.joining import together
from convoscope.interchange.onnx.reader.operators.mixing import mixed
from convoscope.interchange.onnx.reader.operators.slices import edged, picked
from convoscope.interchange.onnx.reader.operators.windows import Along, dilations_of, kernel_of, rounds_up, windows
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Maximum,
    MaxPooling2D,
    Normalization,
)


def _prepared(context: Context, node: OnnxNode) -> tuple[Value, Along, Along]:
    value = as_image(image_value(context.value(node.input(0))))
    rows, columns = windows(node, (value.shape[1], value.shape[2]), kernel_of(node), rounds_up=rounds_up(node))
    return value, rows, columns


@operator("MaxPool")
def max_pool(context: Context, node: OnnxNode) -> Value:
    """The largest of each window. What is padded never counts."""
    if context.also_read(node):
        raise UnsupportedError("it also outputs the positions of the largest values, which no layer supports")
    value, rows, columns = _prepared(context, node)
    if dilations_of(node) != (1, 1):
        return _dilated_max(context, node, value, (rows, columns))
    name = context.name(node)
    size, strides = (rows.window, columns.window), (rows.stride, columns.stride)
    symbol = value.symbol
    inside = not (rows.before or columns.before) and max(rows.reach, columns.reach) <= 0
    if inside:
        layer = MaxPooling2D(size, strides, name=name)
    elif rows.is_same and columns.is_same:
        layer = MaxPooling2D(size, strides, padding="same", name=name)
    elif value.nonnegative:
        around = tuple((along.before, max(along.reach, 0)) for along in (rows, columns))
        symbol = padded(context, node, symbol, (around[0], around[1]), name)
        layer = MaxPooling2D(size, strides, name=name)
    else:  # a window that reaches beyond an edge has that edge in it, so that the edge again wins nothing
        sides = {place: (along.before, max(along.reach, 0)) for place, along in ((1, rows), (2, columns))}
        symbol = as_image(edged(context, value, sides)).symbol
        layer = MaxPooling2D(size, strides, name=name)
    return image(context.call(layer, symbol), value.nonnegative)


@operator("AveragePool")
def average_pool(context: Context, node: OnnxNode) -> Value:
    """The mean of each window, of which what is padded is a part or is not."""
    value, rows, columns = _prepared(context, node)
    counts_pads = integer_setting(node, "count_include_pad", 0) != 0
    if dilations_of(node) != (1, 1):
        return _dilated_mean(context, node, value, (rows, columns), counts_pads)
    name = context.name(node)
    size, strides = (rows.window, columns.window), (rows.stride, columns.stride)
    symbol = value.symbol
    inside = not (rows.before or columns.before) and max(rows.reach, columns.reach) <= 0
    if inside or (rows.is_same and columns.is_same and not counts_pads):
        layer = AveragePooling2D(size, strides, padding="valid" if inside else "same", name=name)
        return image(context.call(layer, symbol), value.nonnegative)
    around = tuple((along.before, max(along.reach, 0)) for along in (rows, columns))
    symbol = padded(context, node, symbol, (around[0], around[1]), name)
    symbol = context.call(AveragePooling2D(size, strides, name=name), symbol)
    check_laid_out(rows.places * columns.places)
    counts = np.outer(_counts(rows, counts_pads), _counts(columns, counts_pads))
    part = counts / (rows.window * columns.window)
    if (part < 1).any():
        sides = Normalization((1, 2), name=context.name(node, f"{name}.weight", "sides"))
        symbol = context.call(sides, symbol, np.zeros(part.shape), part**2, np.zeros(()))
    return image(symbol, value.nonnegative)


def _counts(along: Along, counts_pads: bool) -> Array:
    """Return of how many pixels each window takes the mean."""
    starts = np.arange(along.places) * along.stride - along.before
    first, last = (-along.before, along.length + along.after) if counts_pads else (0, along.length)
    found: Array = np.minimum(starts + along.window, last) - np.maximum(starts, first)
    return found


def _cells(along: Along, cells: int, dilation: int) -> Array:
    """Return where the cells of each window lie: (windows, cells). Some may be beyond the ends."""
    check_laid_out(along.places * cells)
    starts = np.arange(along.places) * along.stride - along.before
    found: Array = starts[:, None] + np.arange(cells) * dilation
    return found


def _dilated_max(context: Context, node: OnnxNode, value: Value, both: tuple[Along, Along]) -> Value:
    """Return the largest along the rows, and then along the columns: of one cell of each window after the other."""
    each = zip(both, kernel_of(node), dilations_of(node), strict=True)
    for place, (along, count, dilation) in enumerate(each, start=1):
        at = _cells(along, count, dilation)
        inside = (at >= 0) & (at < along.length)
        if not inside.any(axis=1).all():
            raise UnsupportedError("some of its windows lie completely outside the image")
        first = np.take_along_axis(at, inside.argmax(axis=1)[:, None], axis=1)
        parts = [picked(context, value, place, numbers) for numbers in np.where(inside, at, first).T]
        value = parts[0]
        for other in parts[1:]:
            value = together(context, Maximum(), value, other, nonnegative=value.nonnegative)
    return value


def _dilated_mean(
    context: Context, node: OnnxNode, value: Value, both: tuple[Along, Along], counts_pads: bool
) -> Value:
    """Return sums along the rows, and then along the columns, with equal shares for the cells of a window."""
    each = zip(both, kernel_of(node), dilations_of(node), strict=True)
    for place, (along, count, dilation) in enumerate(each, start=1):
        at = _cells(along, count, dilation)
        inside = (at >= 0) & (at < along.length)
        counted = (at >= -along.before) & (at < along.length + along.after) if counts_pads else inside
        shares = np.zeros((along.length, along.places))
        windows_of = np.broadcast_to(np.arange(along.places)[:, None], at.shape)
        np.add.at(shares, (at[inside], windows_of[inside]), 1.0)
        shares /= np.maximum(counted.sum(axis=1), 1)
        value = mixed(context, value, place, shares, nonnegative=value.nonnegative)
    return value


def whole_image(context: Context, node: OnnxNode, value: Value, kind: Any) -> Value:
    """Return a mean or maximum of each channel, without axes that nobody needs."""
    layer = kind(keepdims=_as_image_later(context, node), name=context.name(node))
    symbol = context.call(layer, value.symbol)
    channels = value.physical[2]
    physical = ((), (), channels) if layer.keepdims else (channels,)
    return Value(symbol, (channels, (), ()), physical, nonnegative=value.nonnegative)


_ROWS = ("Flatten", "Reshape", "Squeeze", "Gemm", "MatMul")


def _as_image_later(context: Context, node: OnnxNode) -> bool:
    """Return whether somebody reads the result as an image: in a squeeze-and-excite block, a convolution."""
    readers = context.reading(node.outputs[0])
    return not (readers and all(each.op in _ROWS for each in readers))


@operator("GlobalAveragePool", "GlobalMaxPool")
def global_pool(context: Context, node: OnnxNode) -> Value:
    """The mean, or the largest value, of each channel."""
    kind = GlobalAveragePooling2D if node.op == "GlobalAveragePool" else GlobalMaxPooling2D
    return whole_image(context, node, as_image(image_value(context.value(node.input(0)))), kind)
