"""What moves values without changing them: most of it makes no layer at all."""

from __future__ import annotations

import math
from dataclasses import replace

from convoscope.interchange.onnx.reader.context import (
    FREE_BATCH,
    Context,
    axis_of,
    integer_setting,
    integers_setting,
    operator,
)
from convoscope.interchange.onnx.reader.layout import Value, arranged, reshaped
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.tensors import FLOATS, TYPE_NAMES


def axis_to_end(value: Value, number: int) -> Value:
    """Return the value with one of ONNX's axes (from 0, without the batch axis) as the symbol's last."""
    wanted = value.logical[number]
    if value.physical[-1] == wanted:
        return value
    others = tuple(group for group in value.physical if not set(group) & set(wanted))
    mixed = sum(map(len, others)) + len(wanted) < sum(map(len, value.physical))
    if mixed:
        others = tuple(group for place, group in enumerate(value.logical) if place != number)
    return arranged(value, (*others, wanted))


@operator("Identity")
def identity(context: Context, node: OnnxNode) -> Value:
    """The same."""
    return context.value(node.input(0))


@operator("Cast")
def cast(context: Context, node: OnnxNode) -> Value:
    """The same: everything is computed with 32 bits."""
    to = integer_setting(node, "to", 0)
    if to not in FLOATS:
        raise UnsupportedError(
            f"it makes {TYPE_NAMES.get(to, to)} of a computed value, but layers compute with float32"
        )
    return context.value(node.input(0))


@operator("CastLike")
def cast_like(context: Context, node: OnnxNode) -> Value:
    """The same, where it becomes like floats."""
    other = context.constants.get(node.input(1))
    if node.input(1) in context.whole or (other is not None and other.dtype.kind != "f"):
        raise UnsupportedError("it makes whole numbers of a computed value, but layers compute with float32")
    return context.value(node.input(0))


@operator("Flatten")
def flatten(context: Context, node: OnnxNode) -> Value:
    """All values of an image in a row."""
    value = context.value(node.input(0))
    rank = len(value.logical) + 1
    number = integer_setting(node, "axis", 1)
    if number != 1 and axis_of(number, rank + (number >= 0)) != 1:
        raise UnsupportedError(f"axis={number} merges the images of a batch, which are independent")
    return reshaped(value, (math.prod(value.shape),))


@operator("Reshape")
def reshape(context: Context, node: OnnxNode) -> Value:
    """Other sizes for the same values."""
    value = context.value(node.input(0))
    told = context.integers(node, "shape", 1)
    if told is None:
        raise UnsupportedError("it has no shape")
    if _makes_rows(context, node, value, told):
        return value
    return reshaped(value, sizes_for(context, value, told, bool(integer_setting(node, "allowzero", 0))))


def _makes_rows(context: Context, node: OnnxNode, value: Value, told: list[int]) -> bool:
    """Return whether it lays a value out in rows, which are multiplied and laid back: a product along the last axis.

    So Keras' converters write a Dense layer that is called on images. All values in between are marked.
    """
    whole = (context.batch, *value.shape)
    if len(whole) < 3 or len(told) != 2 or told[1] != whole[-1] or told[0] not in (-1, math.prod(whole[:-1])):
        return False
    found: list[str] = []
    name = node.outputs[0]
    for _ in range(_MOST_BETWEEN):
        readers = context.reading(name)
        if len(readers) != 1 or context.readers[name] != 1 or name in context.graph.sizes:
            return False
        if readers[0].op == "Reshape" and found and readers[0].input(0) == name:
            context.as_rows.update(found)
            return True
        of_rows = readers[0].op in ("Gemm", "MatMul") and readers[0].input(0) == name
        if not of_rows and not (readers[0].op in _EACH_ROW and found):
            return False
        if any(each != name and each not in context.graph.constants for each in readers[0].inputs if each):
            return False
        found.append(name)
        (name,) = readers[0].outputs[:1]
    return False


_MOST_BETWEEN = 8
_EACH_ROW = ("Add", "Sub", "Mul", "Div", "Relu", "Clip", "Identity", "Sigmoid", "Tanh")


