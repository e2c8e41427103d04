"""Models of yours: a class of `Model` with a method `call` over layers, which runs once, on symbols.

``class MyModel(Model)`` makes its layers in ``__init__`` and says in `call` what becomes of the inputs. What it said is
a graph like that of any other model: it trains, predicts and can be looked into.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from convoscope.checks import shape as as_shape
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers.base import Layer
from convoscope.layers.composite import Traced
from convoscope.layers.graph import Graph
from convoscope.layers.input import InputLayer
from convoscope.layers.symbols import Node, Operation, Symbol, symbols_in
from convoscope.layers.tracing import form_of, shapes_like
from convoscope.layers.tracing_mode import stays_in_inference
from convoscope.models import extras
from convoscope.models.arguments import without_batch_axis
from convoscope.models.model import Model
from convoscope.models.naming import other_owner
from convoscope.models.network import Network
from convoscope.types import Shape

# What a class may define in Keras to train in a way of its own: arbitrary arithmetic on tensors.
_OWN_STEPS = ("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics")


@cache
def subclassed(kind: type) -> type:
    """Return the class that objects of a class with `call` are of: the same, with what `Subclassed` adds."""
    return type(kind.__name__, (kind, Subclassed), {"__module__": kind.__module__, "__qualname__": kind.__qualname__})


def blank(kind: type) -> Any:
    """Return an object of a class with `call`, for copies."""
    made = subclassed(kind)
    return made.__new__(made)  # type: ignore[call-overload]


class Subclassed(Traced, Model):
    """What a class of `Model` with a `call` gets besides. See this module."""

    not_mine = frozenset({"_nodes", "_owner", "_trace", "graph", "_kept", "optimizer", "objective", "history"})

    def __init__(self, *args: Any, name: str | None = None, seed: int | None = None, trainable: bool = True) -> None:
        if args:
            raise ConfigurationError(
                f"{type(self).__name__} has a method call, so super().__init__() takes no inputs and outputs, but got "
                f"{len(args)} arguments."
            )
        Network.__init__(self, name, seed)
        self._trace = self._shapes = self._form = None
        self._is_built = False

    def _plain_build(self) -> Any:
        return Subclassed.build

    # ---- being built and called

    @property
    def built(self) -> bool:
        """Whether `call` has run."""
        return self._shapes is not None

    @built.setter
    def built(self, value: bool) -> None:
        """Take it from classes of yours that say ``self.built = True``: it is known anyway."""

    def build(self, input_shape: Any = None) -> None:
        """Run `call` on symbols of that shape, with the batch axis first; of several inputs a list or dict of them."""
        if input_shape is None:
            self._require_built()
            return
        several = isinstance(input_shape, dict) or (
            isinstance(input_shape, (list, tuple)) and bool(input_shape) and isinstance(input_shape[0], (list, tuple))
        )
        self._form = form_of(input_shape) if several and self._shapes is None else self._form
        given = (
            list(input_shape.values() if isinstance(input_shape, dict) else input_shape) if several else [input_shape]
        )
        self.settle([without_batch_axis(tuple(each)) for each in given])

    def _require_built(self) -> None:
        self.trace()

    def settle(self, input_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        shapes = tuple(as_shape(each, "input_shape", type(self).__name__) for each in input_shapes)
        if self._shapes is None:
            if self._form is None and len(shapes) > 1:
                self._form = [None] * len(shapes)
            self._trace = self._run(shapes)
            self._shapes = shapes
            for operation in self.operations:
                if other_owner(operation, self) is None:
                    operation.adopt(self)
        if shapes != self._shapes:
            raise ShapeError(
                f"{self.describe()} was built for inputs of shape {shapes_like(self._shapes)}, but was called on "
                f"{shapes_like(shapes)}. Make a new model for other shapes."
            )
        return tuple(symbol.sample_shape for symbol in self.trace().outputs)

    def __call__(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the symbols of the outputs for symbols, and predictions for one batch of data."""
        if self._shapes is None:
            self._form = form_of(inputs) if _is_several(inputs) else None
        symbols = symbols_in(list(inputs.values()) if isinstance(inputs, dict) else inputs)
        if symbols is None:
            return super().__call__(inputs, training)
        return self.trace_of(symbols, inference=stays_in_inference(training))

    def trace_of(self, symbols: Sequence[Symbol], *, inference: bool = False) -> Any:
        """Return what comes out of a call on those symbols, in the form in which `call` returns it."""
        outputs = self.apply(symbols, inference=inference).outputs
        return self.trace().in_form(outputs)

    def _build_for(self, x: Any) -> None:
        if self.built:
            return
        if not _is_several(x):
            super()._build_for(x)
            return
        self._form = form_of(x)
        self.settle([np.shape(each)[1:] for each in (x.values() if isinstance(x, dict) else x)])

    def compile(self, *args: Any, **options: Any) -> None:
        """Choose how the model learns; see `Model.compile`. Steps of the class's own cannot be taken."""
        for step in _OWN_STEPS:
            own = getattr(type(self), step, None)
            if own is not None:
                lines, number = inspect.getsourcelines(own)
                raise ConfigurationError(
                    f"{type(self).__name__} defines {step}, at {inspect.getsourcefile(own)}, line {number}: "
                    f"{lines[0].strip()!r}. Custom training steps on tensors (GradientTape) are not supported: "
                    "training is defined by the model's layers and by the optimizer, loss and metrics of compile. "
                    "Leave the method out, and pass the loss and the metrics to compile."
                )
        super().compile(*args, **options)

    # ---- what it is made of

    @property
    def layers(self) -> list[Any]:
        """The layers in the attributes, in their order."""
        return self.mine()

    @property
    def operations(self) -> list[Operation]:
        """What is called between inputs and outputs, input layers included."""
        found = self.trace()
        return list(dict.fromkeys([*(s.node.operation for s in found.inputs), *(n.operation for n in found.nodes)]))

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
    def walked_outputs(self) -> tuple[Symbol, ...]:
        """What comes out."""
        return self.output_symbols

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs: the keys of the dict that `call` takes, or those of the input layers."""
        return [symbol.name for symbol in self.input_symbols]

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs: the keys of the dict that `call` returns, or output_1 and so on, as in Keras."""
        if not self.built:
            return ["output_1"]
        keys = self.trace().keys
        return list(keys or (f"output_{number}" for number in range(1, len(self.output_symbols) + 1)))

    @property
    def outputs_have_keys(self) -> bool:
        """Whether `call` returns a dict."""
        return self.built and self.trace().keys is not None

    @property
    def graph(self) -> Graph:
        """What `call` did, as engines take it."""
        if "graph" not in self.__dict__:
            self.__dict__["graph"] = self.traced_graph()
        found: Graph = self.__dict__["graph"]
        return found

    @property
    def leaf_layers(self) -> Sequence[Layer]:
        """Every layer once, in the order of the weights."""
        return self.graph.layers if self.built else ()

    @property
    def output_shape(self) -> Any:
        """The shape of the output with the batch axis first, as None; in the form of what `call` returns."""
        return self.in_form([symbol.shape for symbol in self.output_symbols])

    def parts(self) -> Sequence[tuple[str, Any]]:
        own = list(super().parts())
        place = next((n for n, (name, _) in enumerate(own) if name.startswith("_") or name > "layers"), len(own))
        return [*own[:place], ("layers", self.layers), *own[place:]]

    # ---- keeping

    def get_config(self) -> dict[str, Any]:
        """Return the name; a class with arguments of its own adds them."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], *, seed: int | None = None) -> Any:
        """Make a model of the class from what `get_config` returned; its arguments are those of ``__init__``."""
        return cls(**config)

    # ---- copying

    def state_of_nodes(self) -> dict[str, Any]:
        """Return what copies take along in place of nodes: `call` runs again."""
        return {"_trace": None}

    def restore_nodes(self) -> None:
        """Leave it to the first who asks: the layers may not be restored yet."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        return blank, (type(self).__mro__[1],), self.__getstate__()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {len(self.layers)} layers{'' if self.built else ', not built'}>"


