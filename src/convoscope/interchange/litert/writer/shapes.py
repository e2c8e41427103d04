"""The operators of layers that move values, join them, or let them through."""

from __future__ import annotations

from typing import Any

from convoscope import layers as cl
from convoscope.interchange.exported import IDLE
from convoscope.interchange.litert.writer.layer_call import LayerCall, operators_of
from convoscope.interchange.litert.writer.network import Tensor
from convoscope.layers.resizing import framed, nearest_pixels
from convoscope.types import Pair


@operators_of(*IDLE)
def _nothing(call: LayerCall[Any]) -> Tensor:
    """Let the value through: outside of training these do nothing."""
    return call.given


# ---- other shapes


@operators_of(cl.Reshape)
def _reshape(call: LayerCall[cl.Reshape]) -> Tensor:
    return call.network.reshaped(call.given, call.shape, call.name)


@operators_of(cl.Permute)
def _permute(call: LayerCall[cl.Permute]) -> Tensor:
    order = call.integers("order", (0, *call.layer.dims))
    return call.add("TRANSPOSE", call.given, order, shape=call.shape)


@operators_of(cl.RepeatVector)
def _repeat_vector(call: LayerCall[cl.RepeatVector]) -> Tensor:
    row = call.network.reshaped(call.given, (1, *call.given.shape), call.name)
    return call.add("TILE", row, call.integers("repeats", (1, call.layer.n, 1)), shape=call.shape)


@operators_of(cl.ZeroPadding2D)
def _zero_padding(call: LayerCall[cl.ZeroPadding2D]) -> Tensor:
    return _padded(call, call.given, call.layer.padding, 0.0)


@operators_of(cl.Cropping2D)
def _cropping(call: LayerCall[cl.Cropping2D]) -> Tensor:
    (top, _), (left, _) = call.layer.cropping
    return _cut(call, call.given, ((top, call.shape[0]), (left, call.shape[1])))


def _padded(call: LayerCall[Any], x: Tensor, padding: tuple[Pair, Pair], fill: float) -> Tensor:
    if not any(map(any, padding)):
        return x
    height, width = (n + sum(more) for n, more in zip(x.shape[:2], padding, strict=True))
    amounts = call.network.constant(f"{call.owner}/padding", ((0, 0), *padding, (0, 0)), "<i4")
    shape = (height, width, x.shape[2])
    if fill:
        return call.add("PADV2", x, amounts, call.constant("fill", fill), shape=shape)
    return call.add("PAD", x, amounts, shape=shape)


def _cut(call: LayerCall[Any], x: Tensor, part: tuple[Pair, Pair]) -> Tensor:
    """Return a part of an image: the first pixel and the length on each axis."""
    (top, height), (left, width) = part
    shape = (height, width, x.shape[2])
    if shape == x.shape:
        return x
    starts, sizes = call.integers("starts", (0, top, left, 0)), call.integers("sizes", (-1, *shape))
    return call.add("SLICE", x, starts, sizes, shape=shape)


# ---- other sizes


@operators_of(cl.UpSampling2D)
def _upsampling(call: LayerCall[cl.UpSampling2D]) -> Tensor:
    if call.layer.interpolation == "bilinear":
        return _interpolated(call, call.given)
    # From the middles of pixels no rounding leads to another pixel.
    sizes = call.integers("size", call.shape[:2])
    options = {"half_pixel_centers": True, "version": 3}
    return call.add("RESIZE_NEAREST_NEIGHBOR", call.given, sizes, shape=call.shape, **options)


@operators_of(cl.Resizing)
def _resizing(call: LayerCall[cl.Resizing]) -> Tensor:
    layer = call.layer
    return _resized(call, layer.part(call.given.shape), layer.interpolation == "bilinear", layer.fill_value)


@operators_of(cl.CenterCrop, cl.RandomCrop)
def _crop(call: LayerCall[Any]) -> Tensor:
    return _resized(call, call.layer.part(call.given.shape), True, 0.0)


def _resized(call: LayerCall[Any], part: tuple[Pair, Pair], bilinear: bool, fill: float) -> Tensor:
    """Bring a part of an image to size; it may begin before the image, and end behind it."""
    around, part = framed(call.given.shape, part)
    x = _cut(call, _padded(call, call.given, around, fill), part)
    if x.shape == call.shape:
        return x
    return _interpolated(call, x) if bilinear else _nearest(call, x)


def _interpolated(call: LayerCall[Any], x: Tensor) -> Tensor:
    sizes = call.integers("size", call.shape[:2])
    options = {"half_pixel_centers": True, "version": 3}
    return call.add("RESIZE_BILINEAR", x, sizes, shape=call.shape, **options)


def _nearest(call: LayerCall[Any], x: Tensor) -> Tensor:
    """Return an image of those pixels whose squares the middles of the new ones lie in."""
    sizes = list(x.shape)
    for axis, (length, made) in enumerate(zip(x.shape[:2], call.shape[:2], strict=True)):
        if length != made:
            sizes[axis] = made
            places = call.integers("places", nearest_pixels(length, made))
            x = call.add("GATHER", x, places, shape=tuple(sizes), axis=axis + 1)
    return x


# ---- several inputs


def _aligned(call: LayerCall[Any]) -> list[Tensor]:
    """Return the inputs with as many axes each."""
    rank, values = len(call.shape), []
    for number, value in enumerate(call.inputs):
        shape = (*(1,) * (rank - len(value.shape)), *value.shape)
        values.append(value if shape == value.shape else call.network.reshaped(value, shape, f"{call.name}/{number}"))
    return values


def _joined(call: LayerCall[Any], op: str) -> Tensor:
    """Apply an operator of two inputs again and again."""
    value, *others = _aligned(call)
    for other in others:
        shape = tuple(max(one, two) for one, two in zip(value.shape, other.shape, strict=True))
        value = call.add(op, value, other, shape=shape)
    return value


@operators_of(cl.Add)
def _add(call: LayerCall[cl.Add]) -> Tensor:
    return _joined(call, "ADD")


@operators_of(cl.Subtract)
def _subtract(call: LayerCall[cl.Subtract]) -> Tensor:
    return _joined(call, "SUB")


@operators_of(cl.Multiply)
def _multiply(call: LayerCall[cl.Multiply]) -> Tensor:
    return _joined(call, "MUL")


@operators_of(cl.Divide)
def _divide(call: LayerCall[cl.Divide]) -> Tensor:
    return _joined(call, "DIV")


@operators_of(cl.Average)
def _average(call: LayerCall[cl.Average]) -> Tensor:
    return call.times(_joined(call, "ADD"), 1 / len(call.inputs), "share")


@operators_of(cl.Maximum)
def _maximum(call: LayerCall[cl.Maximum]) -> Tensor:
    return _joined(call, "MAXIMUM")


@operators_of(cl.Minimum)
def _minimum(call: LayerCall[cl.Minimum]) -> Tensor:
    return _joined(call, "MINIMUM")


@operators_of(cl.Concatenate)
def _concatenate(call: LayerCall[cl.Concatenate]) -> Tensor:
    values = _aligned(call)
    if len(values) == 1:
        return values[0]
    axis = call.layer.sample_axis(len(call.shape)) + 1
    return call.add("CONCATENATION", *values, shape=call.shape, axis=axis)
