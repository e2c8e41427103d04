"""How the nodes of a model hang together, as plain numbers: what copies, pickles and files are made of.

Nodes name one another, and a network may be deeper than Python's stack; numbers can be copied at any depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.layers.input import InputLayer
from convoscope.layers.symbols import Node, Operation, Symbol
from convoscope.types import Shape

Place = tuple[int, int]  # a node's number, and which of its outputs


@dataclass(frozen=True)
class Wire:
    """One node: its operation's number, what it reads, the shapes of what it makes, and whether it never trains."""

    operation: int
    inputs: tuple[Place, ...]
    output_shapes: tuple[Shape, ...]
    inference: bool = False


@dataclass(frozen=True)
class Wiring:
    """Nodes in an order in which they can be computed, and the inputs and outputs among what they make.

    Operations are named by their index in the model's list of layers, input layers included.
    """

    wires: tuple[Wire, ...]
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]

    @classmethod
    def of(
        cls, operations: Sequence[Operation], nodes: Sequence[Node], inputs: Sequence[Symbol], outputs: Sequence[Symbol]
    ) -> Wiring:
        """Return the numbers of nodes, the input layers' among them."""
        number_of = {id(operation): number for number, operation in enumerate(operations)}
        place_of = {id(node): number for number, node in enumerate(nodes)}

        def places(symbols: Sequence[Symbol]) -> tuple[Place, ...]:
            return tuple((place_of[id(symbol.node)], symbol.index) for symbol in symbols)

        wires = tuple(Wire(number_of[id(n.operation)], places(n.inputs), n.output_shapes, n.inference) for n in nodes)
        return cls(wires, places(inputs), places(outputs))

    def as_json(self) -> dict[str, Any]:
        """Return the wiring as plain JSON values."""
        calls = [
            {"layer": wire.operation, "inputs": [list(place) for place in wire.inputs]}
            | ({"training": False} if wire.inference else {})
            for wire in self.wires
        ]
        return {"calls": calls, "inputs": [list(p) for p in self.inputs], "outputs": [list(p) for p in self.outputs]}

    @classmethod
    def from_json(cls, config: dict[str, Any], operations: int) -> Wiring:
        """Read what `as_json` returned, from a file that may be anybody's. Shapes are not part of it.

        Raises
        ------
        ConfigurationError
            If it is not such a description; the message says where.
        """
        wires: list[Wire] = []
        for number, call in enumerate(list_in(config, "calls")):
            layer = call.get("layer") if isinstance(call, dict) else None
            if type(layer) is not int or not 0 <= layer < operations:
                raise ConfigurationError(f"Call {number} of the model refers to no layer of the model: {call!r:.80}.")
            wires.append(Wire(layer, _places_in(call, "inputs", number), (), call.get("training") is False))
        return cls(tuple(wires), _places_in(config, "inputs", len(wires)), _places_in(config, "outputs", len(wires)))

    def called(self, operations: Sequence[Any]) -> list[Node]:
        """Call the operations on each other, which settles their shapes, and return the nodes."""
        made: list[Node] = []
        for wire in self.wires:
            operation = operations[wire.operation]
            inputs = _symbols_at(wire.inputs, made)
            begins = isinstance(operation, InputLayer)
            if begins == bool(inputs):
                wrong = "takes inputs, although it is an input of the model" if begins else "takes no inputs"
                raise ConfigurationError(
                    f"The description of a model has a call of {operation.describe()} that {wrong}."
                )
            begun = operation.symbol().node if begins else operation.apply(inputs, inference=wire.inference)
            made.append(begun)
        _symbols_at((*self.inputs, *self.outputs), made)
        return made

    def nodes(self, operations: Sequence[Operation]) -> list[Node]:
        """Make the nodes anew, with those operations."""
        made: list[Node] = []
        for wire in self.wires:
            inputs = [Symbol(made[number], index) for number, index in wire.inputs]
            made.append(Node(operations[wire.operation], inputs, wire.output_shapes, inference=wire.inference))
        return made


def _symbols_at(places: Sequence[Place], made: Sequence[Node]) -> list[Symbol]:
    """Return the values there, or say which of them does not exist."""
    symbols = [Symbol(made[number], index) for number, index in places]
    for symbol in symbols:
        if symbol.index >= len(symbol.node.output_shapes):
            raise ConfigurationError(
                f"The description of a model names output {symbol.index} of {symbol.node.operation.describe()}, which "
                f"has {len(symbol.node.output_shapes)}."
            )
    return symbols


def list_in(config: Any, key: str) -> list[Any]:
    """Return the list that stands in a description under that key, or say that there is none."""
    found = config.get(key) if isinstance(config, dict) else None
    if not isinstance(found, list):
        raise ConfigurationError(f"The description of a model needs a list of {key}, but has {found!r:.80}.")
    return found


def _places_in(config: Any, key: str, before: int) -> tuple[Place, ...]:
    """Return the values that are named there, all of them made by one of the first `before` calls."""
    places = []
    for place in list_in(config, key):
        good = isinstance(place, list) and len(place) == 2 and all(type(n) is int for n in place)
        if not good or not 0 <= place[0] < before or place[1] < 0:
            raise ConfigurationError(
                f"The description of a model names the value {place!r:.80} among its {key}, but only values of the "
                f"first {before} calls are possible there."
            )
        places.append((place[0], place[1]))
    return tuple(places)
