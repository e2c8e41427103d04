"""Whether a graph's images have their channels first, by what reads them."""

from __future__ import annotations

from convoscope.interchange.onnx.reader.messages import ValueRecord
from convoscope.interchange.onnx.reader.network import OnnxGraph

#: Operators whose second axis is that of the channels.
_BY_CHANNEL = {
    "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization",
    "InstanceNormalization", "GroupNormalization", "LRN", "DepthToSpace", "SpaceToDepth", "Resize", "Upsample", "PRelu",
}  # fmt: skip
#: Operators that leave the axes where they are.
_PASSING = {
    "Add", "Sub", "Mul", "Div", "Cast", "Identity", "Clip", "Relu", "Dropout", "Pad", "Neg", "Concat", "Slice", "Split",
    "LeakyRelu", "Sigmoid", "Tanh",
}  # fmt: skip
_FEW = (1, 3, 4)  # channels that photographs have


def has_channels_first(graph: OnnxGraph, record: ValueRecord) -> bool:
    """Return whether an input of four axes is (batch, channels, height, width).

    The first operator decides that tells channels from pixels. Without one the sizes do: three channels come first.
    """
    lies: dict[str, tuple[int, ...]] = {
        record.name: (0, 1, 2, 3)
    }  # of each value, which of the input's axes its own are
    for node in graph.nodes:
        order = next((lies[name] for name in node.inputs if name in lies), None)
        if order is None:
            continue
        if node.op in _BY_CHANNEL:
            return order[1] == 1
        perm = node.setting("perm")
        if node.op == "Transpose" and isinstance(perm, list) and sorted(perm) == [0, 1, 2, 3]:
            order = tuple(order[place] for place in perm)
        elif node.op not in _PASSING:
            continue
        lies.update(dict.fromkeys(node.outputs, order))
    sizes = record.sizes or []
    return graph.format == "ONNX" and sizes[1] in _FEW and sizes[3] not in _FEW
