"""What can be said of a model's layers before anything is computed: shapes, parameters, what they see and cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from convoscope.engine import plan
from convoscope.engine.receptive_field import ReceptiveField, of_values
from convoscope.layers.base import Layer
from convoscope.layers.graph import Graph
from convoscope.layers.input import InputLayer
from convoscope.layers.symbols import Node
from convoscope.types import Shape


@dataclass(frozen=True)
class Row:
    """One layer.

    ``shape`` is the output's, without the batch axis; ``arithmetic`` is how the parameters come about, such as
    "3×3×1×64 + 64"; ``receptive_field`` is what each output value sees of the input; ``multiply_adds`` is how many
    products of an input with a weight are summed for one image; ``connected_to`` is where its inputs come from.
    """

    name: str
    kind: str
    shape: Shape
    params: int
    arithmetic: str
    receptive_field: ReceptiveField
    multiply_adds: int
    trainable: bool
    connected_to: tuple[str, ...] = ()

    @property
    def values(self) -> int:
        """How many values come out for one image."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Summary:
    """A model: its name, its input's shape, a row for each layer, and the totals. Optimizer slots are never counted.

    ``is_graph`` says that layers do not simply follow each other, and that their connections are worth a column.
    """

    name: str
    input_shape: Shape
    rows: tuple[Row, ...]
    trainable_params: int
    non_trainable_params: int
    is_graph: bool = False

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
    input_shape: Shape = model.plan_input_shape
    trainable = sum(weight.size for weight in model.trainable_weights)
    everything = sum(weight.size for weight in model.weights)
    is_graph = not model.graph.is_chain or any(isinstance(layer, InputLayer) for layer in model.layers)
    return Summary(model.name, input_shape, _rows(model), trainable, everything - trainable, is_graph)


def _rows(model: Any) -> tuple[Row, ...]:
    graph: Graph = model.graph
    built = plan.build_graph(graph, fused=False)
    fields = _fields(built)
    calls = _calls_of(model)
    rows = []
    for layer in model.layers:
        own = calls.get(id(layer), [])
        costs = sum(step.multiply_adds for step in built.steps if any(step.calls[0] in part for part, _ in own))
        first = own[0] if own else None
        value = len(graph.input_shapes) + built.last_step_of(first[0][-1]) if first else _input_of(model, layer)
        rows.append(
            Row(
                name=layer.name,
                kind=_kind(layer),
                shape=_output_shape(layer),
                params=layer.count_params(),
                arithmetic=" + ".join("×".join(map(str, spec.shape)) for spec in getattr(layer, "specs", ())),
                receptive_field=fields[value],
                multiply_adds=costs,
                trainable=layer.trainable,
                connected_to=tuple(name for _, node in own for name in _sources(node)),
            )
        )
    return tuple(rows)


def _fields(built: plan.Plan) -> list[ReceptiveField]:
    """Return what each value sees: of the first of the inputs that it sees anything of."""
    of_inputs = [of_values(built.steps, built.input_shapes, seen) for seen in range(len(built.input_shapes))]
    return [next(field for field in fields if field is not None) for fields in zip(*of_inputs, strict=True)]


def _calls_of(model: Any) -> dict[int, list[tuple[range, Node]]]:
    """Return for each of the model's layers (by its id) its calls' numbers in the graph, and the node of each."""
    found: dict[int, list[tuple[range, Node]]] = {}
    done = 0
    for node in model.node_list:
        inner: Graph | None = getattr(node.operation, "graph", None)
        count = 1 if inner is None else len(inner.calls)
        found.setdefault(id(node.operation), []).append((range(done, done + count), node))
        done += count
    return found


def _input_of(model: Any, layer: Layer) -> int:
    return next(number for number, symbol in enumerate(model.input_symbols) if symbol.node.operation is layer)


def _kind(layer: Any) -> str:
    """Return what Keras' summary calls it: models between symbols are Functional there."""
    kind = type(layer).__name__
    return "Functional" if kind == "Model" else kind


def _output_shape(layer: Any) -> Shape:
    shape = layer.output_shape
    first = shape[0] if isinstance(shape, list) else next(iter(shape.values())) if isinstance(shape, dict) else shape
    return tuple(first[1:])


def _sources(node: Node) -> tuple[str, ...]:
    """Return where a call's inputs come from, as Keras writes it: ``conv2d[0][0]`` is its first call's first output."""
    return tuple(
        f"{symbol.name}[{symbol.node.operation.nodes.index(symbol.node)}][{symbol.index}]" for symbol in node.inputs
    )