def _is_several(x: Any) -> bool:
    """Return whether that is a list, tuple or dict of inputs, each with a batch axis, and not an array in lists."""
    if isinstance(x, dict):
        return True
    return isinstance(x, (list, tuple)) and bool(x) and all(hasattr(each, "shape") for each in x)


def plain(operation: Any) -> Any:
    """Return an operation as a file has it: what was traced becomes a `Model` between symbols, with the same layers.

    So a file needs no class of yours to be opened. An operation without any such part is returned as it is.
    """
    if not _has_traced(operation):
        return operation
    return _remade(operation, {})


def _has_traced(operation: Any) -> bool:
    if isinstance(operation, Traced):
        return True
    return any(_has_traced(node.operation) for node in getattr(operation, "node_list", ()))


def _remade(operation: Any, made: dict[int, Any]) -> Any:
    if not _has_traced(operation):
        return operation
    if id(operation) in made:
        return made[id(operation)]
    starts = [InputLayer(symbol.shape[1:], name=symbol.name).symbol() for symbol in operation.input_symbols]
    symbols = dict(zip(operation.input_symbols, starts, strict=True))
    for node in operation.node_list:
        inner = _remade(node.operation, made)
        inputs = [symbols[symbol] for symbol in node.inputs]
        again = Node(inner, inputs, node.output_shapes, inference=node.inference)
        symbols |= dict(zip(node.outputs, again.outputs, strict=True))
    ends = [symbols[symbol] for symbol in operation.output_symbols]
    twin = Model(operation.in_form_of_inputs(starts), operation.in_form(ends), name=operation.name, seed=operation.seed)
    for name in (*extras.NAMES, "optimizer", "objective"):
        setattr(twin, name, getattr(operation, name, None))
    made[id(operation)] = twin
    return twin
