"""Sequential: a model that is one stack of layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, integer
from convoscope.engine.base import Array, Executable
from convoscope.errors import ConfigurationError, ConvoscopeError, NotReadyError, ShapeError, unknown_name
from convoscope.layers import moments
from convoscope.layers.base import Layer, Symbol, Weights, given_weights
from convoscope.layers.input import InputLayer
from convoscope.layers.serialization import deserialize, serialize
from convoscope.layers.stack import infer_shapes
from convoscope.models import copying
from convoscope.models.arguments import as_list, check_layer, without_batch_axis
from convoscope.models.naming import name_layers
from convoscope.models.prepared import PreparedLayers
from convoscope.models.trainer import Trainer
from convoscope.random import check_seed, next_seed
from convoscope.types import Shape


class Sequential(Trainer):
    """A model made of layers that follow each other.

    Parameters
    ----------
    layers : list of Layer, optional
        In order; more can be added with `add`. The first says what goes in: ``Input(shape=(28, 28, 1))``, or any layer
        with ``input_shape=(28, 28, 1)``. Said by none, the model learns it from the first data it is given.
    name : str, optional
        ``"sequential"`` if left out.
    seed : int, optional
        What the first weights, the order of images in training, and dropout follow from; drawn if left out.

    Attributes
    ----------
    class_names : list of str or None
        What the outputs stand for, in order. Saved with the model.
    preprocessing : dict or None
        What was done to images before the model got them (size, channels, scaling). Saved with the model.

    Notes
    -----
    A layer may stand in several models, which then share its weights: ``Sequential([*base.layers[:-1], Dense(5)])``
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

    def __init__(
        self, layers: Sequence[Layer] | None = None, name: str | None = None, *, seed: int | None = None
    ) -> None:
        if name is not None and (not isinstance(name, str) or not name):
            raise ConfigurationError(f"A model's name must be a string that is not empty, but is {name!r}.")
        self.name = name or "sequential"
        self.seed = next_seed() if seed is None else check_seed(seed)
        self.class_names: list[str] | None = None
        self.preprocessing: dict[str, Any] | None = None
        self._layers: list[Layer] = []
        self._input_layer: InputLayer | None = None
        self._prepared: PreparedLayers | None = None
        self._extend(as_list(layers))

    # ---- layers

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the input layer."""
        return list(self._layers)

    def add(self, layer: Layer) -> None:
        """Put a layer on top. The layers below keep their weights.

        Raises
        ------
        ConfigurationError
            If it is not a layer, or one that the model has already, or an Input that does not come first.
        ShapeError
            If the layer does not take what the model makes so far; the model is then as it was.
        """
        self._extend([layer])

    def pop(self) -> Layer:
        """Take the last layer off and return it."""
        if not self._layers:
            raise ConfigurationError(f"Model {self.name!r} has no layer to take off.")
        layer = self._layers.pop()
        self._prepared = None
        if not self._layers and layer.requested_input_shape is not None:
            self._input_layer = None  # it was this layer that had said what goes in
        return layer

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer of that name, or at that place (from 0; -1 is the last)."""
        if (name is None) == (index is None):
            raise ConfigurationError("get_layer takes either a name or an index, as in get_layer('conv2d').")
        if index is not None:
            index = integer(index, "index", "get_layer", minimum=-(2**62))
            if not -len(self._layers) <= index < len(self._layers):
                raise ConfigurationError(
                    f"There is no layer at index {index}: model {self.name!r} has {len(self._layers)} layers."
                )
            return self._layers[index]
        for layer in self._layers:
            if isinstance(name, str) and layer.name == name:
                return layer
        raise unknown_name(f"layer in model {self.name!r}", name, [layer.name for layer in self._layers])

    def _extend(self, layers: Sequence[Any]) -> None:
        """Add layers, all of them or, on an error, none."""
        input_layer = self._input_layer
        stack = list(self._layers)
        for layer in layers:
            check_layer(layer, stack)
            if not isinstance(layer, InputLayer):
                stack.append(layer)
            elif stack or input_layer is not None:
                raise ConfigurationError(
                    f"Input says what goes into a model and can only come first, but model {self.name!r} has "
                    f"{len(stack)} layers before it. Put it at the beginning of the list, and only once."
                )
            else:
                input_layer = layer
        if input_layer is None and stack and stack[0].requested_input_shape is not None:
            input_layer = InputLayer(stack[0].requested_input_shape)
        try:
            name_layers(stack, self)
            if input_layer is not None:
                self._build_stack(stack, _shape_of(input_layer))
                input_layer.adopt(self, "input_layer")
        except ConvoscopeError:
            name_layers(self._layers, self)
            raise
        self._layers, self._input_layer, self._prepared = stack, input_layer, None

    # ---- building

    @property
    def built(self) -> bool:
        """Whether the model has its shapes and weights."""
        return self._input_layer is not None and bool(self._layers)

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Settle the shapes and make the weights. A model that knows its input's shape has done so already.

        Parameters
        ----------
        input_shape : tuple
            With the batch axis first, as None: ``(None, 28, 28, 1)``.
        """
        if input_shape is None:
            self._require_built()
            return
        shape = without_batch_axis(input_shape)
        if self._input_layer is not None:
            if shape != self.plan_input_shape:
                raise ShapeError(
                    f"Model {self.name!r} takes inputs of shape {self.plan_input_shape}, and cannot be built for "
                    f"{shape}. Make a new model for other shapes."
                )
            return
        self._build_stack(self._layers, shape)
        self._input_layer = InputLayer(shape)
        self._input_layer.adopt(self, "input_layer")

    def _build_stack(self, stack: Sequence[Layer], input_shape: Shape) -> None:
        shapes = [input_shape, *infer_shapes(stack, input_shape)]
        for place, (layer, shape) in enumerate(zip(stack, shapes, strict=False)):
            # A generator for each place, so that adding a layer leaves the first weights of the others as they are.
            layer.build(shape, np.random.default_rng([self.seed, place]))

    def _require_built(self) -> InputLayer:
        if self._input_layer is None:
            raise NotReadyError(
                f"Model {self.name!r} has not been built yet: it does not know what shape its inputs have. Start it "
                "with Input(shape=(28, 28, 1)), give its first layer input_shape=(28, 28, 1), call "
                "model.build((None, 28, 28, 1)), or call fit() with some data."
            )
        if not self._layers:
            raise NotReadyError(f"Model {self.name!r} has no layers yet. Add some, with model.add(...).")
        return self._input_layer

    # ---- shapes and symbols

    @property
    def plan_input_shape(self) -> Shape:
        """The shape of one input, without the batch axis."""
        return _shape_of(self._require_built())

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape of the inputs with the batch axis first, as None."""
        return (None, *self.plan_input_shape)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the outputs with the batch axis first, as None."""
        self._require_built()
        return self._layers[-1].output_shape

    @property
    def input(self) -> Symbol:
        """What goes in, as a place in the network, for ``Model(inputs=model.input, ...)``."""
        return Symbol(self._require_built(), "input", self.input_shape, self)

    @property
    def output(self) -> Symbol:
        """What comes out, as a place in the network."""
        return Symbol(self._layers[-1] if self._layers else self._require_built(), "output", self.output_shape, self)

    @property
    def inputs(self) -> list[Symbol]:
        """The input alone in a list, as in Keras."""
        return [self.input]

    @property
    def outputs(self) -> list[Symbol]:
        """The output alone in a list, as in Keras."""
        return [self.output]

    # ---- weights

    @property
    def weights(self) -> list[Weights]:
        """All weights in order: the arrays themselves, not copies."""
        return [weight for layer in self._layers for weight in layer.weights]

    @property
    def trainable_weights(self) -> list[Weights]:
        """The weights that training changes, in order."""
        return [weight for layer in self._layers for weight in layer.trainable_weights]

    @property
    def non_trainable_weights(self) -> list[Weights]:
        """The weights that training's gradients leave alone, in order."""
        return [weight for layer in self._layers for weight in layer.non_trainable_weights]

    @property
    def trainable(self) -> bool:
        """Whether any layer learns. Setting it sets every layer: ``base.trainable = False`` freezes a model."""
        return any(layer.trainable for layer in self._layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._layers:
            layer.trainable = flag(value, "trainable", f"Model {self.name!r}")

    def get_weights(self) -> list[Weights]:
        """Return copies of all weights, layer by layer, in Keras' order and layout."""
        with moments.reading():
            return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: Sequence[npt.ArrayLike]) -> None:
        """Set all weights from arrays in the order of `get_weights`; all of them or, on an error, none."""
        self._require_built()
        own, new = self.weights, given_weights(weights, f"Model {self.name!r}")
        if len(new) != len(own):
            raise ShapeError(f"Model {self.name!r} has {len(own)} weights, but {len(new)} came.")
        names = [f"{layer.describe()}, {spec.name}" for layer in self._layers for spec in layer.specs]
        for name, weight, array in zip(names, own, new, strict=True):
            if array.shape != weight.shape:
                raise ShapeError(f"{name}: expected shape {weight.shape}, but {array.shape} came.")
        with moments.writing():
            for weight, array in zip(own, new, strict=True):
                weight[...] = array

    def count_params(self) -> int:
        """Return the number of values in all weights."""
        self._require_built()
        return sum(weight.size for weight in self.weights)

    # ---- running

    def executable(self, fused: bool = True) -> Executable:
        """Return the model ready to run on the current engine: the same object until something changes."""
        return self._running().executable(fused=flag(fused, "fused", "executable"))

    def layer_outputs(self, x: Any) -> list[Array]:
        """Return every layer's output for a batch `x`, in the order of `layers`."""
        self._build_for(x)
        return self._running().outputs(self.check_inputs(x), range(len(self._layers)))

    def check_inputs(self, x: Any) -> Array:
        """Return `x` as an array that the engine takes, or say what is wrong with it."""
        from convoscope.training.data import check_inputs

        return check_inputs(x, self.plan_input_shape, f"model {self.name!r}")

    def _running(self) -> PreparedLayers:
        if self._prepared is None:
            self._prepared = PreparedLayers(self._layers, self.plan_input_shape)
        return self._prepared

    # ---- looking and keeping

    def summary(
        self,
        line_length: int | None = None,
        print_fn: Callable[[str], Any] | None = None,
        *,
        details: bool = False,
        plan: bool = False,
    ) -> None:
        """Print the layers, their output shapes and their numbers of parameters as Keras does.

        Parameters
        ----------
        line_length : int, optional
            Width in characters; that of the terminal if left out, at most 88.
        print_fn : callable, optional
            Called once with the whole text in place of printing it.
        details : bool
            Show as well how the image shrinks on its way, what each layer sees of it, how its parameters come about,
            and how many multiply-adds it takes.
        plan : bool
            Show as well the steps that the engine runs, in training and in prediction: which layers are computed in
            one, by which kernel, and why.
        """
        from convoscope.models.summary_text import print_summary

        print_summary(self, line_length=line_length, print_fn=print_fn, details=details, plan=plan)

    def explore(self, x: Any = None, y: Any = None, **options: Any) -> Any:
        """Open the model in the browser, with images and labels, or the images that should come out.

        See `convoscope.web.explorer.explore`.
        """
        from convoscope.web.explorer import explore

        return explore(self, x, y, **options)

    def save(self, path: Any, overwrite: bool = True, *, include_optimizer: bool = True, half: bool = False) -> None:
        """Write the model, with its optimizer's state, into one file. See `convoscope.models.files.save_model`."""
        from convoscope.models.files import save_model

        save_model(self, path, overwrite=overwrite, include_optimizer=include_optimizer, half=half)

    def get_config(self) -> dict[str, Any]:
        """Return the architecture as plain JSON values: ``Sequential.from_config`` makes it again."""
        shape = None if self._input_layer is None else list(_shape_of(self._input_layer))
        return {"name": self.name, "input_shape": shape, "layers": [serialize(layer) for layer in self._layers]}

    @classmethod
    def from_config(cls, config: dict[str, Any], *, seed: int | None = None) -> Sequential:
        """Make a model from what `get_config` returned, with new weights."""
        if not isinstance(config, dict) or not isinstance(config.get("layers"), (list, tuple)):
            raise ConfigurationError(
                "Sequential.from_config takes what get_config returned, a dict with a list of 'layers', but got "
                f"{config!r}."
            )
        shape = config.get("input_shape")
        first = [] if shape is None else [InputLayer(shape)]
        layers = [deserialize(description) for description in config["layers"]]
        return cls([*first, *layers], name=config.get("name"), seed=seed)

    # ---- copying: see `convoscope.models.copying`

    def __getstate__(self) -> dict[str, Any]:
        return copying.state_to_pickle(self, self._layers)

    def __setstate__(self, state: dict[str, Any]) -> None:
        copying.restore(self, state)

    def __copy__(self) -> Sequential:
        twin = type(self).__new__(type(self))
        twin.__setstate__(copying.state_of(self, self._layers))
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Sequential:
        return copying.deep_copy(self, self._layers, memo)

    def __repr__(self) -> str:
        return f"<Sequential {self.name!r}: {len(self._layers)} layers{'' if self.built else ', not built'}>"

    def _repr_html_(self) -> str:
        from convoscope.models.summary_html import summary_html

        return summary_html(self)


def _shape_of(input_layer: InputLayer) -> Shape:
    shape = input_layer.requested_input_shape
    assert shape is not None  # InputLayer refuses to be made without
    return shape
