"""A layer is a description: its settings, the shape it makes of a shape, and the weights it needs.

No layer computes anything. The engine reads the descriptions through the plan (`convoscope.engine.plan`) and does
the arithmetic. What a layer does own is its weights: plain float32 arrays that engines read, and write in training.
"""

from __future__ import annotations

import inspect
import re
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convoscope.checks import check_values, flag, shape as as_shape
from convoscope.errors import ConfigurationError, NotReadyError, ShapeError
from convoscope.initializers import Initializer
from convoscope.layers import moments
from convoscope.layers.options import reject_unsupported
from convoscope.types import Shape

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True)
class WeightSpec:
    """A weight that a layer needs: its name, its shape in Keras' layout, its first values, and whether it learns."""

    name: str
    shape: Shape
    initializer: Initializer
    trainable: bool = True


def given_weights(weights: Any, where: str) -> list[Weights]:
    """Return weights as somebody gives them as float32 arrays, or say which of them is none."""
    given = isinstance(weights, Iterable) and not isinstance(weights, (str, bytes)) and getattr(weights, "ndim", True)
    if not given:
        raise ConfigurationError(
            f"{where}: weights must be a list of arrays, as get_weights() returns, not {weights!r}."
        )
    arrays = []
    for place, weight in enumerate(weights):
        try:
            array = np.asarray(weight)
        except ValueError:
            array = np.asarray(None)  # a list of lists that differ in length
        if array.dtype.kind not in "biuf":
            raise ConfigurationError(
                f"{where}: weight {place} must be an array of numbers, but is a {type(weight).__name__}."
            )
        with np.errstate(over="ignore"):
            arrays.append(array.astype(np.float32, copy=False))
    return arrays


def writable(array: Weights) -> Weights:
    """Return an array that engines can read and write: itself, or a copy, as of one that lies in a file (joblib)."""
    good = type(array) is np.ndarray and array.flags.c_contiguous and array.flags.writeable
    return array if good else np.array(array, np.float32, order="C", subok=False)


@dataclass(frozen=True, eq=False)
class Symbol:
    """A place in a network, such as ``layer.output``: what ``Model(inputs=..., outputs=...)`` is told.

    It holds no numbers. ``shape`` has the batch axis first, as None.
    """

    layer: Layer
    kind: str  # "input" or "output"
    shape: tuple[int | None, ...]
    owner: Any  # the Sequential that the layer stood in when the symbol was made
    dtype: str = "float32"


