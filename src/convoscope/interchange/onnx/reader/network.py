"""The graph of an ONNX file, checked: names stand for one thing each, and nodes for what can be computed."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from convoscope.interchange.onnx.reader.messages import Attribute, ModelRecord, NodeRecord, ValueRecord
from convoscope.interchange.onnx.reader.tensors import Array, Outside, array_of
from convoscope.interchange.onnx.reader.wire import DamagedError

#: ONNX's own operators, and those that our oldest and newest known version of them has.
OLDEST, NEWEST = 7, 22
_FLOAT, _INT, _STRING, _TENSOR, _FLOATS, _INTS, _STRINGS = 1, 2, 3, 4, 6, 7, 8
#: The operator of a node that was recognized as an activation by what several nodes compute.
RECOGNIZED = "Convoscope.Activation"
#: What settings and constants lead to that are of no known form: a list where a number is due, sizes that do not fit.
ODD = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError)


class UnsupportedError(Exception):
    """Why a node cannot be a layer. All such nodes are named together."""


@dataclass(eq=False)
class OnnxNode:
    """A node: its operator, its name, its settings, and the names of what it reads and makes."""

    op: str
    name: str
    inputs: list[str]
    outputs: list[str]
    settings: dict[str, Any] = field(default_factory=dict)
    domain: str = ""
    opset: int = NEWEST
    #: What messages call its operator and itself, where its file has another operator; and why it cannot be a layer,
    #: where that is known before.
    title: tuple[str, str] | None = None
    refusal: str = ""

    @property
    def kind(self) -> str:
        """What messages call its operator."""
        return self.title[0] if self.title else self.op

    @property
    def shown(self) -> str:
        """What messages call it."""
        return self.title[1] if self.title else self.name

    def setting(self, name: str, default: Any = None) -> Any:
        """Return a setting, or what is meant where it is left out."""
        return self.settings.get(name, default)

    def text(self, name: str, default: str = "") -> str:
        """Return a setting that is a text."""
        value = self.settings.get(name, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    def input(self, number: int) -> str:
        """Return the name of an input, or ``""`` where it is left out."""
        return self.inputs[number] if number < len(self.inputs) else ""


@dataclass(eq=False)
class OnnxGraph:
    """A checked graph.

    Attributes
    ----------
    nodes : list of OnnxNode
        In an order in which they can be computed.
    constants : dict of str to array
    inputs, outputs : list of ValueRecord
        What goes in, constants left out, and what comes out.
    opset : int
    format : str
        What messages call the kind of file.
    sizes : dict of str to list
        What the file says of the sizes of values, without the batch axis; None where it leaves one open.
    """

    nodes: list[OnnxNode]
    constants: dict[str, Array]
    inputs: list[ValueRecord]
    outputs: list[ValueRecord]
    opset: int
    format: str = "ONNX"
    sizes: dict[str, list[int | None]] = field(default_factory=dict)

    def readers(self) -> Counter[str]:
        """Return how often each value is read, as an output too."""
        counts: Counter[str] = Counter(name for node in self.nodes for name in node.inputs if name)
        counts.update(record.name for record in self.outputs)
        return counts

    def needed(self) -> None:
        """Leave out the nodes that nothing in the outputs is computed from."""
        wanted = {record.name for record in self.outputs}
        kept = []
        for node in reversed(self.nodes):
            if wanted & set(node.outputs):
                wanted.update(name for name in node.inputs if name)
                kept.append(node)
        self.nodes = kept[::-1]


def checked(model: ModelRecord, folder: Path) -> OnnxGraph:
    """Return the graph of a file, with its tensors as arrays.

    Raises
    ------
    DamagedError
        It has no graph, names something twice, reads what nothing makes, or goes round in a circle.
    UnsupportedError
        It is of a version that is not read.
    """
    graph = model.graph
    if graph is None:
        raise DamagedError("it has no graph")
    opset = model.opsets.get("")
    if opset is None or not OLDEST <= opset <= NEWEST:
        raise UnsupportedError(
            f"it has opset {opset}, but opsets {OLDEST} to {NEWEST} are supported. Export it again with one of "
            "them, or convert it to one with onnx.version_converter"
        )
    if graph.has_sparse:
        raise UnsupportedError("it has sparse tensors")
    outside = Outside(folder)
    constants = _named([(record.name, array_of(record, outside)) for record in graph.tensors], "tensor")
    inputs = [record for record in graph.inputs if record.name not in constants]
    _named([(record.name, None) for record in graph.inputs], "input")
    made = OnnxGraph([], constants, inputs, graph.outputs, opset)
    nodes = [_node(record, model.opsets, outside) for record in graph.nodes]
    made.nodes = in_order(nodes, graph.inputs, made)
    return made


def _named(pairs: Sequence[tuple[str, Any]], what: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) or "" in found:
        (name, count) = Counter(name for name, _ in pairs).most_common(1)[0]
        raise DamagedError(f"{count} {what}s are named {name!r:.120}" if count > 1 else f"a {what} has no name")
    return found


def _node(record: NodeRecord, opsets: Mapping[str, int], outside: Outside) -> OnnxNode:
    domain = "" if record.domain == "ai.onnx" else record.domain
    settings = {each.name: _setting(each, record, outside) for each in record.attributes}
    name = record.name or (record.outputs[0] if record.outputs else "")
    return OnnxNode(record.op, name, record.inputs, record.outputs, settings, domain, opsets.get(domain, 0))


def _setting(attribute: Attribute, node: NodeRecord, outside: Outside) -> Any:
    kind = attribute.kind
    if attribute.is_graph or kind in (5, 10):
        return UnsupportedError  # stands for a graph within the node, which no operator that is read has
    if kind == _TENSOR and attribute.tensor is not None:
        return array_of(attribute.tensor, outside)
    values: dict[int, Any] = {
        _FLOAT: attribute.real,
        _INT: attribute.integer,
        _STRING: attribute.content,
        _INTS: attribute.integers,
        _STRINGS: attribute.texts,
    }
    if kind in values:
        return values[kind]
    if kind == _FLOATS:
        content = b"".join(attribute.reals)
        return list(struct.unpack(f"<{len(content) // 4}f", content))
    return None


def in_order(nodes: list[OnnxNode], inputs: Sequence[ValueRecord], graph: OnnxGraph) -> list[OnnxNode]:
    """Return the nodes in an order in which they can be computed, each value being made once.

    Raises
    ------
    DamagedError
        One is computed twice, or by nothing, or they go round in a circle.
    """
    known = {*graph.constants, *(each.name for each in inputs)}
    makers: dict[str, OnnxNode] = {}
    for node in nodes:
        for name in filter(None, node.outputs):
            if name in makers or name in known:
                raise DamagedError(f"the value {name!r:.120} is computed twice")
            makers[name] = node
    for name in [*(n for node in nodes for n in node.inputs if n), *(each.name for each in graph.outputs)]:
        if name not in makers and name not in known:
            raise DamagedError(f"the value {name!r:.120} is read but never computed")
    waiting = {id(node): len({n for n in node.inputs if n in makers}) for node in nodes}
    readers: dict[str, list[OnnxNode]] = {}
    for node in nodes:
        for name in {n for n in node.inputs if n in makers}:
            readers.setdefault(name, []).append(node)
    ready = [node for node in reversed(nodes) if not waiting[id(node)]]
    ordered = []
    while ready:
        node = ready.pop()
        ordered.append(node)
        for name in filter(None, node.outputs):
            for reader in readers.get(name, ()):
                waiting[id(reader)] -= 1
                if not waiting[id(reader)]:
                    ready.append(reader)
    if len(ordered) < len(nodes):
        stuck = next(node for node in nodes if waiting[id(node)])
        raise DamagedError(f"its nodes form a cycle, at {stuck.name!r:.120}")
    return ordered


def float_array(array: Array) -> Array:
    """Return the numbers as layers hold them, finite and of 32 bits.

    Raises
    ------
    UnsupportedError
        Some of them are no finite numbers of 32 bits.
    """
    with np.errstate(over="ignore"):
        found = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(found).all():
        raise UnsupportedError("its weights are not all finite numbers of 32 bits")
    return found.reshape(np.shape(array))
