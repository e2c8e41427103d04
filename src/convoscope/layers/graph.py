"""A network as plain data: which layer is called on which values, in an order in which it can be computed.

`Graph` is what engines are given: values have numbers, and a layer that is called twice stands in two calls. `trace`
finds the calls between symbols, and `Graph.of` makes a graph of them, with the models that stand in it taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convoscope.errors import ConfigurationError
from convoscope.layers import free, moments
from convoscope.layers.stack import infer_shapes
from convoscope.layers.symbols import Node, Operation, Symbol
from convoscope.types import Shape

if TYPE_CHECKING:
    from convoscope.layers.base import Layer, Weights


@dataclass(frozen=True, eq=False)
class Call:
    """A layer called on some values.

    Attributes
    ----------
    layer : Layer
    inputs : tuple of int
        The numbers of the values: 0 and on are the graph's inputs, then comes one value for each call.
    input_shapes, output_shape
        Without the batch axis.
    inference : bool
        Whether it computes in training what it does in prediction.
    """

    layer: Layer
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    inference: bool = False


@dataclass(frozen=True, eq=False)
class Graph:
    """Calls in an order in which they can be computed.

    Attributes
    ----------
    input_shapes : tuple of shapes
        Without the batch axis.
    calls : tuple of Call
        Each reads inputs and values of calls before it.
    outputs : tuple of int
        The numbers of the values that come out.
    layers : tuple of Layer
        Every layer once, in the order of the model's weights.
    """

    input_shapes: tuple[Shape, ...]
    calls: tuple[Call, ...]
    outputs: tuple[int, ...]
    layers: tuple[Layer, ...]

    @classmethod
    def chain(cls, layers: Sequence[Layer], input_shape: Shape) -> Graph:
        """Make the graph of layers that follow each other."""
        shapes = [input_shape, *infer_shapes(layers, input_shape)]
        calls = tuple(Call(layer, (n,), (shapes[n],), shapes[n + 1]) for n, layer in enumerate(layers))
        return cls((input_shape,), calls, (len(layers),), tuple(layers))

    @classmethod
    def of(
        cls,
        inputs: Sequence[Symbol],
        nodes: Sequence[Node],
        outputs: Sequence[Symbol],
        walked: Sequence[Symbol] | None = None,
    ) -> Graph:
        """Make the graph of some nodes, in an order in which they can be computed, and take models apart.

        `walked` are the outputs in another order, if the order of the layers is to follow from that: see `by_depth`.
        """
        values: dict[tuple[int, int], int] = {(id(s.node), s.index): number for number, s in enumerate(inputs)}
        calls: list[Call] = []
        for node in nodes:
            before = [values[id(s.node), s.index] for s in node.inputs]
            for index, number in enumerate(inlined(node, before, len(inputs), calls)):
                values[id(node), index] = number
        ordered = by_depth(nodes, outputs if walked is None else walked)
        layers = list(dict.fromkeys(layer for node in ordered for layer in _layers_of(node.operation)))
        found = tuple(values[id(s.node), s.index] for s in outputs)
        return cls(tuple(s.sample_shape for s in inputs), tuple(calls), found, tuple(layers))

    @property
    def weights(self) -> list[Weights]:
        """All weights, layer by layer: the arrays themselves, as `Layer.own_weights` has them."""
        return [weight for layer in self.layers for weight in layer.own_weights]

    def moment(self) -> int | None:
        """Return a number that changes whenever weights may have been written, or None if they may be at any time."""
        return None if any(layer.lent for layer in self.layers) else moments.now()

    def shape_of(self, value: int) -> Shape:
        """Return the shape of a value, without the batch axis."""
        count = len(self.input_shapes)
        return self.input_shapes[value] if value < count else self.calls[value - count].output_shape

    @property
    def output_shapes(self) -> tuple[Shape, ...]:
        """The shapes of what comes out, without the batch axis."""
        return tuple(map(self.shape_of, self.outputs))

    def value_of(self, call: int) -> int:
        """Return the number of the value that a call makes."""
        return len(self.input_shapes) + call

    @property
    def is_chain(self) -> bool:
        """Whether each call reads what the one before it made, and the last one's value alone comes out."""
        count = len(self.calls)
        return (
            len(self.input_shapes) == 1
            and self.outputs == (count,)
            and all(call.inputs == (number,) for number, call in enumerate(self.calls))
        )

    def for_shapes(self, input_shapes: Sequence[Shape]) -> Graph:
        """Return the graph of the same layers for inputs of other sizes.

        Raises
        ------
        ShapeError
            If a layer does not take them, or its weights are for the sizes that were.
        """
        shapes, calls = list(input_shapes), []
        for call in self.calls:
            inputs = tuple(shapes[value] for value in call.inputs)
            free.check_weights(call.layer, call.input_shapes, inputs)
            shapes.append(call.layer.checked_shape(*inputs))
            calls.append(replace(call, input_shapes=inputs, output_shape=shapes[-1]))
        return replace(self, input_shapes=tuple(input_shapes), calls=tuple(calls))

    def upto(self, values: Sequence[int]) -> Graph:
        """Return the graph of what is needed for those values, which come out of it in that order."""
        count, needed = len(self.input_shapes), set(values)
        for number in range(len(self.calls) - 1, -1, -1):
            if number + count in needed:
                needed.update(self.calls[number].inputs)
        kept = [number for number in range(len(self.calls)) if number + count in needed]
        numbers = {number: number for number in range(count)}
        numbers |= {old + count: new + count for new, old in enumerate(kept)}
        calls = tuple(
            replace(self.calls[number], inputs=tuple(numbers[v] for v in self.calls[number].inputs)) for number in kept
        )
        return Graph(self.input_shapes, calls, tuple(numbers[v] for v in values), self._used_in(calls))

    def between(self, values: Sequence[int], outputs: Sequence[int]) -> tuple[Graph, tuple[int, ...]]:
        """Return the graph from some values to others, and the numbers of the values that it takes.

        It takes `values`, in that order, and then those inputs of this graph that are needed besides: what reaches the
        outputs past the values, through a shortcut for instance.

        Examples
        --------
        >>> from convoscope.layers import Add, Conv2D, Input
        >>> from convoscope.models import Model
        >>> x = Input(shape=(8, 8, 1))
        >>> graph = Model(x, Add()([x, Conv2D(1, 3, padding="same")(x)])).graph
        >>> behind, takes = graph.between([1], graph.outputs)
        >>> len(behind.calls), takes
        (1, (1, 0))
        """
        count, given = len(self.input_shapes), set(values)
        needed = set(outputs) - given
        for number in range(len(self.calls) - 1, -1, -1):
            if number + count in needed:
                needed.update(set(self.calls[number].inputs) - given)
        takes = (*values, *(number for number in range(count) if number in needed))
        kept = [number for number in range(len(self.calls)) if number + count in needed]
        numbers = {value: number for number, value in enumerate(takes)}
        numbers |= {old + count: new + len(takes) for new, old in enumerate(kept)}
        calls = tuple(
            replace(self.calls[number], inputs=tuple(numbers[v] for v in self.calls[number].inputs)) for number in kept
        )
        shapes = tuple(self.shape_of(value) for value in takes)
        return Graph(shapes, calls, tuple(numbers[v] for v in outputs), self._used_in(calls)), takes

    def _used_in(self, calls: Sequence[Call]) -> tuple[Layer, ...]:
        used = {id(call.layer) for call in calls}
        return tuple(layer for layer in self.layers if id(layer) in used)


