"""What can be said of a model's layers before anything is computed: shapes, parameters, what they see and cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from convoscope.engine import plan
from convoscope.engine.receptive_field import ReceptiveField, of_values
from convoscope.layers.base import Layer
from convoscope.layers.graph import Graph
from convoscope.layers.symbols import Node, Symbol
from convoscope.types import Shape


@dataclass(frozen=True)
class Row:
    """One layer.

    ``shapes`` are those of its outputs, without the batch axis; ``shown`` are the same with it, None where a size is
    left open; ``arithmetic`` is how the parameters come about, such as "3×3×1×64 + 64"; ``receptive_fields`` is what
    each output value sees of each of the model's inputs (None where nothing); ``multiply_adds`` is how many products of
    an input with a weight are summed for one image, in all calls of the layer; ``sources`` are the names of the layers
    that it reads, ``connected_to`` the same as Keras writes it.
    """

    name: str
    kind: str
    shapes: tuple[Shape, ...]
    params: int
    arithmetic: str
    receptive_fields: tuple[ReceptiveField | None, ...]
    multiply_adds: int
    trainable: bool
    sources: tuple[str, ...] = ()
    connected_to: tuple[str, ...] = ()
    is_input: bool = False
    shown: tuple[tuple[int | None, ...], ...] = ()

    @property
    def shape(self) -> Shape:
        """The shape of the first output, and the only one of nearly all layers."""
        return self.shapes[0]

    @property
    def receptive_field(self) -> ReceptiveField:
        """What each output value sees of the first input that it sees anything of."""
        return next(field for field in self.receptive_fields if field is not None)

    @property
    def values(self) -> int:
        """How many values come out for one image."""
        return sum(map(math.prod, self.shapes))


@dataclass(frozen=True)
class Summary:
    """A model: its name, its inputs, a row for each layer, and the totals. Optimizer slots are never counted.

    ``is_graph`` says that layers do not simply follow each other, and that their connections are worth a column.
    """

    name: str
    inputs: tuple[tuple[str, Shape], ...]
    rows: tuple[Row, ...]
    trainable_params: int
    non_trainable_params: int
    is_graph: bool = False

    @property
    def input_shape(self) -> Shape:
        """The shape of the first input, and the only one of most models."""
        return self.inputs[0][1]

    @property
    def params(self) -> int:
        """All parameters together."""
        return self.trainable_params + self.non_trainable_params

    @property
    def multiply_adds(self) -> int:
        """All multiply-adds together, for one image."""
        return sum(row.multiply_adds for row in self.rows)


def summarize(model: Any) -> Summary:
    """Describe each layer of a `Sequential` or a `Model`; a model that stands in it counts as one layer.

    Raises
    ------
    NotReadyError
        If the model does not know its input's shape yet.

    Examples
    --------
    >>> from convoscope.layers import Conv2D, MaxPooling2D
    >>> from convoscope.models import Sequential
    >>> model = Sequential([Conv2D(64, 3, input_shape=(28, 28, 1)), MaxPooling2D()])
    >>> [(row.shape, row.params, row.arithmetic, row.receptive_field.size) for row in summarize(model).rows]
    [((26, 26, 64), 640, '3×3×1×64 + 64', (3, 3)), ((13, 13, 64), 0, '', (4, 4))]
    """
    shapes = model.plan_input_shapes
    inputs = tuple(zip(model.input_names, shapes, strict=True))
    trainable = sum(weight.size for weight in model.own_trainable_weights)
    everything = sum(weight.size for weight in model.own_weights)
    return Summary(model.name, inputs, _rows(model), trainable, everything - trainable, _is_graph(model))


def expanded(model: Any, summary: Summary) -> Summary:
    """Return a model's summary with the layers of models that stand in it as rows of their own, below the model's."""
    return replace(summary, rows=tuple(_with_inner(model, summary.rows, 0)))


def _with_inner(model: Any, rows: Sequence[Row], level: int) -> Iterator[Row]:
    for layer, row in zip(model.layers, rows, strict=True):
        yield replace(row, name=f"{'   ' * level}└ {row.name}", connected_to=()) if level else row
        if hasattr(layer, "node_list"):
            yield from _with_inner(layer, summarize(layer).rows, level + 1)


def _is_graph(model: Any) -> bool:
    """Return whether anything but one call after the other happens, each of another layer; outputs do not count."""
    if hasattr(model, "traced_graph"):
        return False  # as in Keras, which does not know how layers of a class of yours hang together
    before = model.input_symbols[0].node
    for node in model.node_list:
        if len(node.inputs) != 1 or node.inputs[0].node is not before:
            return True
        before = node
    operations = {id(node.operation) for node in model.node_list}
    return len(model.input_symbols) > 1 or len(operations) < len(model.node_list)


def _rows(model: Any) -> tuple[Row, ...]:
    graph: Graph = model.graph
    built = plan.build_graph(graph, fused=False)
    fields = _fields(built)
    costs = Counter[int]()
    made = {value: value for value in range(len(graph.input_shapes))}  # by each value of the graph, that of the plan
    for number, step in enumerate(built.steps):
        costs[step.calls[0]] += step.multiply_adds
        made[graph.value_of(step.calls[-1])] = len(graph.input_shapes) + number
    calls = _calls_of(model)
    places = _Places()
    rows = []
    for layer in model.layers:
        own = calls.get(id(layer), [])
        if not own and not hasattr(layer, "sample_shape"):
            continue  # a class of yours has it, and does not call it
        shapes = own[-1].node.output_shapes if own else (layer.sample_shape,)
        value = own[0].outputs[0] if own else _input_of(model, layer)
        symbols = [symbol for call in own for symbol in call.node.inputs]
        rows.append(
            Row(
                name=layer.name,
                kind=_kind(layer),
                shapes=shapes,
                params=layer.count_params(),
                arithmetic=" + ".join("×".join(map(str, spec.shape or (1,))) for spec in getattr(layer, "specs", ())),
                receptive_fields=fields[made[value]],
                multiply_adds=sum(costs[number] for call in own for number in call.numbers),
                trainable=layer.trainable,
                sources=tuple(symbol.name for symbol in symbols),
                connected_to=tuple(map(places.of, symbols)),
                is_input=not own,
                shown=tuple(s.shape for s in (own[-1].node.outputs if own else layer.symbol().node.outputs)),
            )
        )
    return tuple(rows)


def _fields(built: plan.Plan) -> list[tuple[ReceptiveField | None, ...]]:
    """Return what each value sees of each input."""
    of_inputs = [of_values(built.steps, built.input_shapes, seen) for seen in range(len(built.input_shapes))]
    return list(zip(*of_inputs, strict=True))


@dataclass(frozen=True)
class _Called:
    """A call of one of a model's layers: its node, and the numbers of the graph's calls and of its values."""

    node: Node
    numbers: range
    outputs: tuple[int, ...]


def _calls_of(model: Any) -> dict[int, list[_Called]]:
    """Return the calls of each of the model's layers, by the layer's id."""
    found: dict[int, list[_Called]] = {}
    graph: Graph = model.graph
    values = {symbol: number for number, symbol in enumerate(model.input_symbols)}
    done = 0
    for node in model.node_list:
        inner: Graph | None = getattr(node.operation, "graph", None)
        if inner is None:
            numbers = range(done, done + 1)
            outputs: tuple[int, ...] = (graph.value_of(done),)
        else:
            numbers = range(done, done + len(inner.calls))
            inputs = [values[symbol] for symbol in node.inputs]
            first, count = graph.value_of(done), len(inputs)
            outputs = tuple(inputs[v] if v < count else first + v - count for v in inner.outputs)
        values |= dict(zip(node.outputs, outputs, strict=True))
        found.setdefault(id(node.operation), []).append(_Called(node, numbers, outputs))
        done = numbers.stop
    return found


def _input_of(model: Any, layer: Layer) -> int:
    return next(number for number, symbol in enumerate(model.input_symbols) if symbol.node.operation is layer)


def _kind(layer: Any) -> str:
    """Return what Keras' summary calls it: models between symbols are Functional there."""
    kind = type(layer).__name__
    return "Functional" if kind == "Model" else kind


class _Places:
    """Where values come from, as Keras writes it: ``conv2d[0][0]`` is the first output of that layer's first call."""

    def __init__(self) -> None:
        self._numbers: dict[int, dict[int, int]] = {}

    def of(self, symbol: Symbol) -> str:
        """Return it for a symbol. A layer's calls are counted once, however many there are."""
        operation = symbol.node.operation
        if id(operation) not in self._numbers:
            self._numbers[id(operation)] = {id(node): number for number, node in enumerate(operation.nodes)}
        return f"{symbol.name}[{self._numbers[id(operation)][id(symbol.node)]}][{symbol.index}]"
