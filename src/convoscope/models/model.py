"""Model: a network between symbols, with branches, several inputs and outputs, shared layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.layers import sharing
from convoscope.layers.graph import by_depth, trace
from convoscope.layers.input import InputLayer
from convoscope.layers.serialization import deserialize, serialize
from convoscope.layers.symbols import Node, Operation, Symbol
from convoscope.models.naming import name_layers
from convoscope.models.network import Network
from convoscope.models.wiring import Wiring, list_in


class Model(Network):
    """A network that is defined by calling layers on symbols, from its inputs to its outputs.

    Parameters
    ----------
    inputs : Symbol, list of Symbol or dict of name to Symbol
        The inputs: ``x = Input(shape=(28, 28, 1))``, or any symbol of a network, such as ``model.input``.
    outputs : Symbol, list of Symbol or dict of name to Symbol
        The outputs. Predictions have the same form: an array, a list or a dict.
    name : str, optional
        ``"functional"`` if left out, as in Keras.
    seed : int, optional
        Determines the order of images in training, and dropout; drawn at random if left out. (First weights are drawn
        when a layer is called; `convoscope.utils.set_random_seed` makes them repeatable.)

    Attributes
    ----------
    class_names : list of str or None
        The names of the classes, in the order of the outputs. Saved with the model.
    preprocessing : dict or None
        How images were prepared for the model. Saved with the model.
    rejection : Rejection or None
        What recognizes images that belong to none of the classes. Saved with the model; `fit` removes it.
    origin : dict or None
        When, on which data and with what result the model was trained. Saved with the model.

    Notes
    -----
    Layers have the same weights in every model that they are part of. So a model between the input and inner outputs of
    another is a view of it: training one also trains the other.

    Examples
    --------
    A residual block:

    >>> import numpy as np
    >>> from convoscope.layers import Conv2D, Dense, GlobalAveragePooling2D, Input, ReLU
    >>> inputs = Input(shape=(8, 8, 3))
    >>> x = Conv2D(4, 3, padding="same", activation="relu")(inputs)
    >>> y = Conv2D(4, 3, padding="same")(x)
    >>> outputs = Dense(10, activation="softmax")(GlobalAveragePooling2D()(ReLU()(x + y)))
    >>> model = Model(inputs, outputs)
    >>> model.predict(np.zeros((2, 8, 8, 3)), verbose=0).shape
    (2, 10)

    The outputs of inner layers:

    >>> view = Model(inputs=model.input, outputs=[layer.output for layer in model.layers[1:3]])
    >>> [output.shape for output in view.predict(np.zeros((2, 8, 8, 3)), verbose=0)]
    [(2, 8, 8, 4), (2, 8, 8, 4)]
    """

    default_name = "functional"

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Make a model; of a class of yours with a method `call`, one that is made of what that does with symbols."""
        if hasattr(cls, "call") and not hasattr(cls, "traced_graph"):
            from convoscope.models.subclassed import subclassed

            return super().__new__(subclassed(cls))
        return super().__new__(cls)

    def __init__(self, inputs: Any = None, outputs: Any = None, name: str | None = None, *, seed: int | None = None):
        super().__init__(name, seed)
        first, self._input_keys, _ = _symbols(inputs, "inputs")
        last, self._output_keys, self._single = _symbols(outputs, "outputs")
        last = _in_their_model(first, last)
        if len(set(first)) < len(first):
            raise ConfigurationError(f"The same input was given twice: {', '.join(map(repr, first))}.")
        self._settle_nodes(*_from_input_layers(first, trace(first, last), last))
        try:
            name_layers(self._operations, self)
        except ConvoscopeError:
            self.forget_graph()
            raise

    def _settle_nodes(self, inputs: Sequence[Symbol], nodes: Sequence[Node], outputs: Sequence[Symbol]) -> None:
        self._inputs, self._outputs = tuple(inputs), tuple(outputs)
        self._nodes_between: list[Node] = list(nodes)
        ordered = by_depth([*(symbol.node for symbol in inputs), *nodes], self.walked_outputs)
        self._operations: list[Operation] = list(dict.fromkeys(node.operation for node in ordered))
        self.forget_graph()

    # ---- what it is made of

    @property
    def layers(self) -> list[Any]:
        """The layers, input layers included, those furthest from the outputs first, as in Keras."""
        return list(self._operations)

    @property
    def operations(self) -> list[Operation]:
        """The layers, input layers included."""
        return list(self._operations)

    @property
    def node_list(self) -> list[Node]:
        """The calls between inputs and outputs, in an order in which they can be computed."""
        return list(self._nodes_between)

    @property
    def input_symbols(self) -> tuple[Symbol, ...]:
        """What goes in."""
        return self._inputs

    @property
    def output_symbols(self) -> tuple[Symbol, ...]:
        """What comes out."""
        return self._outputs

    @property
    def walked_outputs(self) -> tuple[Symbol, ...]:
        """What comes out, in the order of the keys where it is a dict: Keras' weights are in that order."""
        if self._output_keys is None:
            return self._outputs
        pairs = zip(self._output_keys, self._outputs, strict=True)
        return tuple(symbol for _, symbol in sorted(pairs, key=lambda pair: str(pair[0])))

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs: the dict's that was given, or those of the input layers."""
        return self._input_keys or super().input_names

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs: the dict's that was given, or those of the layers that they come from."""
        return self._output_keys or super().output_names

    @property
    def outputs_have_keys(self) -> bool:
        """Whether the outputs were given in a dict, and are named by its keys."""
        return self._output_keys is not None

    @property
    def output(self) -> Any:
        """What comes out, as it was given: a symbol, a list of symbols, or a dict."""
        return self.in_form(list(self._outputs))

    @property
    def output_shape(self) -> Any:
        """The shape of the output with the batch axis first, as None; in a list or dict where outputs are."""
        return self.in_form([symbol.shape for symbol in self._outputs])

    @property
    def built(self) -> bool:
        """Always True: a layer is built when it is called."""
        return True

    def build(self, input_shape: Any = None) -> None:
        """Do nothing: a layer is built when it is called.

        Examples
        --------
        >>> from convoscope.layers import Dense, Input
        >>> inputs = Input(shape=(4,))
        >>> model = Model(inputs, Dense(2)(inputs))
        >>> model.build((None, 4))
        >>> model.built
        True
        """

    def _require_built(self) -> None:
        """A model between symbols always has its shapes."""

    def in_form(self, values: list[Any]) -> Any:
        """Return the outputs' values in a list, or in a dict as they were given; of a single one, the value alone.

        Examples
        --------
        >>> from convoscope.layers import Dense, Input
        >>> inputs = Input(shape=(4,))
        >>> model = Model(inputs, {"size": Dense(1)(inputs), "colour": Dense(3)(inputs)})
        >>> model.in_form([1, 2])
        {'size': 1, 'colour': 2}
        """
        if self._output_keys:
            return dict(zip(self._output_keys, values, strict=True))
        return values[0] if self._single else values

    def in_form_of_inputs(self, values: list[Any]) -> Any:
        """Return a value for each input: alone, in a list, or in a dict where the inputs were given in one.

        Examples
        --------
        >>> from convoscope.layers import Add, Input
        >>> left, right = Input(shape=(4,)), Input(shape=(4,))
        >>> Model([left, right], Add()([left, right])).in_form_of_inputs([1, 2])
        [1, 2]
        """
        if self._input_keys:
            return dict(zip(self._input_keys, values, strict=True))
        return values[0] if len(values) == 1 else values

    # ---- keeping

    def get_config(self) -> dict[str, Any]:
        """Return the architecture as plain JSON values: ``Model.from_config`` makes it again.

        Examples
        --------
        >>> from convoscope.layers import Dense, Input
        >>> inputs = Input(shape=(4,))
        >>> config = Model(inputs, Dense(2)(inputs), name="small").get_config()
        >>> config["name"], [layer["class_name"] for layer in config["layers"]]
        ('small', ['InputLayer', 'Dense'])
        """
        wiring = self.wiring()
        with sharing.one_description():
            layers = [serialize(operation) for operation in self._operations]
        return {
            "name": self.name,
            "layers": layers,
            **wiring.as_json(),
            "input_keys": self._input_keys,
            "output_keys": self._output_keys,
            "single": self._single,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], *, seed: int | None = None) -> Model:
        """Make a model from what `get_config` returned, here or in Keras, with new weights.

        Examples
        --------
        >>> from convoscope.layers import Dense, Input
        >>> inputs = Input(shape=(4,))
        >>> model = Model(inputs, Dense(2)(inputs))
        >>> Model.from_config(model.get_config()).output_shape
        (None, 2)
        """
        from convoscope.models.keras_config import graph_from, is_keras

        if is_keras(config):
            return graph_from(config)
        with sharing.one_making():
            operations: list[Any] = [deserialize(description) for description in list_in(config, "layers")]
        wiring = Wiring.from_json(config, len(operations))
        made = wiring.called(operations)
        ends = [Symbol(made[number], index) for number, index in wiring.outputs]
        starts = [Symbol(made[number], index) for number, index in wiring.inputs]
        inputs = _with_keys(starts, config.get("input_keys"), "input_keys")
        outputs = _with_keys(ends, config.get("output_keys"), "output_keys")
        alone = config.get("single") is True and isinstance(outputs, list) and len(outputs) == 1
        return cls(inputs, outputs[0] if alone else outputs, name=config.get("name"), seed=seed)

    def wiring(self) -> Wiring:
        """Return how the calls hang together, the input layers' among them.

        Examples
        --------
        >>> from convoscope.layers import Dense, Input
        >>> inputs = Input(shape=(4,))
        >>> Model(inputs, Dense(2)(inputs)).wiring().outputs  # the second call's first output
        ((1, 0),)
        """
        nodes = [*(symbol.node for symbol in self._inputs), *self._nodes_between]
        return Wiring.of(self._operations, nodes, self._inputs, self._outputs)

    def state_of_nodes(self) -> dict[str, Any]:
        """Return what copies take along in place of nodes."""
        return {"_nodes_between": self.wiring(), "_inputs": (), "_outputs": ()}

    def restore_nodes(self) -> None:
        """Make the nodes anew from how they hang together."""
        wiring: Any = self._nodes_between
        nodes = wiring.nodes(self._operations)
        self._inputs = tuple(Symbol(nodes[number], index) for number, index in wiring.inputs)
        self._outputs = tuple(Symbol(nodes[number], index) for number, index in wiring.outputs)
        self._nodes_between = nodes[len(self._inputs) :]

    def __repr__(self) -> str:
        return f"<Model {self.name!r}: {len(self._operations)} layers>"


