"""A layer is a description: its settings, the shape it makes of a shape, and the weights it needs.

No layer computes anything. The engine reads the descriptions through the plan (`convoscope.engine.plan`) and does
the arithmetic. What a layer does own is its weights: plain float32 arrays that engines read, and write in training.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convoscope import constraints, old_keras, regularizers
from convoscope.checks import check_values, flag, shape as as_shape
from convoscope.errors import ConfigurationError, NotReadyError, ShapeError
from convoscope.initializers import Initializer
from convoscope.layers import free
from convoscope.layers.holding import WeightHolder
from convoscope.layers.options import first_shape, reject_unsupported
from convoscope.layers.symbols import Node, Symbol, check_count, symbols_in
from convoscope.layers.tracing_mode import stays_in_inference, tracing_mode
from convoscope.layers.unfilled import is_unfilled
from convoscope.layers.weight_spec import Weights, WeightSpec, as_shapes, given_weights, writable
from convoscope.seeds import next_seed
from convoscope.types import Shape

__all__ = ["Layer", "WeightSpec", "Weights", "as_shapes", "given_weights", "writable"]

# What a weight can be given, and where it is looked up.
_REGULATION: dict[str, Any] = {"regularizer": regularizers, "constraint": constraints}


class Layer(WeightHolder):
    """The base of every layer.

    Parameters
    ----------
    name : str, optional
        A name, unique within the model. Left out, layers are named after their class and counted over the process,
        as in Keras: ``conv2d``, ``conv2d_1`` and so on. `convoscope.utils.clear_session` starts again.
    trainable : bool
        False freezes the layer's weights: training leaves them as they are.
    input_shape : tuple of int, optional
        The shape of one input, without the batch axis, if this is a model's first layer. Older programs write
        ``input_dim=64`` for ``input_shape=(64,)``, or ``batch_input_shape=(None, 64)``.
    weights : list of array, optional
        The first values of the weights, as `get_weights` returns them.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> layer = Dense(10, input_shape=(64,), name="classes", trainable=False)
    >>> layer.name, layer.trainable, layer.compute_output_shape((None, 64))
    ('classes', False, (None, 10))
    """

    #: True if the layer behaves differently while training (Dropout, BatchNormalization).
    differs_in_training: ClassVar[bool] = False
    #: True if the layer varies images while training. Called on an array it does so at once, as in Keras.
    varies_images: ClassVar[bool] = False
    #: True if the layer passes on what it gets in prediction, and only acts in training (Dropout).
    only_in_training: ClassVar[bool] = False
    #: The weights for which the constructor takes a regularizer and a constraint: ``kernel_regularizer``, and so on.
    regulated_weights: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # What help() and editors show: the constructor's arguments, not those of __new__.
        arguments = list(inspect.signature(cls.__init__).parameters.values())[1:]
        cls.__signature__ = inspect.Signature(arguments)  # type: ignore[attr-defined]

    def __new__(cls, *_: Any, **options: Any) -> Any:
        """Make a layer; of a class of yours with a method `call`, one that is made of what that does with symbols."""
        # Before Python says that an argument is missing: it may be there under the name that it had in older Keras.
        for option in filter(old_keras.ARGUMENTS.__contains__, options):
            if option not in inspect.signature(cls).parameters:
                raise old_keras.argument(cls.__name__, option, options[option]) or TypeError(option)
        if hasattr(cls, "call") and not hasattr(cls, "traced_graph"):
            from convoscope.layers.composite import composite

            return super().__new__(composite(cls))
        return super().__new__(cls)

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
        weights: Sequence[npt.ArrayLike] | None = None,
        **options: Any,
    ) -> None:
        input_shape = first_shape(input_shape, options, type(self).__name__)
        for weight in self.regulated_weights:
            for kind, module in _REGULATION.items():
                setattr(self, f"{weight}_{kind}", module.get(options.pop(f"{weight}_{kind}", None)))
        reject_unsupported(options, type(self).__name__, self._argument_names())
        super().__init__(name)
        self.trainable = flag(trainable, "trainable", type(self).__name__)
        self.requested_input_shape: Shape | None = None
        self.other_input_shape: Shape | None = None  # the same, or with another size where one is left open
        if input_shape is not None:
            both = free.stand_ins(input_shape, "input_shape", type(self).__name__)
            self.requested_input_shape, self.other_input_shape = both
        self._input_shapes: tuple[Shape, ...] | None = None
        self._output_shape: Shape | None = None
        self._first_weights = None if weights is None else given_weights(weights, type(self).__name__)

    # ---- what each layer says of itself

    def infer_shape(self, input_shape: Shape) -> Shape:
        """Return the shape that the layer makes of `input_shape`, both without the batch axis."""
        raise NotImplementedError(f"{type(self).__name__} does not define its output shape: override infer_shape.")

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        """Return the weights that the layer needs for inputs of that shape, in Keras' order."""
        return ()

    def infer_joined_shape(self, input_shapes: Sequence[Shape]) -> Shape:
        """Return the shape that the layer makes of several inputs. Layers that join inputs override this."""
        check_count(self, 1, input_shapes)
        return self.infer_shape(input_shapes[0])

    def checked_shape(self, *input_shapes: Shape) -> Shape:
        """Return the output's shape, if the output and the weights are of a size that can be computed with."""
        output_shape = self.infer_joined_shape(input_shapes)
        check_values(output_shape, f"{self.describe()}: the output")
        for spec in self.weight_specs(input_shapes[0]):
            check_values(spec.shape, f"{self.describe()}: the weight {spec.name!r}")
            if spec.regularizer is not None:
                spec.regularizer.check(spec.shape, f"{self.describe()}: {spec.name}_regularizer")
            if spec.constraint is not None:
                spec.constraint.check(spec.shape, f"{self.describe()}: {spec.name}_constraint")
        return output_shape

    def regulated(self, name: str, shape: Shape, initializer: Initializer) -> WeightSpec:
        """Return a weight that learns, with the regularizer and constraint that the layer was given for it."""
        given = {kind: module.get(getattr(self, f"{name}_{kind}")) for kind, module in _REGULATION.items()}
        return WeightSpec(name, shape, initializer, **given)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain JSON values: ``Layer.from_config`` makes the layer again.

        Examples
        --------
        >>> from convoscope.layers import Dense
        >>> config = Dense(10, name="classes").get_config()
        >>> config["name"], config["units"]
        ('classes', 10)
        """
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        if self.requested_input_shape is not None:
            config["input_shape"] = list(self.open_input_shape or ())
        for weight in self.regulated_weights:
            for kind, module in _REGULATION.items():
                given = module.get(getattr(self, f"{weight}_{kind}"))
                if given is not None:  # left out, as everywhere before there were any: old files and new ones agree
                    config[f"{weight}_{kind}"] = module.serialize(given)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Make a layer from what `get_config` returned, with new weights.

        Examples
        --------
        >>> from convoscope.layers import Dense
        >>> Dense.from_config({"units": 10, "activation": "softmax"}).units
        10
        """
        return cls(**config)

    @property
    def open_input_shape(self) -> tuple[int | None, ...] | None:
        """The shape of one input as it was given, None where a size is left open; None if there was none."""
        first, other = self.requested_input_shape, self.other_input_shape
        return None if first is None or other is None else free.shown(first, other)

    # ---- building: allocating weights

    dtype = compute_dtype = variable_dtype = "float32"

    @property
    def built(self) -> bool:
        """Whether the layer has its shapes and weights."""
        return self._output_shape is not None

    def build(self, input_shape: Any, generator: np.random.Generator | None = None) -> None:
        """Fix the shapes and make the weights. Building again for the same shape keeps the weights.

        Parameters
        ----------
        input_shape : tuple of int, or several of them for a layer that joins several inputs
            Without the batch axis; with it, as in Keras, where there is no generator: ``layer.build((None, 64))``.
        generator : numpy.random.Generator, optional
            The source of random first values.

        Examples
        --------
        >>> from convoscope.layers import Dense
        >>> layer = Dense(10)
        >>> layer.build((None, 64))
        >>> [weight.shape for weight in layer.weights]
        [(64, 10), (10,)]
        """
        shapes = as_shapes(input_shape)
        if generator is None:
            shapes = tuple(as_shape(tuple(each)[1:], "input_shape", type(self).__name__) for each in shapes)
            generator = np.random.default_rng([next_seed(), 0])
        self.make(shapes, generator)

    def make(self, shapes: Sequence[Shape], generator: np.random.Generator) -> None:
        """Do what `build` does, for shapes without the batch axis."""
        shapes = tuple(shapes)
        if self.built:
            if shapes != self._input_shapes:
                raise self._built_otherwise(shapes)
            return
        output_shape = self.checked_shape(*shapes)
        self._specs = self.weight_specs(shapes[0])
        self._weights = tuple(
            np.broadcast_to(np.float32(0), spec.shape)
            if is_unfilled()
            # Not ascontiguousarray, which gives a single number an axis.
            else np.array(spec.initializer(spec.shape, generator), np.float32, order="C")
            for spec in self._specs
        )
        self._input_shapes, self._output_shape = shapes, output_shape
        if self._first_weights is not None:
            given, self._first_weights = self._first_weights, None
            self.set_weights(given)

    def _built_otherwise(self, shapes: Sequence[Shape]) -> ShapeError:
        first, now = (s[0] if len(s) == 1 else tuple(s) for s in (self._require_built()[0], shapes))
        return ShapeError(
            f"{self.describe()} was built for inputs of shape {first} and cannot take {now}, because its weights fit "
            "only the first shape. Make a new layer (Layer.from_config(layer.get_config()))."
        )

    # ---- being called

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """Call the layer on a symbol, or on a list of them, and return the symbol of what comes out.

        A layer that is called several times has the same weights each time. `training` may be left out or None: a
        model decides. With ``training=False`` the layer computes in training what it does in prediction: a Dropout
        drops nothing, and a BatchNormalization keeps to its averages. Called on an array (N, ...), or on several, it
        computes at once, and returns an array.

        Raises
        ------
        ShapeError
            If the layer does not take inputs of those shapes.
        DataError
            If it is called on something else than symbols and arrays.

        Examples
        --------
        >>> from convoscope.layers import Dense, Input
        >>> Dense(10)(Input(shape=(64,))).shape
        (None, 10)
        """
        symbols = symbols_in(inputs)
        if symbols is None:
            from convoscope.models import on_arrays

            return on_arrays.compute(self, inputs, training)
        if training is not None and training is not False and training is not tracing_mode():
            raise ConfigurationError(
                f"{self.describe()}: training={training!r} cannot be fixed in a call: fit always uses True, predict "
                "and evaluate use False. Leave it out."
            )
        return self.apply(symbols, inference=stays_in_inference(training)).outputs[0]

    def other_shapes(self, first: Sequence[Shape], other: Sequence[Shape]) -> tuple[Shape, ...]:
        free.check_weights(self, first, other)
        return (self.checked_shape(*other),)

    def settle(self, input_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Make the weights for inputs of those shapes, or check that those that are there fit; see `Operation`."""
        shapes = tuple(input_shapes)
        if not self.built:
            self.make(shapes, np.random.default_rng([0 if is_unfilled() else next_seed(), 0]))
        output_shape = self.checked_shape(*shapes)
        if [spec.shape for spec in self.weight_specs(shapes[0])] != [spec.shape for spec in self._specs]:
            raise self._built_otherwise(shapes)
        return (output_shape,)

    @property
    def input_shape(self) -> Any:
        """The shape of the input with the batch axis first, as None; a list of shapes where there are several."""
        shapes: list[tuple[int | None, ...]] = [(None, *shape) for shape in self._require_built()[0]]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output with the batch axis first, as None."""
        return (None, *self._require_built()[1])

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """Return the output's shape for an input's shape, both with the batch axis first, as in Keras.

        Examples
        --------
        >>> from convoscope.layers import Conv2D
        >>> Conv2D(8, 3, strides=2, padding="same").compute_output_shape((None, 28, 28, 1))
        (None, 14, 14, 8)
        """
        if isinstance(input_shape, (str, bytes)) or not isinstance(input_shape, Sequence) or not input_shape:
            raise ConfigurationError(
                f"{self.describe()}: an input's shape is a tuple such as (None, 28, 28, 1), but got {input_shape!r}."
            )
        batch, *sizes = input_shape
        return (batch, *self.checked_shape(as_shape(sizes, "input_shape", type(self).__name__)))

    def _require_built(self) -> tuple[tuple[Shape, ...], Shape]:
        if self._input_shapes is None or self._output_shape is None:
            raise NotReadyError(
                f"{self.describe()} has no shape yet, because its model does not know the input's shape. Start the "
                "model with Input(shape=(28, 28, 1)), or give the first layer input_shape=(28, 28, 1)."
            )
        return self._input_shapes, self._output_shape

    @property
    def input(self) -> Any:
        """What the layer is first called on: a symbol, or a list of them."""
        inputs = self._first_call().inputs
        return inputs[0] if len(inputs) == 1 else list(inputs)

    @property
    def output(self) -> Symbol:
        """What the layer makes where it is first called, as a symbol."""
        return self._first_call().outputs[0]

    def _first_call(self) -> Node:
        self._require_built()
        if not self.nodes:
            raise NotReadyError(
                f"{self.describe()} is not part of a model and was not called on a symbol, so it has no input or "
                "output."
            )
        return self.nodes[0]

    # ---- words

    @classmethod
    @cache
    def _argument_names(cls) -> list[str]:
        names: list[str] = []
        for kind in cls.__mro__:
            if issubclass(kind, Layer):
                own = inspect.signature(kind.__init__).parameters
                names += [name for name in own if name not in ("self", "options", *names)]
        names += [f"{weight}_{kind}" for kind in _REGULATION for weight in cls.regulated_weights]
        return names

    def __repr__(self) -> str:
        settings = {k: v for k, v in self.get_config().items() if k not in ("name", "trainable")}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in settings.items())})"
