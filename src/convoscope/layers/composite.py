"""Layers of yours, made of other layers: a class with a method `call`.

``class Block(Layer)`` with a `call` becomes a layer that stands for what `call` does with symbols. It has the weights
of the layers in its attributes, in their order, and counts as one layer of the model around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NoReturn

import numpy as np

from convoscope.errors import ConfigurationError, NotReadyError, ShapeError
from convoscope.layers.base import Layer
from convoscope.layers.graph import Graph
from convoscope.layers.input import InputLayer
from convoscope.layers.symbols import Node, Operation, Symbol, symbols_in
from convoscope.layers.tracing import (
    Trace,
    callers_line,
    form_of,
    given_like,
    operations_in,
    shapes_like,
    telling_the_line,
    traced,
)
from convoscope.layers.tracing_mode import stays_in_inference
from convoscope.layers.variables import Variable
from convoscope.types import Shape


@cache
def composite(kind: type) -> type:
    """Return the class that objects of a class with `call` are of: the same, with what `Composite` adds.

    `type(layer).__mro__` has the class itself, so `isinstance` says what one expects.
    """
    return type(kind.__name__, (kind, Composite), {"__module__": kind.__module__, "__qualname__": kind.__qualname__})


def blank(kind: type) -> Any:
    """Return an object of a class with `call`, for copies."""
    made = composite(kind)
    return made.__new__(made)  # type: ignore[call-overload]


class Traced:
    """What layers and models of yours share: they are made of what their `call` did, once it has run."""

    #: Attributes that are not yours.
    not_mine: frozenset[str] = frozenset()
    _trace: Trace | None
    _shapes: tuple[Shape, ...] | None
    _form: Any
    call: Any
    name: str
    seed = 0

    def mine(self) -> list[Operation]:
        """Return the layers in the attributes, in the order in which these were set."""
        return operations_in(self.__dict__, self.not_mine)

    def parts(self) -> Sequence[tuple[str, Any]]:
        """Return the attributes with layers in them as Keras' files have them: by the alphabet, private ones last."""
        pairs = [(name, value) for name, value in self.__dict__.items() if name not in self.not_mine]
        found = [pair for pair in pairs if operations_in(dict([pair]))]
        return sorted(found, key=lambda pair: f"~{pair[0]}" if pair[0].startswith("_") else pair[0])

    def trace(self) -> Trace:
        """Return what `call` did for inputs of the shapes that are known; it runs if it has not yet."""
        if self._trace is None:
            if self._shapes is None:
                raise NotReadyError(
                    f"{self.describe()} has not been built yet, because the shape of its inputs is unknown. "  # type: ignore[attr-defined]
                    "Call it on a symbol or on data, or call build((None, 28, 28, 1))."
                )
            self._trace = self._run(self._shapes)
        return self._trace

    def _run(self, shapes: tuple[Shape, ...]) -> Trace:
        names = list(self._form) if isinstance(self._form, dict) else [f"input_{n}" for n in range(1, len(shapes) + 1)]
        symbols = [InputLayer(shape, name=name).symbol() for name, shape in zip(names, shapes, strict=True)]
        self._build_mine(shapes)
        found = traced(self, self.call, symbols, given_like(symbols, self._form))  # type: ignore[arg-type]
        self._check_mine(found)
        return found

    def _build_mine(self, shapes: tuple[Shape, ...]) -> None:
        """Run the `build` of the class, which may make layers."""
        own = type(self).build  # type: ignore[attr-defined]
        if not self.__dict__.get("_is_built") and own is not self._plain_build():
            with telling_the_line(self):  # type: ignore[arg-type]
                own(self, shapes_like(shapes))
        self.__dict__["_is_built"] = True

    def _plain_build(self) -> Any:
        raise NotImplementedError

    def _check_mine(self, found: Trace) -> None:
        """Say so if a layer with weights is not in an attribute: it would be a new one each time."""
        known = {id(leaf) for each in self.mine() for leaf in leaves_of(each)}
        for node in found.nodes:
            for leaf in leaves_of(node.operation):
                if leaf.specs and id(leaf) not in known:
                    raise ConfigurationError(
                        f"{self.describe()}: call uses {leaf.describe()}, which is stored in none of its attributes. "  # type: ignore[attr-defined]
                        "Create layers in __init__ and store them: self.dense = Dense(10)."
                    )

    def in_form(self, values: list[Any]) -> Any:
        """Return a value for each output in the form in which `call` returns them."""
        return self.trace().in_form(values)

    def in_form_of_inputs(self, values: list[Any]) -> Any:
        """Return a value for each input in the form in which `call` takes them."""
        if isinstance(self._form, dict):
            return dict(zip(self._form, values, strict=True))
        return values if isinstance(self._form, (list, tuple)) else values[0]

    def traced_graph(self) -> Graph:
        """Return what `call` did as a graph, its layers in the order of the attributes."""
        found = self.trace()
        graph = Graph.of(found.inputs, found.nodes, found.outputs)
        there = {id(layer) for layer in graph.layers}
        own = dict.fromkeys(leaf for each in self.mine() for leaf in leaves_of(each) if id(leaf) in there)
        return replace(graph, layers=tuple(dict.fromkeys([*own, *graph.layers])))


def leaves_of(operation: Any) -> Sequence[Layer]:
    """Return the layers that an operation is made of: itself, if it is one."""
    found: Sequence[Layer] = getattr(operation, "leaf_layers", (operation,))
    return found


