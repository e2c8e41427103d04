"""Parts of a value, and what is put around it."""

from __future__ import annotations

from convoscope.interchange.litert.reader.call import Call, operator
from convoscope.interchange.litert.schema import MirrorPadding
from convoscope.interchange.onnx.reader.network import UnsupportedError

_END = 2**31 - 1


@operator("SLICE")
def slice_(call: Call) -> str:
    """So many values from an index on, along each axis."""
    begins, sizes = call.whole_numbers(1, "where it begins"), call.whole_numbers(2, "its size")
    if len(begins) != len(sizes):
        raise UnsupportedError("its begins and sizes have different lengths")
    ends = [_END if size == -1 else begin + size for begin, size in zip(begins, sizes, strict=True)]
    return call.node("Slice", call.input(0), call.array(begins), call.array(ends))


@operator("STRIDED_SLICE")
def strided_slice(call: Call) -> str:
    """A part along each axis, as Python's slices have it. Bits say where an end is left out, and what axes become."""
    told = [call.whole_numbers(place, what) for place, what in ((1, "its begin"), (2, "its end"), (3, "its strides"))]
    if len({*map(len, told)}) != 1 or len(told[0]) > call.rank() + 8:
        raise UnsupportedError("its begin, end and strides have different lengths")
    masks = {name: call.option(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    found = _Slices(call.rank())
    for number, (begin, end, stride) in enumerate(zip(*told, strict=True)):
        bits = {name: bool(mask >> number & 1) for name, mask in masks.items()}
        if bits["ellipsis"]:
            behind = [n for n in range(number + 1, len(told[0])) if not masks["new_axis"] >> n & 1]
            found.skip(call.rank() - len(behind) - found.axis)
        elif bits["new_axis"]:
            found.new.append(found.made)
            found.made += 1
        else:
            found.take(begin, end + begin * bool(call.option("offset", False)), stride, bits)
    return found.nodes(call)


class _Slices:
    """What a strided slice does with each axis."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.axis = self.made = 0  # the next axis of what goes in, and of what comes out with none taken away
        self.parts: list[tuple[int, int, int, int]] = []
        self.new: list[int] = []
        self.gone: list[int] = []

    def skip(self, count: int) -> None:
        """Leave so many axes as they are."""
        if count < 0:
            raise UnsupportedError("it names more axes than there are")
        self.axis += count
        self.made += count

    def take(self, begin: int, end: int, stride: int, bits: dict[str, bool]) -> None:
        """Take a part along the next axis, or one index of it."""
        if self.axis >= self.rank or not stride:
            raise UnsupportedError("it names more axes than there are, or has a stride of 0")
        if bits["shrink_axis"]:
            self.gone.append(self.axis)
            begin, end, stride = begin, begin + 1 if begin != -1 else _END, 1
        else:
            begin = (0 if stride > 0 else _END) if bits["begin"] else begin
            end = (_END if stride > 0 else -_END) if bits["end"] else end
        if (begin, end, stride) != (0, _END, 1):
            self.parts.append((self.axis, begin, end, stride))
        self.skip(1)

    def nodes(self, call: Call) -> str:
        """Add the nodes that do all this."""
        value = call.input(0)
        if self.parts:
            axes, begins, ends, strides = (call.array(list(each)) for each in zip(*self.parts, strict=True))
            value = call.node("Slice", value, begins, ends, axes, strides)
        if self.gone and self.new:
            raise UnsupportedError("it removes axes and adds new ones")
        if self.gone:
            value = call.node("Squeeze", value, axes=self.gone)
        if self.new:
            value = call.node("Unsqueeze", value, axes=self.new)
        return value if self.parts or self.gone or self.new else call.node("Identity", value)


@operator("SPLIT")
def split(call: Call) -> list[str]:
    """Parts of one size along an axis."""
    (axis,) = call.whole_numbers(0, "its axis") or [0]
    return call.several(len(call.operator.outputs), "Split", call.input(1), axis=axis)


@operator("SPLIT_V")
def split_by_size(call: Call) -> list[str]:
    """Parts of the sizes that are told, of which one may be what is left."""
    axis = call.axis((call.whole_numbers(2, "its axis") or [0])[0], call.rank())
    sizes = call.whole_numbers(1, "the sizes of its parts")
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = call.tensor(0).sizes[axis] - sum(size for size in sizes if size != -1)
    return call.several(len(call.operator.outputs), "Split", call.input(0), call.array(sizes), axis=axis)


@operator("GATHER")
def gather(call: Call) -> str:
    """One index of an axis, or several."""
    if call.option("batch_dims"):
        raise UnsupportedError("it picks different indices for each image in a batch")
    return call.node("Gather", call.input(0), call.input(1), axis=call.option("axis"))


@operator("PAD", "PADV2", "MIRROR_PAD")
def pad(call: Call) -> str:
    """Numbers before and behind each axis, told as (axes, 2)."""
    flat = call.node("Reshape", call.transposed(call.input(1), 1, 0), call.array([-1]))
    if call.operator.op == "MIRROR_PAD":
        mode = b"reflect" if call.option("mode") == MirrorPadding.REFLECT else b"symmetric"
        return call.node("Pad", call.input(0), flat, mode=mode)
    return call.node("Pad", call.input(0), flat, *([call.input(2)] if call.operator.op == "PADV2" else []))
