"""Tile: values again and again along an axis."""

from __future__ import annotations

from convoscope.interchange.onnx.reader.context import Context, check_laid_out, operator
from convoscope.interchange.onnx.reader.layout import Value
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.slices import AlongAxis
from convoscope.layers import Concatenate, UpSampling2D

_MOST_TIMES = 64


@operator("Tile")
def tile(context: Context, node: OnnxNode) -> Value:
    """One behind the other, along each axis so many times."""
    value = context.value(node.input(0))
    times = context.integers(node, "repeats", 1)
    if times is None or len(times) != len(value.logical) + 1 or min(times) < 1:
        raise UnsupportedError(f"its repeats are {times}, for a value of {len(value.logical) + 1} axes")
    if times[0] != 1:
        raise UnsupportedError("it repeats the batch axis, but images in a batch are independent")
    for place, count in enumerate(times[1:]):
        if count == 1:
            continue
        check_laid_out(count * value.shape[place])
        along = AlongAxis(value, place)
        if along.length == 1:
            layer = UpSampling2D((count, 1) if along.axis == 1 else (1, count))
            symbol = context.call(layer, along.image(context))
        elif count <= _MOST_TIMES:
            symbol = context.call(Concatenate(axis=along.axis), [along.image(context)] * count)
        else:
            raise UnsupportedError(
                f"it repeats {value.shape[place]} values {count} times, at most {_MOST_TIMES} can be"
            )
        value = along.back(context, symbol, value.nonnegative)
    return value