class Composite(Traced, Layer):
    """What a class of yours with a `call` gets besides what `Layer` has. See this module."""

    not_mine = frozenset({"_nodes", "_owner", "_trace", "_graph"})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._trace, self._shapes = None, None
        self._graph: Graph | None = None
        self._form = None
        self._is_built = False

    def _plain_build(self) -> Any:
        return Composite.build

    # ---- being built and called

    @property
    def built(self) -> bool:
        """Whether `call` has run."""
        return self._shapes is not None

    @built.setter
    def built(self, value: bool) -> None:
        """Take it from classes of yours that say ``self.built = True``: it is known anyway."""

    def build(self, input_shape: Any = None, generator: np.random.Generator | None = None) -> None:
        """Do nothing of its own: layers are built when `call` runs."""

    def make(self, shapes: Sequence[Shape], generator: np.random.Generator) -> None:
        self.settle(shapes)

    def __call__(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Note a call on a symbol, or on a list or dict of them."""
        if self._shapes is None:
            self._form = form_of(inputs)
        symbols = symbols_in(list(inputs.values()) if isinstance(inputs, dict) else inputs)
        if symbols is None:
            return super().__call__(inputs, training)
        outputs = self.apply(symbols, inference=stays_in_inference(training)).outputs
        return self.trace().in_form(outputs)

    def settle(self, input_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        shapes = tuple(input_shapes)
        if self._shapes is None:
            if self._form is None and len(shapes) > 1:
                self._form = [None] * len(shapes)  # as in a list
            self._trace, self._shapes = self._run(shapes), shapes
        if shapes != self._shapes:
            raise ShapeError(
                f"{self.describe()} was built for inputs of shape {shapes_like(self._shapes)}, but was called on "
                f"{shapes_like(shapes)}. Make a new one for other shapes."
            )
        return tuple(symbol.sample_shape for symbol in self.trace().outputs)

    def other_shapes(self, first: Sequence[Shape], other: Sequence[Shape]) -> tuple[Shape, ...]:
        self.settle(first)
        return self.graph.for_shapes(other).output_shapes

    def checked_shape(self, *input_shapes: Shape) -> Shape:
        shapes = self.settle(input_shapes)
        if len(shapes) != 1:
            raise ShapeError(
                f"{self.describe()} has {len(shapes)} outputs, but a layer in a stack passes on exactly one."
            )
        return shapes[0]

    def add_weight(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse: what is computed with a weight of your own is no layer's arithmetic."""
        raise ConfigurationError(
            f"{type(self).__name__}: add_weight at {callers_line()} creates a weight that no layer can use. Use a "
            "layer that has such a weight: Dense(units) for x @ w + b, Conv2D, DepthwiseConv2D((1, 1)) for one factor "
            "per channel, and call it in call()."
        )

    # ---- what it is made of

    @property
    def graph(self) -> Graph:
        """What `call` did, as engines take it."""
        if self._graph is None:
            self._graph = self.traced_graph()
        return self._graph

    @property
    def layers(self) -> list[Any]:
        """The layers in the attributes, in their order."""
        return self.mine()

    @property
    def node_list(self) -> list[Node]:
        """The calls between inputs and outputs."""
        return list(self.trace().nodes)

    @property
    def input_symbols(self) -> tuple[Symbol, ...]:
        """What goes in."""
        return self.trace().inputs

    @property
    def output_symbols(self) -> tuple[Symbol, ...]:
        """What comes out."""
        return self.trace().outputs

    @property
    def leaf_layers(self) -> Sequence[Layer]:
        """Every layer once, in the order of the weights."""
        return self.graph.layers if self.built else ()

    @property
    def input_shape(self) -> Any:
        """The shape of the input with the batch axis first, as None; a list of shapes where there are several."""
        self.trace()
        return shapes_like(self._shapes or ())

    @property
    def output_shape(self) -> Any:
        """The shape of the output with the batch axis first, as None; in the form of what `call` returns."""
        return self.trace().in_form([symbol.shape for symbol in self.output_symbols])

    # ---- weights

    @property
    def weights(self) -> tuple[Variable, ...]:
        return tuple(weight for layer in self.leaf_layers for weight in layer.weights)

    @property
    def own_weights(self) -> tuple[Any, ...]:
        return tuple(weight for layer in self.leaf_layers for weight in layer.own_weights)

    @property
    def own_trainable_weights(self) -> tuple[Any, ...]:
        return tuple(weight for layer in self.leaf_layers for weight in layer.own_trainable_weights)

    def variables_of_its_own(self) -> Sequence[Any]:
        return ()

    @property
    def trainable(self) -> bool:
        """Whether any of the layers learns. Setting it sets every one."""
        own = [layer.trainable for layer in self.mine()]  # type: ignore[attr-defined]
        return any(own) if own else bool(self.__dict__.get("_trainable", True))

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.__dict__["_trainable"] = value
        for layer in self.mine():
            layer.trainable = value  # type: ignore[attr-defined]

    @property
    def losses(self) -> list[float]:
        return [loss for layer in self.leaf_layers for loss in layer.losses]

    def get_weights(self) -> list[Any]:
        return [weight for layer in self.leaf_layers for weight in layer.get_weights()]

    def set_weights(self, weights: Any) -> None:
        given, own = list(weights), self.own_weights
        if [np.shape(each) for each in given] != [weight.shape for weight in own]:
            raise ShapeError(
                f"{self.describe()} takes weights of the shapes {[weight.shape for weight in own]}, but got those of "
                f"the shapes {[np.shape(each) for each in given]}. get_weights() shows the order."
            )
        for layer in self.leaf_layers:
            count = len(layer.own_weights)
            layer.set_weights(given[:count])
            given = given[count:]

    def count_params(self) -> int:
        return sum(weight.size for weight in self.own_weights)

    # ---- copying

    def __reduce_ex__(self, protocol: Any) -> Any:
        return blank, (type(self).__mro__[1],), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_trace": None, "_graph": None}