def _symbols(given: Any, what: str) -> tuple[list[Symbol], list[str] | None, bool]:
    """Return symbols in a list, the names that a dict gave them, and whether there is one alone, also in a list."""
    keys = list(given) if isinstance(given, dict) else None
    together = isinstance(given, (list, tuple, dict))
    symbols = [given] if not together else list(given.values()) if keys is not None else list(given)
    if not symbols or given is None:
        raise ConfigurationError(
            "Model takes its inputs and outputs, as in Model(inputs=x, outputs=y) with x = Input(shape=(28, 28, 1)), "
            f"but {what} is {given!r}. For layers that follow each other, Sequential([...]) is enough."
        )
    for symbol in symbols:
        if isinstance(symbol, Operation):
            raise ConfigurationError(
                f"Model takes symbols, not layers: {what} has {symbol.describe()}. Take its output, layer.output, or "
                "call it on a symbol, layer(x)."
            )
        if not isinstance(symbol, Symbol):
            raise ConfigurationError(
                f"Model takes symbols, such as Input(shape=(28, 28, 1)), model.input or layer.output, but {what} has "
                f"{symbol!r} (of type {type(symbol).__name__})."
            )
    return symbols, keys, keys is None and len(symbols) == 1


def _with_keys(symbols: list[Symbol], keys: Any, what: str) -> Any:
    """Return symbols under the names that a description gives them, or in a list if it gives none."""
    if keys is None:
        return symbols
    good = isinstance(keys, list) and all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys)
    if not good or len(keys) != len(symbols):
        raise ConfigurationError(
            f"The description of a model needs {len(symbols)} different names for its {what}, but has {keys!r:.80}."
        )
    return dict(zip(keys, symbols, strict=True))


