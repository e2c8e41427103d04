"""A graph of ONNX's nodes out of a LiteRT file's operators, to be made into layers as ONNX's own are."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope.interchange.litert.reader import operators
from convoscope.interchange.litert.reader.call import TRANSLATORS, Call, Nodes
from convoscope.interchange.litert.reader.constants import is_quantized
from convoscope.interchange.litert.reader.patterns import recognize
from convoscope.interchange.litert.reader.records import GraphRecord, OperatorRecord, TensorRecord
from convoscope.interchange.litert.schema import Activation, TensorType
from convoscope.interchange.onnx.reader.messages import ValueRecord
from convoscope.interchange.onnx.reader.network import OnnxGraph, OnnxNode, UnsupportedError, in_order

__all__ = ["operators", "translated"]

_FLOAT, _BYTE = 1, 2  # ONNX's numbers of types
_TYPES = {TensorType.FLOAT32: 1, TensorType.FLOAT16: 10, TensorType.UINT8: 2, TensorType.INT8: 3, TensorType.INT32: 6,
          TensorType.INT64: 7, TensorType.BOOL: 9, TensorType.FLOAT64: 11}  # fmt: skip
_ACTIVATIONS: dict[int, tuple[str, dict[str, float]]] = {
    Activation.RELU: ("Relu", {}),
    Activation.RELU_N1_TO_1: ("Clip", {"min": -1.0, "max": 1.0}),
    Activation.RELU6: ("Clip", {"min": 0.0, "max": 6.0}),
    Activation.TANH: ("Tanh", {}),
}
#: Operators after which a quantized file may leave out the ReLU that its range of numbers already is.
_BOUNDED_BY_RANGE = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "ADD", "SUB", "MUL")
_WHY = {
    **dict.fromkeys(("IF", "WHILE", "CALL_ONCE", "STABLEHLO_COMPOSITE"), "it contains its own graph"),
    **dict.fromkeys(("VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"), "it keeps a value between predictions"),
    "ARG_MAX": "it picks the class; leave it out, because predictions are probabilities",
    "CUSTOM": "it belongs to another operator set",
    "DENSIFY": "its file has sparse weights; export the network without sparsity",
}


def translated(record: GraphRecord, size: int) -> OnnxGraph:
    """Return the graph of a file, whose operators are ONNX's.

    Parameters
    ----------
    record : GraphRecord
    size : int
        The file's bytes.

    Raises
    ------
    DamagedError
        It makes a value twice, reads what nothing makes, goes round in a circle, or has a constant that does not fit.
    """
    nodes = Nodes(record, size)
    inputs = [_start(nodes, record.tensors[number]) for number in record.inputs]
    for operator in recognize(nodes):
        _translate(nodes, operator)
    outputs = [ValueRecord(record.tensors[number].value, _FLOAT) for number in record.outputs]
    for number in record.outputs:
        if nodes.is_constant(number):
            nodes.constant(number)
    graph = OnnxGraph([], nodes.arrays, inputs, outputs, opset=22, format="LiteRT")
    batches = {-1, 1, *(record.tensors[number].sizes[0] for number in record.inputs if record.tensors[number].sizes)}
    graph.sizes = {
        tensor.value: [size if size > 0 else None for size in tensor.sizes[1:]]
        for tensor in (record.tensors[number] for number in record.outputs)
        if tensor.sizes and tensor.sizes[0] in batches  # else its batch axis, of length 1, has been left out
    }
    graph.nodes = in_order(nodes.nodes, inputs, graph)
    return graph


def _start(nodes: Nodes, tensor: TensorRecord) -> ValueRecord:
    """Return an input. Bytes come as they are; other whole numbers are the real ones that they stand for."""
    sizes: list[Any] = [size if size > 0 else None for size in tensor.sizes]
    kind = _TYPES.get(TensorType(tensor.kind), 0) if tensor.kind in _TYPES else tensor.kind + 100
    if not is_quantized(tensor):
        return ValueRecord(tensor.value, kind, sizes)
    if tensor.kind != TensorType.UINT8:
        return ValueRecord(tensor.value, _FLOAT, sizes)
    name, tensor.value = tensor.value, f"{tensor.value} as real numbers"
    scale = float(tensor.scale[0])
    zero = float(tensor.zero_point[0]) if tensor.zero_point is not None and len(tensor.zero_point) else 0.0
    (shifted,) = nodes.add(None, "rescaling", "Sub", [name, nodes.hold(np.float64(zero))], {}, 1)
    nodes.nodes.append(OnnxNode("Mul", "rescaling", [shifted, nodes.hold(np.float64(scale))], [tensor.value]))
    return ValueRecord(name, _BYTE, sizes)


def _translate(nodes: Nodes, operator: OperatorRecord) -> None:
    call = Call(nodes, operator)
    made = [nodes.record.tensors[number].value for number in operator.outputs]
    before = len(nodes.nodes)
    try:
        if operator.op not in TRANSLATORS:
            raise UnsupportedError(_WHY.get(operator.op, "there is no layer for it"))
        found = TRANSLATORS[operator.op](call)
        values = [found] if isinstance(found, str) else found
        if not made or len(values) != len(made):
            raise UnsupportedError(f"it should have {len(made)} outputs, but has {len(values)}")
        values[0] = _activated(call, values[0])
    except UnsupportedError as error:
        del nodes.nodes[before:]
        read = [nodes.record.tensors[n].value for n in operator.inputs if n >= 0 and not nodes.is_constant(n)]
        nodes.nodes.append(OnnxNode("", call.name, read, made, title=call.title, refusal=str(error)))
        return
    fresh = {each.outputs[place]: (each, place) for each in nodes.nodes[before:] for place in range(len(each.outputs))}
    for value, name in zip(values, made, strict=True):
        if value in fresh:
            node, place = fresh.pop(value)
            node.outputs[place] = name
        else:
            nodes.nodes.append(OnnxNode("Identity", call.name, [value], [name], title=call.title))


def _activated(call: Call, value: str) -> str:
    """Return what comes out of an operator, through the activation at its end."""
    told = call.option("fused_activation_function", 0)
    if told in _ACTIVATIONS:
        op, settings = _ACTIVATIONS[told]
        return call.node(op, value, **settings)
    if told != Activation.NONE:
        raise UnsupportedError("it ends with an unknown activation")
    record = call.nodes.record.tensors[call.operator.outputs[0]]
    if call.operator.op not in _BOUNDED_BY_RANGE or not is_quantized(record) or record.zero_point is None:
        return value
    least, most = {TensorType.INT8: (-128, 127), TensorType.UINT8: (0, 255)}.get(TensorType(record.kind), (0, 0))
    if least == most or len(record.zero_point) != 1 or record.zero_point[0] != least:
        return value
    top = float(record.scale[0]) * (most - least)
    return call.node("Clip", value, min=0.0, max=6.0) if abs(top - 6) < 0.05 else call.node("Relu", value)
