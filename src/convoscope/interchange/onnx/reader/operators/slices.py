"""Parts of a value, parts again, and what is put around it: Slice, Split, Gather, Expand, Pad."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from convoscope.checks import LARGEST_SIZE
from convoscope.interchange.onnx.reader.context import Context, check_laid_out, integer_setting, operator, sample_axis
from convoscope.interchange.onnx.reader.layout import Groups, Value, arranged, axis, in_order, reshaped
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.affine import scaled
from convoscope.interchange.onnx.reader.operators.mixing import mixed, one_of_each
from convoscope.interchange.onnx.reader.operators.shapes import axis_to_end
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import Concatenate, Cropping2D, MaxPooling2D, Reshape, UpSampling2D, ZeroPadding2D
from convoscope.layers.symbols import Symbol

_MOST_PIECES = 64  # that are put side by side; more are picked by sums with one share of 1


class AlongAxis:
    """A value as an image (before, axis, behind), so that layers for images work along any of its axes.

    Parameters
    ----------
    value : Value
    number : int
        The axis, from 0, without the batch axis.
    """

    def __init__(self, value: Value, number: int) -> None:
        self.value = value = undivided(value, number)
        group = value.logical[number]
        self.number = number
        self.place = value.physical.index(group) if group else number
        shape = value.symbol.sample_shape
        self.is_image = len(shape) == 3 and self.place < 2
        self.before, self.behind = math.prod(shape[: self.place]), math.prod(shape[self.place + 1 :])
        self.length = shape[self.place]

    def cropped(self, context: Context, symbol: Symbol, start: int, stop: int) -> Symbol:
        """Return a part of an image (before, axis, behind)."""
        if (start, stop) == (0, self.length):
            return symbol
        cut = (start, self.length - stop)
        return context.call(Cropping2D(((0, 0), cut) if not self._rows else (cut, (0, 0))), symbol)

    def padded(self, context: Context, symbol: Symbol, first: int, last: int) -> Symbol:
        """Return the image with zeros at both ends of the axis."""
        around = (first, last)
        return context.call(ZeroPadding2D(((0, 0), around) if not self._rows else (around, (0, 0))), symbol)

    @property
    def _rows(self) -> bool:
        return self.is_image and self.place == 0

    @property
    def axis(self) -> int:
        """The axis of the image, with the batch axis as 0."""
        return 1 if self._rows else 2

    @property
    def strides(self) -> tuple[int, int]:
        """Which of an image's axes it is, as strides of 1 or 0."""
        return (1, 0) if self._rows else (0, 1)

    def image(self, context: Context) -> Symbol:
        """Return the value as that image."""
        symbol = self.value.symbol
        return symbol if self.is_image else context.call(Reshape((self.before, self.length, self.behind)), symbol)

    def back(self, context: Context, symbol: Symbol, nonnegative: bool) -> Value:
        """Return what was made of the image as a value like the first, whose axis may be of another length."""
        made = symbol.sample_shape[self.axis - 1]
        value, group = self.value, axis(made)
        shape = value.symbol.sample_shape
        if not self.is_image:
            symbol = context.call(Reshape((*shape[: self.place], made, *shape[self.place + 1 :])), symbol)

        def changed(groups: Groups, place: int) -> Groups:
            return (*groups[:place], group, *groups[place + 1 :])

        return Value(
            symbol, changed(value.logical, self.number), changed(value.physical, self.place), nonnegative=nonnegative
        )


def undivided(value: Value, number: int) -> Value:
    """Return the value with one of ONNX's axes as an axis of the symbol's."""
    group = value.logical[number]
    if group in value.physical if group else value.physical == value.logical:
        return value
    return axis_to_end(value, number) if group else in_order(value)


def part(context: Context, value: Value, number: int, start: int, stop: int, step: int = 1) -> Value:
    """Return what lies from `start` to `stop` along an axis, or every so many of it."""
    if (start, stop, step) == (0, value.shape[number], 1):
        return value
    if step < 1 or not 0 <= start < stop <= value.shape[number]:
        raise UnsupportedError(f"from {start} to {stop} in steps of {step}: it takes nothing, or goes backwards")
    along = AlongAxis(value, number)
    symbol = along.cropped(context, along.image(context), start, stop)
    if step > 1:
        strides = tuple(step if each else 1 for each in along.strides)
        symbol = context.call(MaxPooling2D(1, strides), symbol)
    return along.back(context, symbol, value.nonnegative)