def sizes_for(context: Context, value: Value, told: list[int], zero_is_zero: bool = False) -> tuple[int, ...]:
    """Return the sizes behind the batch axis that a Reshape's numbers mean for a value."""
    whole = (context.batch, *value.shape)
    if 0 in told and zero_is_zero:
        raise UnsupportedError("its output has no numbers")
    sizes = [whole[place] if size == 0 and place < len(whole) else size for place, size in enumerate(told)]
    if not sizes or any(size < 1 and size != -1 for size in sizes) or sizes.count(-1) > 1:
        raise UnsupportedError(f"its shape is {told}")
    values, batch = math.prod(value.shape), context.batch
    known = math.prod(size for size in sizes[1:] if size != -1)
    if sizes[0] == -1 and known == values:
        return tuple(sizes[1:])
    if sizes[0] != batch or FREE_BATCH in sizes[1:]:
        raise UnsupportedError(f"its shape {told} merges the images of a batch, or is for a batch of {sizes[0]} alone")
    found = tuple(values // max(known, 1) if size == -1 else size for size in sizes[1:])
    if math.prod(found) != values:
        raise UnsupportedError(f"{values} values do not fit into its shape {told}")
    return found


@operator("Transpose")
def transpose(context: Context, node: OnnxNode) -> Value:
    """Other names for the same axes."""
    value = context.value(node.input(0))
    rank = len(value.logical) + 1
    order = integers_setting(node, "perm", list(reversed(range(rank))), rank)
    if sorted(order) != list(range(rank)):
        raise UnsupportedError(f"its perm is {order}")
    if order[0] != 0:
        raise UnsupportedError(f"perm={order} moves the batch axis, which must stay first")
    return value.seen_as(tuple(value.logical[place - 1] for place in order[1:]))


@operator("Squeeze")
def squeeze(context: Context, node: OnnxNode) -> Value:
    """Without axes of length 1."""
    value = context.value(node.input(0))
    rank = len(value.logical) + 1
    told = context.integers(node, "axes", 1)
    if told is None:
        axes = {place for place, group in enumerate(value.logical, start=1) if not group}
    else:
        axes = {axis_of(each, rank) for each in told}
    if 0 in axes or any(value.logical[place - 1] for place in axes):
        raise UnsupportedError(f"it removes axes {sorted(axes)}, which are not all of length 1")
    return value.seen_as(tuple(g for place, g in enumerate(value.logical, start=1) if place not in axes))


@operator("Unsqueeze")
def unsqueeze(context: Context, node: OnnxNode) -> Value:
    """With axes of length 1."""
    value = context.value(node.input(0))
    told = context.integers(node, "axes", 1) or []
    rank = len(value.logical) + 1 + len(told)
    axes = {axis_of(each, rank) for each in told}
    if 0 in axes or len(axes) < len(told) or rank > 8:
        raise UnsupportedError("it puts an axis before the batch axis" if 0 in axes else f"its axes are {told}")
    left = iter(value.logical)
    return value.seen_as(tuple(() if place in axes else next(left) for place in range(1, rank)))


@operator("DepthToSpace")
def depth_to_space(context: Context, node: OnnxNode) -> Value:
    """Channels become pixels."""
    value, size = _blocks(context, node)
    channels, height, width = value.shape
    if channels % size**2:
        raise UnsupportedError(f"{channels} channels cannot be divided into blocks of {size}×{size} pixels")
    by_column = node.text("mode", "DCR") == "CRD"
    less = channels // size**2
    value = reshaped(value, (less, size, size, height, width) if by_column else (size, size, less, height, width))
    order = (0, 3, 1, 4, 2) if by_column else (2, 3, 0, 4, 1)
    value = value.seen_as(tuple(value.logical[place] for place in order))
    return reshaped(value, (less, height * size, width * size))


@operator("SpaceToDepth")
def space_to_depth(context: Context, node: OnnxNode) -> Value:
    """Pixels become channels."""
    value, size = _blocks(context, node)
    channels, height, width = value.shape
    if height % size or width % size:
        raise UnsupportedError(f"{height}×{width} pixels cannot be divided into blocks of {size}×{size}")
    value = reshaped(value, (channels, height // size, size, width // size, size))
    order = (0, 2, 4, 1, 3) if node.text("mode", "DCR") == "CRD" else (2, 4, 0, 1, 3)
    value = value.seen_as(tuple(value.logical[place] for place in order))
    return reshaped(value, (channels * size**2, height // size, width // size))


def _blocks(context: Context, node: OnnxNode) -> tuple[Value, int]:
    value = context.value(node.input(0))
    size = integer_setting(node, "blocksize", 0)
    if len(value.logical) != 3 or size < 1:
        raise UnsupportedError("it takes images (batch, channels, height, width) and a blocksize of at least 1")
    return replace(value, refit=None), size
