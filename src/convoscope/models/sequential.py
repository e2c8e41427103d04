"""Sequential: a model that is one stack of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError, ConvoscopeError, NotReadyError, ShapeError
from convoscope.layers import sharing
from convoscope.layers.base import Layer
from convoscope.layers.counting import automatic_name
from convoscope.layers.input import InputLayer
from convoscope.layers.serialization import deserialize, serialize
from convoscope.layers.stack import infer_shapes
from convoscope.layers.symbols import Node, Operation, Symbol
from convoscope.models.arguments import as_list, check_layer, without_batch_axis
from convoscope.models.naming import name_layers
from convoscope.models.network import Network
from convoscope.types import Shape

_FIRST_INPUT = "input_layer"  # the input layer's name where a file does not say any: once it was always this


class Sequential(Network):
    """A model made of layers that follow each other.

    Parameters
    ----------
    layers : list of Layer, optional
        In order; `add` appends more. The first one gives the input's shape: ``Input(shape=(28, 28, 1))``, or any layer
        with ``input_shape=(28, 28, 1)``. If none does, the model takes it from the first data that it gets.
    name : str, optional
        ``"sequential"`` if left out.
    seed : int, optional
        Determines the first weights, the order of images in training, and dropout; drawn at random if left out.

    Attributes
    ----------
    class_names : list of str or None
        The names of the classes, in the order of the outputs. Saved with the model.
    rejection : Rejection or None
        What recognizes images that belong to none of the classes. Saved with the model; `fit` removes it.
    origin : dict or None
        When, on which data and with what result the model was trained. Saved with the model.
    preprocessing : dict or None
        How images were prepared for the model (size, channels, scaling). Saved with the model.

    Notes
    -----
    A layer may be part of several models, which then share its weights: ``Sequential([*base.layers[:-1], Dense(5)])``
    begins a new model with what `base` has learned.

    Examples
    --------
    >>> from convoscope.layers import Conv2D, Dense, Flatten, MaxPooling2D
    >>> model = Sequential([Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1)), MaxPooling2D()])
    >>> model.add(Flatten())
    >>> model.add(Dense(10, activation="softmax"))
    >>> model.output_shape, model.count_params()
    ((None, 10), 54410)
    """

    default_name = "sequential"

    def __init__(
        self, layers: Sequence[Any] | None = None, name: str | None = None, *, seed: int | None = None
    ) -> None:
        super().__init__(name, seed)
        self._layers: list[Any] = []
        self._input_layer: InputLayer | None = None
        self._stack: list[Node] = []  # the input layer's, then one for each layer, once shapes are known
        self._extend(as_list(layers))

    # ---- layers

    @property
    def layers(self) -> list[Any]:
        """The layers in order, without the input layer. A model among them counts as one."""
        return list(self._layers)

    @property
    def operations(self) -> list[Operation]:
        """The layers in order, with the input layer."""
        return [*([] if self._input_layer is None else [self._input_layer]), *self._layers]

    @property
    def node_list(self) -> list[Node]:
        """The calls of the layers, in order."""
        return self._stack[1:]

    @property
    def input_symbols(self) -> tuple[Symbol, ...]:
        """What goes in, alone in a tuple."""
        return self._stack[0].outputs

    @property
    def output_symbols(self) -> tuple[Symbol, ...]:
        """What comes out, alone in a tuple."""
        return self._stack[-1].outputs

    @property
    def output_names(self) -> list[str]:
        """The name of the last layer, in a list; it is known before the model is built."""
        return [self._layers[-1].name if self._layers else "output"]

    def add(self, layer: Any) -> None:
        """Append a layer, or a model. The layers before it keep their weights.

        Raises
        ------
        ConfigurationError
            If it is not a layer, is already part of the model, or is an Input that does not come first.
        ShapeError
            If the layer does not accept the model's output; the model is then unchanged.

        Examples
        --------
        >>> from convoscope.layers import Dense, Flatten
        >>> model = Sequential([Flatten(input_shape=(8, 8, 1))])
        >>> model.add(Dense(10))
        >>> model.output_shape
        (None, 10)
        """
        self._extend([layer])

    def pop(self) -> Any:
        """Remove the last layer and return it.

        `class_names`, `rejection` and `origin`, which describe the outputs, become None.

        Examples
        --------
        >>> from convoscope.layers import Dense, Flatten
        >>> model = Sequential([Flatten(input_shape=(8, 8, 1)), Dense(10)])
        >>> model.pop().units, model.output_shape
        (10, (None, 64))
        """
        if not self._layers:
            raise ConfigurationError(f"Model {self.name!r} has no layer to remove.")
        layer = self._layers.pop()
        self.class_names = self.rejection = self.origin = None
        del self._stack[len(self._layers) + 1 :]
        self.forget_graph()
        if not self._layers and getattr(layer, "requested_input_shape", None) is not None:
            self._input_layer, self._stack = None, []  # it was this layer that had said what goes in
        elif self._layers and self._input_layer is not None:
            automatic_name("functional")
        return layer

    def _extend(self, layers: Sequence[Any]) -> None:
        """Add layers, all of them or, on an error, none."""
        input_layer = self._input_layer
        stack = list(self._layers)
        ids = set(map(id, stack))
        for layer in map(_input_layer_of, layers):
            check_layer(layer, ids, self)
            if not isinstance(layer, InputLayer):
                stack.append(layer)
                ids.add(id(layer))
            elif stack or input_layer is not None:
                raise ConfigurationError(
                    f"Input can only be the first layer, but model {self.name!r} has {len(stack)} layers before it. "
                    "Put it at the start of the list, and only once."
                )
            else:
                input_layer = layer
        if input_layer is None and stack and (shape := _requested(stack[0])) is not None:
            input_layer = InputLayer(shape)
        try:
            name_layers(stack, self)
            if input_layer is not None:
                self._build_stack(stack, input_layer)
        except ConvoscopeError:
            name_layers(self._layers, self)
            raise
        self._layers = stack

    # ---- building

    @property
    def built(self) -> bool:
        """Whether the model has its shapes and weights."""
        return self._input_layer is not None and bool(self._layers)

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Fix the shapes and make the weights. A model that knows its input's shape is already built.

        Parameters
        ----------
        input_shape : tuple
            With the batch axis first, as None: ``(None, 28, 28, 1)``.

        Examples
        --------
        >>> from convoscope.layers import Conv2D, Flatten
        >>> model = Sequential([Conv2D(8, 3), Flatten()])
        >>> model.built
        False
        >>> model.build((None, 28, 28, 1))
        >>> model.output_shape  # 26 × 26 × 8
        (None, 5408)
        """
        if input_shape is None:
            self._require_built()
            return
        shape = without_batch_axis(input_shape)
        if self._input_layer is not None:
            if shape != self._input_layer.sample_shape:
                raise ShapeError(
                    f"Model {self.name!r} takes inputs of shape {self._input_layer.sample_shape}, and cannot be built "
                    f"for {shape}. Make a new model for other shapes."
                )
            return
        self._build_stack(self._layers, InputLayer(shape))

    def _build_stack(self, stack: Sequence[Any], input_layer: InputLayer) -> None:
        """Build the layers, and keep the calls on each other."""
        first = input_layer.sample_shape
        other = input_layer.other_input_shape
        if other is not None and other != first:
            _check_open(stack, first, other)
        shapes = [first, *infer_shapes(stack, first)]
        for index, (layer, shape) in enumerate(zip(stack, shapes, strict=False)):
            if isinstance(layer, Layer):
                # A generator for each index, so that adding a layer leaves the first weights of the others as they are.
                layer.make((shape,), np.random.default_rng([self.seed, index]))
        kept = self._stack if self._input_layer is input_layer else []
        self._stack = _calls([input_layer, *stack], kept, shapes)
        self._input_layer = input_layer
        input_layer.adopt(self)
        if stack:
            automatic_name("functional")  # Keras makes a model between symbols of the stack, and counts it each time
        self.forget_graph()

    def _require_built(self) -> None:
        if self._input_layer is None:
            raise NotReadyError(
                f"Model {self.name!r} has not been built yet, because the shape of its inputs is unknown. Start it "
                "with Input(shape=(28, 28, 1)), give its first layer input_shape=(28, 28, 1), call model.build((None, "
                "28, 28, 1)), or call fit() with some data."
            )
        if not self._layers:
            raise NotReadyError(f"Model {self.name!r} has no layers yet. Add some with model.add(...).")

    @property
    def is_plain(self) -> bool:
        """Whether the model is nothing but layers that follow each other: no model is one of them."""
        return not any(hasattr(layer, "node_list") for layer in self._layers)

    @property
    def leaf_layers(self) -> Sequence[Layer]:
        """Every layer once, in order; of models that stand in this one, their layers."""
        layers = (getattr(layer, "leaf_layers", (layer,)) for layer in self._layers)
        return tuple(dict.fromkeys(leaf for leaves in layers for leaf in leaves))

    # ---- keeping

    def get_config(self) -> dict[str, Any]:
        """Return the architecture as plain JSON values: ``Sequential.from_config`` makes it again.

        Examples
        --------
        >>> from convoscope.layers import Flatten
        >>> Sequential([Flatten(input_shape=(8, 8, 1), name="flat")], name="small").get_config()["input_shape"]
        [8, 8, 1]
        """
        shape = None if self._input_layer is None else list(self._input_layer.open_input_shape or ())
        with sharing.one_description():
            layers = [serialize(layer) for layer in self._layers]
        config = {"name": self.name, "input_shape": shape, "layers": layers}
        if self._input_layer is not None and self._input_layer.name != _FIRST_INPUT:
            config["input_name"] = self._input_layer.name
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], *, seed: int | None = None) -> Sequential:
        """Make a model from what `get_config` returned, here or in Keras, with new weights.

        Examples
        --------
        >>> from convoscope.layers import Dense
        >>> model = Sequential([Dense(10, input_shape=(64,))])
        >>> Sequential.from_config(model.get_config()).count_params()  # 64 × 10 weights and 10 biases
        650
        """
        from convoscope.models.keras_config import is_keras, stack_from

        if is_keras(config):
            return stack_from(config)
        if not isinstance(config, dict) or not isinstance(config.get("layers"), (list, tuple)):
            raise ConfigurationError(
                "Sequential.from_config takes what get_config returned, a dict with a list of 'layers', but got "
                f"{config!r}."
            )
        shape = config.get("input_shape")
        first = [] if shape is None else [InputLayer(shape, name=config.get("input_name", _FIRST_INPUT))]
        with sharing.one_making():
            layers = [deserialize(description) for description in config["layers"]]
        return cls([*first, *layers], name=config.get("name"), seed=seed)

    # ---- copying

    def state_of_nodes(self) -> dict[str, Any]:
        """Return what copies take along in place of nodes."""
        return {"_layers": list(self._layers), "_stack": [node.output_shapes[0] for node in self._stack]}

    def restore_nodes(self) -> None:
        """Make the nodes anew from the shapes that stand in their place."""
        shapes: list[Any] = self._stack
        self._stack = _calls(self.operations, [], shapes) if shapes else []

    def __repr__(self) -> str:
        return f"<Sequential {self.name!r}: {len(self._layers)} layers{'' if self.built else ', not built'}>"


