"""What stands in an ONNX file, as far as a network is made of it: its graph, nodes, attributes and tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from convoscope.interchange.onnx.reader.wire import Budget, DamagedError, Field, fields

_Message = TypeVar("_Message")
#: What a field of a message does with its content.
Taking = Callable[[Any, Field, Budget], None]


@dataclass
class TensorRecord:
    """A tensor as the file has it: `convoscope.interchange.onnx.reader.tensors` makes an array of it."""

    dims: list[int] = field(default_factory=list)
    data_type: int = 0
    name: str = ""
    raw: memoryview | None = None
    #: The bytes of lists of numbers, by their size: of float_data 4, of double_data 8.
    reals: dict[int, list[memoryview]] = field(default_factory=lambda: {4: [], 8: []})
    integers: list[int] = field(default_factory=list)
    outside: dict[str, str] = field(default_factory=dict)
    is_outside: bool = False
    is_odd: bool = False  # strings, or in parts


@dataclass
class Attribute:
    """A setting of a node. `value` is a float, an int, bytes, a tensor, or a list of these."""

    name: str = ""
    real: float = 0.0
    integer: int = 0
    content: bytes = b""
    tensor: TensorRecord | None = None
    reals: list[memoryview] = field(default_factory=list)
    integers: list[int] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    kind: int = 0
    is_graph: bool = False
    #: The setting of a function around it that is meant.
    reference: str = ""


@dataclass
class NodeRecord:
    """A node of the graph: an operator with its settings, and the names of what it reads and makes."""

    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    name: str = ""
    op: str = ""
    domain: str = ""
    attributes: list[Attribute] = field(default_factory=list)


@dataclass
class ValueRecord:
    """An input or output: its type of numbers, and its sizes, where None or a name is free."""

    name: str = ""
    data_type: int = 0
    sizes: list[int | str | None] | None = None


@dataclass
class GraphRecord:
    """The graph."""

    name: str = ""
    nodes: list[NodeRecord] = field(default_factory=list)
    tensors: list[TensorRecord] = field(default_factory=list)
    inputs: list[ValueRecord] = field(default_factory=list)
    outputs: list[ValueRecord] = field(default_factory=list)
    has_sparse: bool = False


@dataclass
class ModelRecord:
    """The file."""

    version: int = 0
    graph: GraphRecord | None = None
    #: The version of each set of operators, by its domain: ``""`` is ONNX's own.
    opsets: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


def read_model(content: memoryview, budget: Budget | None = None) -> ModelRecord:
    """Read a file's messages.

    Raises
    ------
    DamagedError
        It is cut short, or no ONNX file.
    """
    try:
        return _read(ModelRecord(), content, _MODEL, budget or Budget())
    except UnicodeDecodeError as error:
        raise DamagedError("a name in it is not text") from error


def _read(message: _Message, content: memoryview, schema: dict[int, Taking], budget: Budget) -> _Message:
    for found in fields(content, budget):
        take = schema.get(found.number)
        if take is not None:
            take(message, found, budget)
    return message


def _set(attribute: str, kind: str) -> Taking:
    """Return what sets an attribute to the content of the field: its ``text``, ``integer`` and so on."""
    return lambda message, found, _: setattr(message, attribute, getattr(found, kind))


def _flag(attribute: str) -> Taking:
    return lambda message, *_: setattr(message, attribute, True)


def _append(attribute: str, kind: str) -> Taking:
    return lambda message, found, _: getattr(message, attribute).append(getattr(found, kind))


def _append_bytes(attribute: str) -> Taking:
    return lambda message, found, _: getattr(message, attribute).append(bytes(found.bytes))


def _extend(attribute: str) -> Taking:
    return lambda message, found, budget: getattr(message, attribute).extend(found.integers(budget))


def _reals(size: int) -> Taking:
    return lambda message, found, _: message.reals[size].append(found.numbers(size))


def _messages(attribute: str, make: Callable[[], Any], schema: dict[int, Taking]) -> Taking:
    return lambda message, found, budget: getattr(message, attribute).append(_read(make(), found.bytes, schema, budget))


class _Pair:
    def __init__(self) -> None:
        self.key, self.value, self.number = "", "", 0


def _pair(attribute: str) -> Taking:
    def take(message: Any, found: Field, budget: Budget) -> None:
        pair = _read(_Pair(), found.bytes, {1: _set("key", "text"), 2: _set("value", "text")}, budget)
        known = getattr(message, attribute)
        if pair.key in known:
            raise DamagedError(f"it defines {pair.key!r:.80} twice")
        known[pair.key] = pair.value

    return take


def _opset(message: Any, found: Field, budget: Budget) -> None:
    pair = _read(_Pair(), found.bytes, {1: _set("key", "text"), 2: _set("number", "integer")}, budget)
    message.opsets["" if pair.key == "ai.onnx" else pair.key] = pair.number


def _outside(message: Any, found: Field, _: Budget) -> None:
    message.is_outside = found.integer == 1


def _size(message: ValueRecord, found: Field, budget: Budget) -> None:
    pair = _read(_Pair(), found.bytes, {1: _set("number", "integer"), 2: _set("value", "text")}, budget)
    assert message.sizes is not None
    message.sizes.append(pair.number if pair.number > 0 else pair.value or None)


def _shape(message: ValueRecord, found: Field, budget: Budget) -> None:
    message.sizes = []
    _read(message, found.bytes, {1: _size}, budget)


def _within(schema: dict[int, Taking]) -> Taking:
    """Return what reads a message that only stands around others."""

    def take(message: Any, found: Field, budget: Budget) -> None:
        _read(message, found.bytes, schema, budget)

    return take


def _tensor(message: Any, found: Field, budget: Budget) -> None:
    message.tensor = _read(TensorRecord(), found.bytes, _TENSOR, budget)


def _graph(message: ModelRecord, found: Field, budget: Budget) -> None:
    if message.graph is not None:
        raise DamagedError("it has two graphs")
    message.graph = _read(GraphRecord(), found.bytes, _GRAPH, budget)


_TENSOR: dict[int, Taking] = {
    1: _extend("dims"),
    2: _set("data_type", "integer"),
    3: _flag("is_odd"),
    4: _reals(4),
    5: _extend("integers"),
    6: _flag("is_odd"),
    7: _extend("integers"),
    8: _set("name", "text"),
    9: _set("raw", "bytes"),
    10: _reals(8),
    11: _extend("integers"),
    13: _pair("outside"),
    14: _outside,
}
_ATTRIBUTE: dict[int, Taking] = {
    1: _set("name", "text"),
    2: _set("real", "real"),
    3: _set("integer", "integer"),
    4: lambda message, found, _: setattr(message, "content", bytes(found.bytes)),
    5: _tensor,
    6: _flag("is_graph"),
    7: lambda message, found, _: message.reals.append(found.numbers(4)),
    8: _extend("integers"),
    9: _append_bytes("texts"),
    11: _flag("is_graph"),
    20: _set("kind", "integer"),
    21: _set("reference", "text"),
}
_NODE: dict[int, Taking] = {
    1: _append("inputs", "text"),
    2: _append("outputs", "text"),
    3: _set("name", "text"),
    4: _set("op", "text"),
    5: _messages("attributes", Attribute, _ATTRIBUTE),
    7: _set("domain", "text"),
}
_VALUE: dict[int, Taking] = {
    1: _set("name", "text"),
    2: _within({1: _within({1: _set("data_type", "integer"), 2: _shape})}),
}
_GRAPH: dict[int, Taking] = {
    1: _messages("nodes", NodeRecord, _NODE),
    2: _set("name", "text"),
    5: _messages("tensors", TensorRecord, _TENSOR),
    11: _messages("inputs", ValueRecord, _VALUE),
    12: _messages("outputs", ValueRecord, _VALUE),
    15: _flag("has_sparse"),
}
_MODEL: dict[int, Taking] = {
    1: _set("version", "integer"),
    7: _graph,
    8: _opset,
    14: _pair("metadata"),
}