@operator("Slice")
def slice_(context: Context, node: OnnxNode) -> Value:
    """A part along some axes."""
    value = context.value(node.input(0))
    starts, ends = context.integers(node, "starts", 1), context.integers(node, "ends", 2)
    if starts is None or ends is None:
        raise UnsupportedError("it has no starts and ends")
    axes = context.integers(node, "axes", 3) or list(range(len(starts)))
    steps = context.integers(node, "steps", 4) or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise UnsupportedError("its starts, ends, axes and steps have different lengths")
    for start, end, number, step in zip(starts, ends, axes, steps, strict=True):
        if number in (0, -len(value.logical) - 1) and (start, step) == (0, 1) and end >= min(context.batch, 2**31 - 1):
            continue
        place = sample_axis(number, value, "slices along")
        value = (
            picked(context, value, place, _backwards(value.shape[place], start, end, step))
            if step < 0
            else part(context, value, place, *_ends(value.shape[place], start, end), step)
        )
    return value


def _ends(size: int, start: int, end: int) -> tuple[int, int]:
    """Return the ends of a part of an axis, which may be counted from its end and may lie beyond."""
    first, last = (min(max(each + size if each < 0 else each, 0), size) for each in (start, end))
    return first, last


def _backwards(size: int, start: int, end: int, step: int) -> Array:
    check_laid_out(size)
    found = np.arange(size)[start : None if end < -size else end : step]
    if not found.size:
        raise UnsupportedError("it takes nothing")
    return found