def _input_layer_of(layer: Any) -> Any:
    """Return the input layer whose symbol was given, or whatever else was."""
    return layer.layer if isinstance(layer, Symbol) and isinstance(layer.layer, InputLayer) else layer


def _requested(layer: Any) -> tuple[int | None, ...] | None:
    """Return the shape of one input that a stack's first layer, or model, says."""
    if isinstance(layer, Network):
        return tuple(layer.input_symbols[0].shape[1:]) if layer.built else None
    shape: tuple[int | None, ...] | None = layer.open_input_shape
    return shape


def _check_open(stack: Sequence[Any], first: Shape, other: Shape) -> None:
    """Say which layer's weights depend on a size that is left open, before there are any: they could be large."""
    for layer in stack:
        (other,) = layer.other_shapes((first,), (other,))
        first = layer.checked_shape(first)


def _calls(operations: Sequence[Operation], kept: Sequence[Node], shapes: Sequence[Shape]) -> list[Node]:
    """Return the calls of operations on each other, of which the first ones are there already."""
    nodes = [node for node, operation in zip(kept, operations, strict=False) if node.operation is operation]
    for operation, shape in list(zip(operations, shapes, strict=True))[len(nodes) :]:
        nodes.append(Node(operation, nodes[-1].outputs if nodes else (), (shape,)))
    return nodes
