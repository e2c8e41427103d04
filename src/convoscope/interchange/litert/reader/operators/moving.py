"""What moves values without changing them."""

from __future__ import annotations

from convoscope.interchange.litert.reader.call import Call, operator
from convoscope.interchange.litert.reader.constants import type_name
from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.onnx.reader.network import UnsupportedError

_TYPES = {
    TensorType.FLOAT32: 1,
    TensorType.UINT8: 2,
    TensorType.INT8: 3,
    TensorType.UINT16: 4,
    TensorType.INT16: 5,
    TensorType.INT32: 6,
    TensorType.INT64: 7,
    TensorType.BOOL: 9,
    TensorType.FLOAT16: 10,
    TensorType.FLOAT64: 11,
}


@operator("QUANTIZE", "DEQUANTIZE")
def the_same(call: Call) -> str:
    """The real numbers, which whole ones stand for."""
    return call.node("Identity", call.input(0))


@operator("CAST")
def cast(call: Call) -> str:
    """Another type, which only constants have."""
    kind = call.nodes.record.tensors[call.operator.outputs[0]].kind
    if kind not in _TYPES:
        raise UnsupportedError(f"its output has the type {type_name(kind)}")
    return call.node("Cast", call.input(0), to=_TYPES[TensorType(kind)])


@operator("SHAPE")
def shape(call: Call) -> str:
    """The sizes of a value."""
    return call.node("Shape", call.input(0))


@operator("RESHAPE")
def reshape(call: Call) -> str:
    """Other sizes for the same values."""
    told = call.option("new_shape", None)
    if call.has(1):
        sizes = call.input(1)
    elif told:
        sizes = call.array(told)
    else:
        raise UnsupportedError("it has no shape")
    return call.node("Reshape", call.input(0), sizes, allowzero=1)


@operator("TRANSPOSE")
def transpose(call: Call) -> str:
    """The axes in another order."""
    return call.transposed(call.input(0), *call.whole_numbers(1, "the order of its axes"))


@operator("SQUEEZE")
def squeeze(call: Call) -> str:
    """Without axes of length 1: those that are named, or all behind the batch axis."""
    axes = call.option("squeeze_dims", None) or [n for n, size in enumerate(call.tensor(0).sizes) if size == 1 and n]
    return call.node("Squeeze", call.input(0), axes=list(axes)) if axes else call.node("Identity", call.input(0))


@operator("EXPAND_DIMS")
def expand(call: Call) -> str:
    """With an axis of length 1."""
    return call.node("Unsqueeze", call.input(0), axes=call.whole_numbers(1, "its axis"))


@operator("BROADCAST_TO")
def broadcast(call: Call) -> str:
    """Repeated along axes of length 1."""
    return call.node("Expand", call.input(0), call.input(1))


@operator("TILE")
def tile(call: Call) -> str:
    """Again and again along each axis."""
    return call.node("Tile", call.input(0), call.input(1))


@operator("CONCATENATION")
def concatenation(call: Call) -> str:
    """Values one behind the other."""
    return call.node("Concat", *_all(call), axis=call.option("axis"))


@operator("PACK")
def pack(call: Call) -> str:
    """Values one behind the other along a new axis."""
    axis = call.option("axis")
    parts = [call.node("Unsqueeze", value, axes=[axis]) for value in _all(call)]
    return call.node("Concat", *parts, axis=axis)


@operator("UNPACK")
def unpack(call: Call) -> list[str]:
    """Each index of an axis as a value of its own."""
    count = len(call.operator.outputs)
    axis = call.axis(call.option("axis"), call.rank())
    parts = call.several(count, "Split", call.input(0), axis=axis)
    return [call.node("Squeeze", part, axes=[axis]) for part in parts]


def _all(call: Call) -> list[str]:
    return [call.input(place) for place in range(len(call.operator.inputs))]