def _in_their_model(inputs: Sequence[Symbol], outputs: Sequence[Symbol]) -> list[Symbol]:
    """Return the outputs as they stand in the model whose inputs were given.

    ``layer.output`` is what the layer makes where it was first called. Where the layer stands in several models, what
    was meant is told by the inputs.
    """
    model = inputs[0].node.operation.owner
    if not isinstance(model, Network) or not model.built or set(inputs) != set(model.input_symbols):
        return list(outputs)
    own = {id(node): node for node in model.node_list}
    found = []
    for symbol in outputs:
        alike = (node for node in symbol.node.operation.nodes if node.inference == symbol.node.inference)
        nodes = [node for node in alike if id(node) in own]
        stray = id(symbol.node) not in own and len(nodes) == 1
        found.append(Symbol(nodes[0], symbol.index) if stray else symbol)
    return found


def _from_input_layers(
    inputs: Sequence[Symbol], nodes: Sequence[Node], outputs: Sequence[Symbol]
) -> tuple[list[Symbol], list[Node], list[Symbol]]:
    """Return the same with an input layer for each input: one is made where a model begins within another."""
    if all(isinstance(symbol.node.operation, InputLayer) for symbol in inputs):
        return list(inputs), list(nodes), list(outputs)
    now = {
        symbol: symbol if isinstance(symbol.node.operation, InputLayer) else InputLayer(symbol.shape[1:]).symbol()
        for symbol in inputs
    }
    made = []
    for node in nodes:
        inputs_now = [now[symbol] for symbol in node.inputs]
        again = Node(node.operation, inputs_now, node.output_shapes, inference=node.inference)
        now |= dict(zip(node.outputs, again.outputs, strict=True))
        made.append(again)
    return [now[symbol] for symbol in inputs], made, [now[symbol] for symbol in outputs]
