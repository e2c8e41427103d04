"""The nodes of layers that move values, join them, or let them through."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope import layers as cl
from convoscope.interchange.exported import IDLE
from convoscope.interchange.onnx.writer.layer_call import LayerCall, nodes_of
from convoscope.interchange.onnx.writer.network import Value
from convoscope.layers.resizing import framed, nearest_pixels
from convoscope.types import Pair


@nodes_of(*IDLE)
def _nothing(call: LayerCall[Any]) -> Value:
    """Let the value through: outside of training these do nothing."""
    return call.given


# ---- other shapes


@nodes_of(cl.Reshape)
def _reshape(call: LayerCall[cl.Reshape]) -> Value:
    return call.network.reshaped(call.plain, call.shape, call.name)


@nodes_of(cl.Permute)
def _permute(call: LayerCall[cl.Permute]) -> Value:
    x = call.value
    if call.layer.dims == tuple(range(1, len(call.shape) + 1)):
        return x
    return Value(call.node("Transpose", x.name, perm=[0, *(x.axis(axis) for axis in call.layer.dims)]), call.shape)


@nodes_of(cl.RepeatVector)
def _repeat_vector(call: LayerCall[cl.RepeatVector]) -> Value:
    row = call.network.reshaped(call.plain, (1, *call.given.shape), call.name)
    return Value(call.node("Tile", row.name, call.integers("repeats", (1, call.layer.n, 1))), call.shape)


@nodes_of(cl.ZeroPadding2D)
def _zero_padding(call: LayerCall[cl.ZeroPadding2D]) -> Value:
    if not any(map(any, call.layer.padding)):
        return call.value
    return call.like(call.value, _padded(call, call.value, call.layer.padding, 0.0))


@nodes_of(cl.Cropping2D)
def _cropping(call: LayerCall[cl.Cropping2D]) -> Value:
    (top, _), (left, _) = call.layer.cropping
    return _cut(call, call.value, ((top, call.shape[0]), (left, call.shape[1])))


def _padded(call: LayerCall[Any], x: Value, padding: tuple[Pair, Pair], fill: float) -> str:
    before, after = [0] * 4, [0] * 4
    for axis, (first, last) in enumerate(padding, start=1):
        before[x.axis(axis)], after[x.axis(axis)] = first, last
    return call.node("Pad", x.name, call.integers("pads", before + after), call.constant("fill", fill))


def _cut(call: LayerCall[Any], x: Value, part: tuple[Pair, Pair]) -> Value:
    """Return a part of an image: the first pixel and the length on each axis."""
    cut = [(axis, first, length) for axis, (first, length) in enumerate(part, start=1) if length < x.shape[axis - 1]]
    if not cut:
        return x
    starts = call.integers("starts", [first for _, first, _ in cut])
    ends = call.integers("ends", [first + length for _, first, length in cut])
    axes = call.integers("axes", [x.axis(axis) for axis, _, _ in cut])
    name = call.node("Slice", x.name, starts, ends, axes)
    return Value(name, (part[0][1], part[1][1], x.shape[2]), x.first)


# ---- other sizes


@nodes_of(cl.UpSampling2D)
def _upsampling(call: LayerCall[cl.UpSampling2D]) -> Value:
    layer = call.layer
    scales = call.constant("scales", (1.0, 1.0, *map(float, layer.size)))
    if layer.interpolation == "bilinear":
        settings = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    else:
        settings = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return call.image(call.node("Resize", call.first.name, "", scales, **settings))


@nodes_of(cl.Resizing)
def _resizing(call: LayerCall[cl.Resizing]) -> Value:
    layer = call.layer
    return _resized(call, layer.part(call.given.shape), layer.interpolation == "bilinear", layer.fill_value)


@nodes_of(cl.CenterCrop, cl.RandomCrop)
def _crop(call: LayerCall[Any]) -> Value:
    return _resized(call, call.layer.part(call.given.shape), True, 0.0)


def _resized(call: LayerCall[Any], part: tuple[Pair, Pair], bilinear: bool, fill: float) -> Value:
    """Bring a part of an image to size; it may begin before the image, and end behind it."""
    x = call.first
    around, part = framed(x.shape, part)
    if any(map(any, around)):
        shape = (*(n + sum(more) for n, more in zip(x.shape[:2], around, strict=True)), x.shape[2])
        x = Value(_padded(call, x, around, fill), shape, first=True)
    x = _cut(call, x, part)
    if x.shape == call.shape:
        return x
    if not bilinear:
        return _nearest(call, x)
    scales = [_scale(before, after) for before, after in zip(x.shape[:2], call.shape[:2], strict=True)]
    settings = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    return call.image(call.node("Resize", x.name, "", call.constant("scales", (1.0, 1.0, *scales)), **settings))


def _nearest(call: LayerCall[Any], x: Value) -> Value:
    """Return an image of those pixels whose squares the middles of the new ones lie in."""
    name = x.name
    for axis, (length, made) in enumerate(zip(x.shape[:2], call.shape[:2], strict=True), start=2):
        if length != made:
            name = call.node("Gather", name, call.integers("places", nearest_pixels(length, made)), axis=axis)
    return call.image(name)


def _scale(length: int, made: int) -> float:
    """Return the least factor in single precision that does not make an axis one too short."""
    scale = np.float32(made / length)
    return float(scale if float(scale) * length >= made else np.nextafter(scale, np.float32(np.inf)))


# ---- several inputs


def _aligned(call: LayerCall[Any]) -> list[Value]:
    """Return the inputs with as many axes each, all lying alike: as in our memory unless some image does not."""
    rank = len(call.shape)
    first = rank == 3 and any(value.first for value in call.inputs)
    values = []
    for number, given in enumerate(call.inputs):
        value = given
        if len(value.shape) < rank:
            shape = (*(1,) * (rank - len(value.shape)), *value.shape)
            value = call.network.reshaped(call.network.plain(value), shape, f"{call.name}/{number}")
        values.append(call.network.first(value) if first else call.network.plain(value))
    return values


def _joined(call: LayerCall[Any], op: str) -> Value:
    values = _aligned(call)
    if len(values) == 1:
        return values[0]
    return call.like(values[0], call.node(op, *(value.name for value in values)))


@nodes_of(cl.Add)
def _add(call: LayerCall[cl.Add]) -> Value:
    return _joined(call, "Add" if len(call.inputs) == 2 else "Sum")


@nodes_of(cl.Subtract)
def _subtract(call: LayerCall[cl.Subtract]) -> Value:
    return _joined(call, "Sub")


@nodes_of(cl.Multiply)
def _multiply(call: LayerCall[cl.Multiply]) -> Value:
    values = _aligned(call)
    name = values[0].name
    for value in values[1:]:
        name = call.node("Mul", name, value.name)
    return call.like(values[0], name)


@nodes_of(cl.Divide)
def _divide(call: LayerCall[cl.Divide]) -> Value:
    return _joined(call, "Div")


@nodes_of(cl.Average)
def _average(call: LayerCall[cl.Average]) -> Value:
    return _joined(call, "Mean")


@nodes_of(cl.Maximum)
def _maximum(call: LayerCall[cl.Maximum]) -> Value:
    return _joined(call, "Max")


@nodes_of(cl.Minimum)
def _minimum(call: LayerCall[cl.Minimum]) -> Value:
    return _joined(call, "Min")


@nodes_of(cl.Concatenate)
def _concatenate(call: LayerCall[cl.Concatenate]) -> Value:
    values = _aligned(call)
    if len(values) == 1:
        return values[0]
    axis = values[0].axis(call.layer.sample_axis(len(call.shape)) + 1)
    return call.like(values[0], call.node("Concat", *(value.name for value in values), axis=axis))
