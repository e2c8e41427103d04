"""Means, sums, largest and smallest values over axes, and lengths."""

from __future__ import annotations

import math

from convoscope.interchange.onnx.reader.context import Context, axis_of, integer_setting, operator
from convoscope.interchange.onnx.reader.layout import Value, arranged, as_image, flat
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.affine import scaled
from convoscope.interchange.onnx.reader.operators.arithmetic import absolute_of
from convoscope.interchange.onnx.reader.operators.normalizations import of_unit_length
from convoscope.interchange.onnx.reader.operators.poolings import whole_image
from convoscope.layers import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    MinPooling2D,
    Multiply,
)

_SUMS = ("ReduceSum", "ReduceL1", "ReduceL2", "ReduceSumSquare")
_POOLINGS = {
    "ReduceMean": AveragePooling2D,
    **dict.fromkeys(_SUMS, AveragePooling2D),
    "ReduceMax": MaxPooling2D,
    "ReduceMin": MinPooling2D,
}
_WHOLE = {
    "ReduceMean": GlobalAveragePooling2D,
    **dict.fromkeys(_SUMS, GlobalAveragePooling2D),
    "ReduceMax": GlobalMaxPooling2D,
}


@operator(*_POOLINGS)
def reduce(context: Context, node: OnnxNode) -> Value:
    """One value of all along some axes."""
    value = context.value(node.input(0))
    rank = len(value.logical) + 1
    told = context.integers(node, "axes", 1)
    if not told and integer_setting(node, "noop_with_empty_axes", 0):
        return value
    axes = {axis_of(each, rank) for each in told} if told else set(range(rank))
    if 0 in axes:
        raise UnsupportedError("it reduces over the batch axis, but images in a batch are independent")
    count = math.prod(value.shape[each - 1] for each in axes)
    if node.op in _SUMMED:
        value = _SUMMED[node.op](context, value, {each - 1 for each in axes})
    if rank == 4 and axes == {2, 3}:
        value = as_image(value)
    found = _reduced(context, node, value, {each - 1 for each in axes})
    if not integer_setting(node, "keepdims", 1):
        left = tuple(group for place, group in enumerate(found.logical, start=1) if place not in axes)
        found = found.seen_as(left)
    return scaled(context, node, found, float(count), 0.0) if node.op in _SUMS and count > 1 else found


def _sizes(context: Context, value: Value, axes: set[int]) -> Value:
    return absolute_of(context, value)


def _squares(context: Context, value: Value, axes: set[int]) -> Value:
    return value.of(context.call(Multiply(), [value.symbol, value.symbol]), nonnegative=True)


def _along_direction(context: Context, value: Value, axes: set[int]) -> Value:
    """Return each number times its share of the length, of which all together are the length."""
    if not any(value.logical[place] for place in axes):
        return absolute_of(context, value)
    shares = of_unit_length(context, value, axes)
    value = arranged(value, shares.physical)
    return value.of(context.call(Multiply(), [value.symbol, shares.symbol]), nonnegative=True)


#: What the sums are of that are none of the values themselves.
_SUMMED = {"ReduceL1": _sizes, "ReduceSumSquare": _squares, "ReduceL2": _along_direction}


def _reduced(context: Context, node: OnnxNode, value: Value, axes: set[int]) -> Value:
    """Pool a whole image, or one of (what is kept, what is put together, 1)."""
    gone = {factor for place in axes for factor in value.logical[place]}
    kept = tuple(factor for factor in flat(value.physical) if factor not in gone)
    row = tuple(factor for factor in flat(value.physical) if factor in gone)
    logical = tuple(() if place in axes else group for place, group in enumerate(value.logical))
    if not row:
        return value.seen_as(logical)
    image = len(value.physical) == 3 and set(flat(value.physical[:2])) == gone
    if image and node.op in _WHOLE:
        whole = whole_image(context, node, value, _WHOLE[node.op])
        return Value(whole.symbol, logical, whole.physical, nonnegative=value.nonnegative)
    value = arranged(value, (kept, row, ()))
    layer = _POOLINGS[node.op]((1, value.symbol.sample_shape[1]), name=context.name(node))
    symbol = context.call(layer, value.symbol)
    return Value(symbol, logical, (kept, (), ()), nonnegative=value.nonnegative)
