"""Values that are put in one row with those of all images, and then taken out of it as they were.

PyTorch's newer exporter writes ``as_strided`` so, which an average over an image leaves behind it where the channels
lay last: a Reshape to one row, and a Gather whose indices are computed from how many images there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope.interchange.onnx.reader.folding import fold
from convoscope.interchange.onnx.reader.network import OnnxGraph, OnnxNode, UnsupportedError

#: Stands for the number of images where a file leaves it open: the indices are computed for so many.
_TRIAL = 3
_DEEPEST = 64


def unflatten(graph: OnnxGraph) -> None:
    """Put a Reshape that keeps the images apart in place of a row of all of them and a Gather in its order."""
    makers = {name: node for node in graph.nodes for name in node.outputs if name}
    for number, node in enumerate(graph.nodes):
        row = makers.get(node.input(0)) if node.op == "Gather" and not node.domain else None
        if row is None or row.op != "Reshape" or node.setting("axis", 0) != 0:
            continue
        shape = _Known(graph, makers).array(row.input(1))
        indices = _Known(graph, makers).array(node.input(1)) if shape is not None and shape.tolist() == [-1] else None
        if indices is None or indices.ndim < 2 or not np.array_equal(indices.reshape(-1), np.arange(indices.size)):
            continue
        told = f"{node.outputs[0]}/shape"
        if told not in graph.constants and told not in makers:
            graph.constants[told] = np.array([-1, *indices.shape[1:]], np.int64)
            graph.nodes[number] = OnnxNode("Reshape", node.name, [row.input(0), told], node.outputs, opset=node.opset)
    graph.needed()


class _Known:
    """What can be computed from constants and the number of images."""

    def __init__(self, graph: OnnxGraph, makers: dict[str, OnnxNode]) -> None:
        self.graph, self.makers = graph, makers
        sizes = {record.sizes[0] for record in graph.inputs if record.sizes}
        known = sizes.pop() if len(sizes) == 1 else None
        self.images = known if isinstance(known, int) else _TRIAL
        self.found: dict[str, Any] = dict(graph.constants)
        self.left = _DEEPEST  # nodes that may still be computed

    def array(self, name: str) -> Any:
        """Return an array, or None where it depends on more."""
        if name in self.found or name not in self.makers or not self.left:
            return self.found.get(name)
        node = self.makers[name]
        self.left -= 1
        if node.op == "Shape":
            first = node.setting("start", 0) == 0 and node.setting("end") == 1
            return np.array([self.images]) if first else None
        arrays = [self.array(each) if each else None for each in node.inputs]
        if any(each and array is None for each, array in zip(node.inputs, arrays, strict=True)):
            return None
        try:
            made = fold(node, arrays)
        except UnsupportedError:
            return None
        if made is not None:
            self.found.update(zip(node.outputs, made, strict=False))
        return self.found.get(name)