def inlined(node: Node, inputs: Sequence[int], first: int, calls: list[Call]) -> list[int]:
    """Add the calls that a node stands for to `calls`, and return the numbers of its outputs.

    `inputs` are the numbers of the values that go in, and `first` is the number of the first call's value.
    """
    inner: Graph | None = getattr(node.operation, "graph", None)
    if inner is None:
        call = Call(node.operation, tuple(inputs), node.input_shapes, node.output_shapes[0], node.inference)  # type: ignore[arg-type]
        calls.append(call)
        return [first + len(calls) - 1]
    if inner.input_shapes != node.input_shapes:  # it leaves sizes open, and here they are settled
        inner = inner.for_shapes(node.input_shapes)
    numbers = list(inputs)
    for call in inner.calls:
        read = tuple(numbers[v] for v in call.inputs)
        calls.append(replace(call, inputs=read, inference=call.inference or node.inference))
        numbers.append(first + len(calls) - 1)
    return [numbers[value] for value in inner.outputs]


def trace(inputs: Sequence[Symbol], outputs: Sequence[Symbol]) -> list[Node]:
    """Return the nodes between symbols, each behind those whose values it reads, and `inputs` left out.

    Branches are walked one after the other, so that little has to be kept at a time.

    Raises
    ------
    ConfigurationError
        If an output is not computed from the inputs alone; the message says what is missing.
    """
    given = set(inputs)
    done: dict[int, Node] = {}
    order: list[Node] = []
    waiting: list[tuple[Symbol, Iterator[Symbol] | None]] = [(symbol, None) for symbol in reversed(outputs)]
    while waiting:  # not recursive: networks can be deeper than Python's stack
        symbol, left = waiting.pop()
        node = symbol.node
        if symbol in given or id(node) in done:
            continue
        if not node.inputs:
            raise ConfigurationError(
                f"{outputs[0]!r} is not computed from the inputs alone: it also needs {node.operation.describe()}, of "
                f"shape {symbol.shape}, which is not among inputs="
                f"[{', '.join(repr(each.name) for each in inputs)}]. Give it as an input too, or take the input that "
                "the layers were called on."
            )
        left = iter(node.inputs) if left is None else left
        following = next(left, None)
        if following is None:
            done[id(node)] = node
            order.append(node)
        else:
            waiting += [(symbol, left), (following, None)]
    return order


