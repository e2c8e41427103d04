"""Calling a layer on a symbol: how a network that is more than a stack is written down.

``y = Dense(10)(x)`` computes nothing. It notes in a `Node` that the layer is called on `x`, and gives back a `Symbol`
that stands for what will come out. A model is made of the nodes between two sets of symbols: see
`convoscope.layers.graph`.
"""

from __future__ import annotations

import re
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers import free
from convoscope.layers.counting import automatic_name, named_after
from convoscope.types import Shape


class Node:
    """One call of a layer or a model: what was called, and on which symbols.

    Attributes
    ----------
    operation : Operation
    inputs : tuple of Symbol
        Empty for an input layer.
    output_shapes : tuple of shapes
        Without the batch axis; one for each output.
    inference : bool
        Whether it was called with ``training=False``: then it computes in training what it does in prediction.
    """

    def __init__(
        self,
        operation: Operation,
        inputs: Sequence[Symbol],
        output_shapes: Sequence[Shape],
        *,
        inference: bool = False,
    ) -> None:
        self.operation = operation
        self.inputs = tuple(inputs)
        self.output_shapes = tuple(output_shapes)
        self.inference = inference
        #: The same with other sizes where some are left open: see `convoscope.layers.free`.
        self.other_shapes = self.output_shapes
        if not self.inputs or any(symbol.other_shape != symbol.sample_shape for symbol in self.inputs):
            others = [symbol.other_shape for symbol in self.inputs]
            self.other_shapes = operation.other_shapes(self.input_shapes, others)
        operation.note_call(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.operation.note_call(self)

    @property
    def input_shapes(self) -> tuple[Shape, ...]:
        """The shapes of what goes in, without the batch axis."""
        return tuple(symbol.sample_shape for symbol in self.inputs)

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        """What comes out, as symbols."""
        return tuple(Symbol(self, index) for index in range(len(self.output_shapes)))


@dataclass(frozen=True)
class Symbol:
    """A value in a network, such as ``Input(shape=(28, 28, 1))`` or ``layer.output``. It holds no numbers.

    Symbols are put together with ``+``, ``-`` and ``*``, with each other or with a number.

    Attributes
    ----------
    node : Node
        The call that makes the value.
    index : int
        Which of that call's outputs it is.

    Examples
    --------
    >>> from convoscope.layers import Conv2D, Input
    >>> x = Input(shape=(28, 28, 1))
    >>> y = Conv2D(8, 3, padding="same")(x)
    >>> y.shape, (y + x * 0.5).shape
    ((None, 28, 28, 8), (None, 28, 28, 8))
    """

    node: Node
    index: int = 0

    dtype = "float32"

    @property
    def sample_shape(self) -> Shape:
        """The shape of one sample's value, without the batch axis."""
        return self.node.output_shapes[self.index]

    @property
    def other_shape(self) -> Shape:
        """The same with other sizes where some are left open."""
        return self.node.other_shapes[self.index]

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape with the batch axis first, as None; None as well for sizes that are left open."""
        return (None, *free.shown(self.sample_shape, self.other_shape))

    @property
    def ndim(self) -> int:
        """How many axes there are, the batch axis included."""
        return len(self.shape)

    @property
    def layer(self) -> Operation:
        """The layer, or model, whose output it is."""
        return self.node.operation

    @property
    def name(self) -> str:
        """The name of the layer whose output it is."""
        return self.node.operation.name

    def __add__(self, other: Any) -> Symbol:
        return _together("Add", self, other, scale=1.0, offset=other)

    def __sub__(self, other: Any) -> Symbol:
        return _together("Subtract", self, other, scale=1.0, offset=_negative(other))

    def __mul__(self, other: Any) -> Symbol:
        return _together("Multiply", self, other, scale=other, offset=0.0)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Symbol:
        return _together("Subtract", self, other, scale=-1.0, offset=other)

    def __neg__(self) -> Symbol:
        return _together("Negative", self, -1.0, scale=-1.0, offset=0.0)

    def __truediv__(self, other: Any) -> Symbol:
        if isinstance(other, Symbol):
            return _together("Divide", self, other, scale=1.0, offset=0.0)
        if not _is_number(other) or other == 0:
            raise ConfigurationError(
                "A symbol can be divided by another symbol or by a number other than 0, as in x / 255, but not by "
                f"{other!r}."
            )
        return _together("TrueDivide", self, 1.0 / other, scale=1.0 / other, offset=0.0)

    def __pow__(self, power: Any) -> Symbol:
        if isinstance(power, bool) or not isinstance(power, int) or power < 1:
            raise ConfigurationError(
                f"A symbol can be raised to a whole power of at least 1, as in x ** 2, but not to {power!r}."
            )
        result = self
        for _ in range(power - 1):
            result = result * self
        return result

    def _refuse_comparison(self, other: Any) -> Any:
        raise ConfigurationError(
            f"{self!r} is a symbol without values, and cannot be compared with {other!r}. ReLU(threshold=...) keeps "
            "what is larger than a threshold; Maximum and Minimum choose between symbols."
        )

    __lt__ = __le__ = __gt__ = __ge__ = _refuse_comparison

    def __bool__(self) -> bool:
        raise ConfigurationError(
            f"{self!r} is a symbol without values, so it cannot be used in a condition. A network computes the same "
            "for every image: it cannot contain an 'if'."
        )

    def __len__(self) -> int:
        raise ConfigurationError(f"{self!r} has no length: the number of images is known only when the model runs.")

    def __iter__(self) -> Iterator[Any]:
        raise ConfigurationError(f"{self!r} is a single symbol and cannot be unpacked.")

    def __getitem__(self, key: Any) -> Any:
        raise ConfigurationError(
            f"{self!r} cannot be indexed. Cropping2D crops images; Reshape, Permute and Flatten rearrange values."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise ConfigurationError(
            f"{self!r} is a symbol without values. Make a model, Model(inputs, outputs), and call model.predict(x)."
        )

    def __repr__(self) -> str:
        return f"<Symbol shape={self.shape}, from {self.node.operation.name!r}>"


class Operation(ABC):
    """What can be called on symbols, under a name: a layer, or a model.

    Parameters
    ----------
    name : str, optional
        Given by the user; left out, it is named after its class and counted over the process.
    """

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or not name):
            raise ConfigurationError(
                f"{type(self).__name__}: name must be a string that is not empty, but is {name!r}."
            )
        self._given_name = name
        self._automatic_name = automatic_name(self.base_name()) if name is None else ""
        self._owner: weakref.ref[Any] | None = None
        self._nodes: list[weakref.ref[Node]] = []

    # ---- being called

    @abstractmethod
    def settle(self, input_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Take inputs of those shapes from now on, and return the shapes of the outputs, all without the batch axis.

        Raises
        ------
        ShapeError
            If they do not fit.
        """

    @abstractmethod
    def other_shapes(self, first: Sequence[Shape], other: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the outputs' shapes for inputs of the shapes `other`, where it was settled for `first`.

        Raises
        ------
        ShapeError
            If the weights would be others: then the size cannot be left open.
        """

    def apply(self, symbols: Sequence[Symbol], *, inference: bool = False) -> Node:
        """Note a call on those symbols, and return it."""
        first, other = ([getattr(symbol, name) for symbol in symbols] for name in ("sample_shape", "other_shape"))
        if first != other:
            self.other_shapes(first, other)  # before there are weights, which could be large
        shapes = self.settle([symbol.sample_shape for symbol in symbols])
        return Node(self, symbols, shapes, inference=inference)

    def note_call(self, node: Node) -> None:
        """Remember a call, for as long as anybody else does."""
        self._nodes.append(weakref.ref(node))
        if len(self._nodes).bit_count() == 1:  # now and then, so that thousands of calls take no quadratic time
            self._nodes = [each for each in self._nodes if each() is not None]

    @property
    def nodes(self) -> list[Node]:
        """The calls that are still part of a model or held as a symbol, oldest first."""
        return [node for node in (each() for each in self._nodes) if node is not None]

    # ---- what it is made of

    def parts(self) -> Sequence[tuple[str, Any]]:
        """Return the operations that it is made of, alone, in lists or in dicts, and the attribute that has them."""
        return ()

    def variables_of_its_own(self) -> Sequence[Any]:
        """Return the weights that none of its parts has."""
        return ()

    # ---- names

    @classmethod
    def base_name(cls) -> str:
        """Return the class's name as Keras writes it in names: ``MaxPooling2D`` gives ``max_pooling2d``."""
        return snake_case(cls.__name__)

    @property
    def name(self) -> str:
        """The name: the one given, or the one that it got when it was made, as in Keras."""
        return self._given_name or self._automatic_name

    @property
    def has_given_name(self) -> bool:
        """Whether the user chose the name."""
        return self._given_name is not None

    def adopt(self, owner: Any) -> None:
        """Note the model that the operation now stands in."""
        self._owner = weakref.ref(owner)

    def name_anew(self, name: str) -> None:
        """Take another automatic name, where the own one is taken in a model."""
        self._automatic_name = name

    @property
    def owner(self) -> Any:
        """The model that adopted the operation, or None."""
        return self._owner() if self._owner else None

    def describe(self) -> str:
        """Return the kind and the name, as messages call it: ``Conv2D 'conv2d_1'``.

        Of a layer in a model that stands in another one, the name has that model's before it: ``'encoder/conv2d'``.
        """
        names, around = [self.name], self.owner
        while (outer := getattr(around, "owner", None)) is not None:
            names.append(around.name)
            around = outer
        return f"{type(self).__name__} {'/'.join(reversed(names))!r}"


def snake_case(name: str) -> str:
    """Return a class's name as Keras writes it in names.

    Examples
    --------
    >>> snake_case("MaxPooling2D"), snake_case("ReLU"), snake_case("MyModel")
    ('max_pooling2d', 're_lu', 'my_model')
    """
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def symbols_in(inputs: Any) -> list[Symbol] | None:
    """Return what an operation is called on as a list of symbols, or None where it is something else, such as arrays.

    Raises
    ------
    ConfigurationError
        If symbols and other things are mixed.
    """
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    symbols = [each for each in given if isinstance(each, Symbol)]
    if not symbols:
        return None
    if len(symbols) < len(given):
        other = next(each for each in given if not isinstance(each, Symbol))
        raise ConfigurationError(
            "A layer is called on symbols, such as Input(shape=(28, 28, 1)), but of "
            f"{len(given)} inputs one is of type {type(other).__name__}."
        )
    return symbols


def shapes_in_words(symbols: Sequence[Symbol]) -> str:
    """Return each symbol's shape and where it comes from, for messages: ``(None, 8, 8, 4) from 'conv2d'``."""
    return ", ".join(f"{symbol.shape} from {symbol.name!r}" for symbol in symbols)


def _together(kind: str, symbol: Symbol, other: Any, *, scale: Any, offset: Any) -> Symbol:
    """Return two symbols joined by a layer of that kind, or one symbol scaled and moved by a number."""
    from convoscope import layers

    if isinstance(other, Symbol):
        joined: Symbol = getattr(layers, kind)()([symbol, other])
        return joined
    if not _is_number(other):
        raise ConfigurationError(
            f"Symbols can be combined with each other or with a number, as in x + y or x / 255, but got {other!r} (of "
            f"type {type(other).__name__}). For learned weights, use a layer."
        )
    with named_after(snake_case(kind)):  # as Keras names the operators
        scaled: Symbol = layers.Rescaling(float(scale), offset=float(offset))(symbol)
    return scaled


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _negative(value: Any) -> Any:
    return -value if _is_number(value) else value


def check_count(operation: Operation, expected: int, shapes: Sequence[Shape]) -> None:
    """Say so if an operation was called on more or fewer inputs than it takes."""
    if len(shapes) != expected:
        wanted = "one input" if expected == 1 else f"{expected} inputs"
        raise ShapeError(
            f"{operation.describe()} takes {wanted}, but was called on {len(shapes)}, of shapes "
            f"{', '.join(str((None, *shape)) for shape in shapes)}."
            + (" Concatenate and Add combine several into one." if expected == 1 else "")
        )
