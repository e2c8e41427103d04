"""What a model is made of: the calls of its layers, the graph of these, and the sizes of the images that it takes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from convoscope.checks import check_values
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers.graph import Graph
from convoscope.layers.symbols import Node, Operation, Symbol, check_count, symbols_in
from convoscope.layers.tracing_mode import stays_in_inference
from convoscope.models.calls import sample_shape
from convoscope.models.prepared import Prepared
from convoscope.models.signature import Signature
from convoscope.models.trainer import Trainer
from convoscope.types import Shape

_MOST_SIZES = 8  # of images for which a model that takes any size keeps what it needs


class Composition(Signature, Trainer):
    """The calls that a `Network` consists of, and what follows when it is called itself."""

    @property
    @abstractmethod
    def layers(self) -> list[Any]:
        """The layers in the order of their weights; a model that stands in this one counts as one of them."""

    @property
    @abstractmethod
    def operations(self) -> list[Operation]:
        """The same with the input layers."""

    @property
    @abstractmethod
    def node_list(self) -> list[Node]:
        """The calls between inputs and outputs, in an order in which they can be computed; input layers left out."""

    @property
    def walked_outputs(self) -> Sequence[Symbol]:
        """What comes out, in the order that the order of layers and weights follows from."""
        return self.output_symbols

    @cached_property
    def graph(self) -> Graph:
        """The model as engines take it: every layer's calls, those of models that stand in it included."""
        self._require_built()
        return Graph.of(self.input_symbols, self.node_list, self.output_symbols, self.walked_outputs)

    @property
    def _prepared(self) -> Prepared:
        """The graph for inputs of the sizes that were last seen, kept for a few of these."""
        kept: dict[Any, Prepared] = self.__dict__.setdefault("_kept", {})
        sizes = self.__dict__.get("_sizes")
        if sizes not in kept:
            while len(kept) >= _MOST_SIZES:
                del kept[next(iter(kept))]
            kept[sizes] = Prepared(self.graph if sizes is None else self.graph.for_shapes(sizes))
        return kept[sizes]

    @property
    def leaves_sizes_open(self) -> bool:
        """Whether the model takes images of any size: ``Input((None, None, 3))``."""
        return self.built and any(symbol.other_shape != symbol.sample_shape for symbol in self.input_symbols)

    def _build_for(self, x: Any) -> None:
        super()._build_for(x)
        if self.leaves_sizes_open and len(self.input_symbols) == 1:
            self.settle_sizes((sample_shape(x, f"Model {self.name!r}"),))

    def _built_for(self, x: Any) -> Any:
        x = super()._built_for(x)
        if not self.leaves_sizes_open:
            return x
        from convoscope.training.data.batches import hands_out_batches
        from convoscope.training.feeding import peeked

        first, x = peeked(x) if hands_out_batches(x) else (x, x)
        self._build_for(first)
        return x

    def settle_sizes(self, shapes: tuple[Shape, ...] | None) -> None:
        """Take inputs of those shapes from now on, if sizes are left open."""
        if shapes is not None:
            for symbol, shape in zip(self.input_symbols, shapes, strict=True):
                given = symbol.shape[1:]
                if len(given) != len(shape) or any(a not in (None, b) for a, b in zip(given, shape, strict=True)):
                    raise ShapeError(
                        f"Model {self.name!r} takes inputs of shape {symbol.shape}, but got {(None, *shape)}."
                    )
        self.__dict__["_sizes"] = shapes

    def forget_graph(self) -> None:
        """Make the graph anew when it is next asked for: the model is made of other nodes now."""
        self.__dict__.pop("graph", None)
        self.__dict__.pop("_kept", None)
        self.__dict__.pop("_sizes", None)

    @property
    def is_plain(self) -> bool:
        """Whether the model is nothing but layers that follow each other."""
        return False

    def parts(self) -> Sequence[tuple[str, Any]]:
        return [("layers", self.layers)]

    # ---- being called: on symbols, as a layer of another model, or on data

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the symbols of the outputs for symbols, and predictions for one batch of data.

        Called on symbols with ``training=False``, the model computes in training what it does in prediction, also
        where it is trained on: its BatchNormalization keeps to its averages. So a pretrained base is fine-tuned.
        """
        if isinstance(inputs, dict) and any(isinstance(each, Symbol) for each in inputs.values()):
            inputs = self.in_order(inputs, self.input_names, "inputs")
        symbols = symbols_in(inputs)
        if symbols is None:
            return super().__call__(inputs, training=training)
        outputs = self.apply(symbols, inference=stays_in_inference(training)).outputs
        return outputs[0] if len(outputs) == 1 else list(outputs)

    def settle(self, input_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Take inputs of those shapes when called as a layer; see `Operation`."""
        shapes = tuple(input_shapes)
        if not self.built:
            check_count(self, 1, shapes)
            self.build((None, *shapes[0]))
        own = tuple(symbol.sample_shape for symbol in self.input_symbols)
        check_count(self, len(own), shapes)
        if shapes != own and self.leaves_sizes_open:
            return self.graph.for_shapes(shapes).output_shapes
        if shapes != own:
            raise ShapeError(
                f"{self.describe()} takes inputs of shape {_with_batch(own)}, but was called on "
                f"{_with_batch(shapes)}. Make a new model for other shapes."
            )
        return tuple(symbol.sample_shape for symbol in self.output_symbols)

    def other_shapes(self, first: Sequence[Shape], other: Sequence[Shape]) -> tuple[Shape, ...]:
        self.settle(first)
        return self.graph.for_shapes(other).output_shapes

    def checked_shape(self, *input_shapes: Shape) -> Shape:
        """Return the shape of the output for inputs of those shapes; for a model that stands in a stack."""
        shapes = self.settle(input_shapes)
        if len(shapes) != 1:
            raise ShapeError(
                f"{self.describe()} has {len(shapes)} outputs, but a layer in a stack passes on exactly one."
            )
        check_values(shapes[0], f"{self.describe()}: the output")
        return shapes[0]

    def in_order(self, given: dict[str, Any], names: Sequence[str], what: str) -> list[Any]:
        """Return the values of a dict in the order of `names`, or say which are missing or unknown."""
        if set(given) != set(names):
            raise ConfigurationError(
                f"Model {self.name!r} has the {what} {', '.join(map(repr, names))}, but the dict contains "
                f"{', '.join(map(repr, given)) or 'nothing'}."
            )
        return [given[name] for name in names]


def _with_batch(shapes: Sequence[Shape]) -> str:
    return ", ".join(str((None, *shape)) for shape in shapes)