def by_depth(nodes: Sequence[Node], outputs: Sequence[Symbol]) -> list[Node]:
    """Return nodes in the order of their layers' weights in Keras: those furthest from the outputs come first.

    `nodes` are in an order in which they can be computed, as `trace` returns them. A layer that is called several
    times counts where it is furthest. Among equals, those come first that a walk from the outputs meets first.
    """
    depth: dict[int, int] = {}  # of each operation
    node_depth: dict[int, int] = {}
    for node in reversed(nodes):
        own = max(node_depth.get(id(node), 0), depth.get(id(node.operation), 0))
        depth[id(node.operation)] = node_depth[id(node)] = own
        for symbol in node.inputs:
            node_depth[id(symbol.node)] = max(own + 1, node_depth.get(id(symbol.node), 0))
    met = _order_of_visit(nodes, outputs)
    return sorted(nodes, key=lambda node: (-depth[id(node.operation)], met[id(node.operation)]))


def _order_of_visit(nodes: Sequence[Node], outputs: Sequence[Symbol]) -> dict[int, int]:
    """Return when a walk from the outputs back to the inputs meets each operation for the first time."""
    known = {id(node) for node in nodes}
    order: dict[int, int] = {}
    done: set[int] = set()
    waiting = [symbol.node for symbol in reversed(outputs)]
    while waiting:
        node = waiting.pop()
        if id(node) in done or id(node) not in known:
            continue
        done.add(id(node))
        order.setdefault(id(node.operation), len(order))
        waiting += [symbol.node for symbol in reversed(node.inputs)]
    for node in nodes:  # an input that nothing reads
        order.setdefault(id(node.operation), -1)
    return order


def _layers_of(operation: Operation) -> Sequence[Layer]:
    inner: Graph | None = getattr(operation, "graph", None)
    return (operation,) if inner is None else inner.layers  # type: ignore[return-value]