@operator("Split")
def split(context: Context, node: OnnxNode) -> list[Value]:
    """Parts along an axis."""
    value = context.value(node.input(0))
    place = sample_axis(integer_setting(node, "axis", 0), value, "divides")
    size, count = value.shape[place], len(node.outputs)
    told = context.integers(node, "split", 1)
    if told is None:
        most = -(-size // count)
        told = [most] * (count - 1) + [size - most * (count - 1)]
    if len(told) != count or sum(told) != size or min(told) < 1:
        raise UnsupportedError(f"its parts are {told} of {size}, for {count} outputs")
    return _parts(context, value, place, told)


def _parts(context: Context, value: Value, place: int, lengths: Sequence[int]) -> list[Value]:
    ends = np.cumsum(lengths).tolist()
    value = undivided(value, place)
    return [part(context, value, place, end - length, end) for end, length in zip(ends, lengths, strict=True)]


@operator("SplitToSequence")
def split_to_sequence(context: Context, node: OnnxNode) -> list[Value]:
    """Parts along an axis, which other nodes pick from: of one length, the last of what is left, or of several."""
    value = context.value(node.input(0))
    place = sample_axis(integer_setting(node, "axis", 0), value, "divides")
    size, told = value.shape[place], context.integers(node, "split", 1) or [1]
    if min(told) < 1 or (told == [1] and not integer_setting(node, "keepdims", 1)):
        raise UnsupportedError(f"its parts are {told} of {size}")
    check_laid_out(-(-size // told[0]))
    scalar = node.input(1) in context.constants and not context.constants[node.input(1)].ndim
    lengths = [min(told[0], size - at) for at in range(0, size, told[0])] if scalar or told == [1] else told
    if sum(lengths) != size:
        raise UnsupportedError(f"its parts are {told} of {size}")
    context.sequences[node.outputs[0]] = _parts(context, value, place, lengths)
    return []


@operator("SequenceAt")
def sequence_at(context: Context, node: OnnxNode) -> Value:
    """One of the parts."""
    parts = context.sequences.get(node.input(0))
    number = int(context.constant(node.input(1), "the position").reshape(()))
    if parts is None or not -len(parts) <= number < len(parts):
        raise UnsupportedError(f"it takes element {number} of a sequence that does not exist or has no such element")
    return parts[number]


@operator("Gather")
def gather(context: Context, node: OnnxNode) -> Value:
    """One index of an axis, or several."""
    value = context.value(node.input(0))
    place = sample_axis(integer_setting(node, "axis", 0), value, "picks from")
    indices = context.constant(node.input(1), "the indices")
    size = value.shape[place]
    wanted = indices.reshape(-1)
    if not wanted.size or wanted.dtype.kind not in "iu":
        raise UnsupportedError("its indices are not whole numbers")
    wanted = np.where(wanted < 0, wanted + size, wanted)
    if wanted.min() < 0 or wanted.max() >= size:
        raise UnsupportedError(f"it picks an index that does not exist: the axis has length {size}")
    found = picked(context, value, place, wanted)
    if indices.ndim == 1:
        return found
    return reshaped(found, (*found.shape[:place], *indices.shape, *found.shape[place + 1 :]))


@operator("Expand")
def expand(context: Context, node: OnnxNode) -> Value:
    """The same, and again along axes of length 1."""
    value = context.value(node.input(0))
    told = context.integers(node, "shape", 1) or []
    whole = (context.batch, *value.shape)
    wanted = [1] * (len(whole) - len(told)) + told
    if len(wanted) > len(whole) or wanted[0] not in (1, context.batch):
        raise UnsupportedError(f"it repeats images along the batch axis: its shape is {told}")
    if any(1 not in (size, own) and size != own for size, own in zip(wanted, whole, strict=True)):
        raise UnsupportedError(f"its shape {told} does not fit {value.shape}, without the batch axis")
    for place, (size, own) in enumerate(zip(wanted[1:], value.shape, strict=True)):
        if size > own:
            check_laid_out(size)
            along = AlongAxis(value, place)
            repeated = UpSampling2D((size, 1) if along.axis == 1 else (1, size))
            value = along.back(context, context.call(repeated, along.image(context)), value.nonnegative)
    return value


@operator("Pad")
def pad(context: Context, node: OnnxNode) -> Value:
    """Numbers put around a value, or cut off where pads are negative."""
    value = context.value(node.input(0))
    rank = len(value.logical) + 1
    told = context.integers(node, "pads", 1)
    fill = context.number(node, "value", 2, 0.0)
    axes = context.integers(node, "axes", 3) if node.opset >= 18 else None
    axes = list(range(rank)) if axes is None else axes
    if told is None or len(told) != 2 * len(axes) or fill is None or max(map(abs, told), default=0) > LARGEST_SIZE:
        raise UnsupportedError("its pads do not match its axes")
    mode = node.text("mode", "constant")
    around = [(number, told[n], told[n + len(axes)]) for n, number in enumerate(axes) if told[n] or told[n + len(axes)]]
    sides = {sample_axis(number, value, "pads"): (first, last) for number, first, last in around}
    for place, (first, last) in sides.items():
        value = part(context, value, place, max(-first, 0), value.shape[place] - max(-last, 0))
    sides = {place: (max(first, 0), max(last, 0)) for place, (first, last) in sides.items()}
    if mode != "constant":
        for place, (first, last) in sides.items():
            value = _repeated(context, value, place, first, last, mode)
        return value
    if not any(map(any, sides.values())):
        return value
    if fill:
        value = scaled(context, node, value, 1.0, -fill)
    value = _zeros(context, value, sides)
    return scaled(context, node, value, 1.0, fill) if fill else value


def _zeros(context: Context, value: Value, sides: dict[int, tuple[int, int]]) -> Value:
    if len(value.logical) == 3 and set(sides) <= {1, 2}:
        channels, rows, columns = value.logical
        value = arranged(value, (rows, columns, channels))
        around = (sides.get(1, (0, 0)), sides.get(2, (0, 0)))
        symbol = context.call(ZeroPadding2D(around), value.symbol)
        tall, wide = (axis(size) for size in symbol.sample_shape[:2])
        return Value(symbol, (channels, tall, wide), (tall, wide, channels), nonnegative=value.nonnegative)
    for place, (first, last) in sides.items():
        along = AlongAxis(value, place)
        value = along.back(context, along.padded(context, along.image(context), first, last), value.nonnegative)
    return value


def _repeated(context: Context, value: Value, place: int, first: int, last: int, mode: str) -> Value:
    """Return a value with its own numbers beyond its ends: mirrored, the outermost again, or from the other end."""
    size = value.shape[place]
    check_laid_out(first + size + last)
    numbers = np.arange(-first, size + last)
    if mode == "reflect" and max(first, last) < size:
        numbers = np.abs(numbers)
        numbers = np.where(numbers >= size, 2 * (size - 1) - numbers, numbers)
    elif mode == "edge":
        numbers = np.clip(numbers, 0, size - 1)
    elif mode == "wrap":
        numbers = numbers % size
    else:
        raise UnsupportedError(f"it pads with the mode {mode!r:.40}, over {first} and {last} of {size}")
    return picked(context, value, place, numbers)


def edged(context: Context, value: Value, sides: dict[int, tuple[int, int]]) -> Value:
    """Return a value with its outermost numbers again beyond its ends, along some axes."""
    for place, (first, last) in sides.items():
        value = _repeated(context, value, place, first, last, "edge")
    return value


def picked(context: Context, value: Value, place: int, numbers: Array) -> Value:
    """Return what has these indices along an axis, each of which may come several times: parts side by side."""
    check_laid_out(value.shape[place])
    if np.array_equal(numbers, np.arange(value.shape[place])):
        return value
    ends = [n for n in range(1, len(numbers)) if numbers[n] != numbers[n - 1] + 1]
    if len(ends) >= _MOST_PIECES:
        return mixed(context, value, place, one_of_each(value.shape[place], numbers), nonnegative=value.nonnegative)
    along = AlongAxis(value, place)
    symbol = along.image(context)
    pieces = [
        along.cropped(context, symbol, int(numbers[start]), int(numbers[stop - 1]) + 1)
        for start, stop in zip([0, *ends], [*ends, len(numbers)], strict=True)
    ]
    joined = pieces[0] if len(pieces) == 1 else context.call(Concatenate(axis=along.axis), pieces)
    return along.back(context, joined, value.nonnegative)