class Layer:
    """The base of every layer.

    Parameters
    ----------
    name : str, optional
        A name, unique within the model. Left out, the model gives one: ``conv2d``, ``conv2d_1`` and so on, counted
        within the model (Keras counts over the whole session).
    trainable : bool
        False freezes the layer's weights: training leaves them as they are.
    input_shape : tuple of int, optional
        The shape of one input, without the batch axis, if this is a model's first layer.
    """

    #: True if the layer behaves differently while training (Dropout, BatchNormalization).
    differs_in_training: ClassVar[bool] = False

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        reject_unsupported(options, type(self).__name__, self._argument_names())
        if name is not None and (not isinstance(name, str) or not name):
            raise ConfigurationError(
                f"{type(self).__name__}: name must be a string that is not empty, but is {name!r}."
            )
        self._given_name = name
        self._model_name: str | None = None
        self.trainable = flag(trainable, "trainable", type(self).__name__)
        self.requested_input_shape: Shape | None = (
            None if input_shape is None else as_shape(input_shape, "input_shape", type(self).__name__)
        )
        self._input_shape: Shape | None = None
        self._output_shape: Shape | None = None
        self._specs: tuple[WeightSpec, ...] = ()
        self._weights: tuple[Weights, ...] = ()
        self._owner: weakref.ref[Any] | None = None

    # ---- what each layer says of itself

    def infer_shape(self, input_shape: Shape) -> Shape:
        """Return the shape that the layer makes of `input_shape`, both without the batch axis."""
        raise NotImplementedError

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        """Return the weights that the layer needs for inputs of that shape, in Keras' order."""
        return ()

    def checked_shape(self, input_shape: Shape) -> Shape:
        """Return what `infer_shape` does, if the output and the weights are of a size that can be computed with."""
        output_shape = self.infer_shape(input_shape)
        check_values(output_shape, f"{self.describe()}: the output")
        for spec in self.weight_specs(input_shape):
            check_values(spec.shape, f"{self.describe()}: the weight {spec.name!r}")
        return output_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain JSON values: ``Layer.from_config`` makes the layer again."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        if self.requested_input_shape is not None:
            config["input_shape"] = list(self.requested_input_shape)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Make a layer from what `get_config` returned. The weights are not part of it."""
        return cls(**config)

    # ---- names

    @classmethod
    def base_name(cls) -> str:
        """Return the class's name as Keras writes it in names: ``MaxPooling2D`` gives ``max_pooling2d``."""
        words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", cls.__name__)
        return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()

    @property
    def name(self) -> str:
        """The layer's name: the one given, or the one that its model gave it."""
        return self._given_name or self._model_name or self.base_name()

    @property
    def has_given_name(self) -> bool:
        """Whether the user chose the name."""
        return self._given_name is not None

    def adopt(self, owner: Any, name: str) -> None:
        """Note the model that the layer now stands in, and the name that it has there."""
        self._owner = weakref.ref(owner)
        self._model_name = name

    @property
    def owner(self) -> Any:
        """The model that adopted the layer, or None."""
        return self._owner() if self._owner else None

    # ---- building: allocating weights

    @property
    def built(self) -> bool:
        """Whether the layer has its shapes and weights."""
        return self._output_shape is not None

    def build(self, input_shape: Shape, generator: np.random.Generator) -> None:
        """Settle the shapes and make the weights. Building again for the same shape keeps the weights.

        Parameters
        ----------
        input_shape : tuple of int
            Without the batch axis.
        generator : numpy.random.Generator
            Where random first values come from.
        """
        if self.built:
            if input_shape != self._input_shape:
                raise ShapeError(
                    f"{self.describe()} was built for inputs of shape {self._input_shape} and cannot take "
                    f"{input_shape}: its weights fit the first shape. "
                    "Make a new layer (Layer.from_config(layer.get_config()))."
                )
            return
        output_shape = self.checked_shape(input_shape)
        self._specs = self.weight_specs(input_shape)
        self._weights = tuple(
            np.ascontiguousarray(spec.initializer(spec.shape, generator), dtype=np.float32) for spec in self._specs
        )
        self._input_shape, self._output_shape = input_shape, output_shape

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape of the input with the batch axis first, as None."""
        return (None, *self._require_built()[0])

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output with the batch axis first, as None."""
        return (None, *self._require_built()[1])

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """Return the output's shape for an input's shape, both with the batch axis first, as in Keras."""
        if isinstance(input_shape, (str, bytes)) or not isinstance(input_shape, Sequence) or not input_shape:
            raise ConfigurationError(
                f"{self.describe()}: an input's shape is a tuple such as (None, 28, 28, 1), but {input_shape!r} came."
            )
        batch, *sizes = input_shape
        return (batch, *self.checked_shape(as_shape(sizes, "input_shape", type(self).__name__)))

    def _require_built(self) -> tuple[Shape, Shape]:
        if self._input_shape is None or self._output_shape is None:
            raise NotReadyError(
                f"{self.describe()} has no shape yet: it gets one when its model knows the input's shape. Start the "
                "model with Input(shape=(28, 28, 1)), or give the first layer input_shape=(28, 28, 1)."
            )
        return self._input_shape, self._output_shape

    @property
    def input(self) -> Symbol:
        """The layer's input, as a place in the network."""
        return Symbol(self, "input", self.input_shape, self.owner)

    @property
    def output(self) -> Symbol:
        """The layer's output, as a place in the network."""
        return Symbol(self, "output", self.output_shape, self.owner)

    # ---- weights

    @property
    def specs(self) -> tuple[WeightSpec, ...]:
        """What `weights` are, in the same order."""
        return self._specs

    @property
    def weights(self) -> tuple[Weights, ...]:
        """The weights themselves, not copies: what is written into them counts at once."""
        return self._weights

    @property
    def trainable_weights(self) -> tuple[Weights, ...]:
        """The weights that training changes."""
        if not self.trainable:
            return ()
        return tuple(w for w, spec in zip(self._weights, self._specs, strict=True) if spec.trainable)

    @property
    def non_trainable_weights(self) -> tuple[Weights, ...]:
        """The weights that training's gradients leave alone."""
        if not self.trainable:
            return self._weights
        return tuple(w for w, spec in zip(self._weights, self._specs, strict=True) if not spec.trainable)

    def get_weights(self) -> list[Weights]:
        """Return copies of the weights in Keras' order and layout."""
        with moments.reading():
            return [weight.copy() for weight in self._weights]

    def set_weights(self, weights: Sequence[npt.ArrayLike]) -> None:
        """Set the weights from arrays in Keras' order and layout; all of them or, on an error, none."""
        self._require_built()
        arrays = given_weights(weights, self.describe())
        expected = [spec.shape for spec in self._specs]
        if [array.shape for array in arrays] != expected:
            wanted = ", ".join(f"{spec.name} {spec.shape}" for spec in self._specs) or "none"
            raise ShapeError(
                f"{self.describe()} takes {len(expected)} weights ({wanted}), but {len(arrays)} came with the shapes "
                f"{[array.shape for array in arrays]}. get_weights() shows the order."
            )
        with moments.writing():
            for own, new in zip(self._weights, arrays, strict=True):
                own[...] = new

    def count_params(self) -> int:
        """Return the number of values in all weights."""
        return sum(weight.size for weight in self._weights)

    # ---- copying

    def __getstate__(self) -> dict[str, Any]:
        # A layer that is copied on its own leaves its model behind; a model that is copied adopts its layers again.
        return {**self.__dict__, "_owner": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._weights = tuple(map(writable, self._weights))

    # ---- words

    def describe(self) -> str:
        """Return the layer's kind and name, as messages call it: ``Conv2D 'conv2d_1'``."""
        return f"{type(self).__name__} {self.name!r}"

    @classmethod
    def _argument_names(cls) -> list[str]:
        names: list[str] = []
        for kind in cls.__mro__:
            if issubclass(kind, Layer):
                own = inspect.signature(kind.__init__).parameters
                names += [name for name in own if name not in ("self", "options", *names)]
        return names

    def __repr__(self) -> str:
        settings = {k: v for k, v in self.get_config().items() if k not in ("name", "trainable")}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in settings.items())})"
