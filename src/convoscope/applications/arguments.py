"""What every network here is called with: Keras' arguments, with Keras' meaning and errors."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoscope.applications.imagenet_utils import class_names
from convoscope.checks import flag, integer
from convoscope.errors import ConfigurationError, ConvoscopeWarning, unknown_name
from convoscope.layers import Dense, Dropout, GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from convoscope.layers.symbols import Node, Symbol
from convoscope.models import Model
from convoscope.paths import is_there, user_path

IMAGENET = "imagenet"
IMAGENET_CLASSES = 1000
_POOLING = ("avg", "max")


@dataclass(frozen=True)
class Arguments:
    """The arguments of a network, checked.

    Attributes
    ----------
    network : str
        Its name, for messages.
    weights : Path, "imagenet" or None
    shape : tuple of int or None
        Of the input: height, width, channels.
    """

    network: str
    name: str | None
    include_top: bool
    weights: Path | str | None
    input_tensor: Symbol | None
    shape: tuple[int | None, ...]
    pooling: str | None
    classes: int
    classifier_activation: Any

    def begin(self) -> Symbol:
        """Return the symbol that the network begins with."""
        return Input(self.shape) if self.input_tensor is None else self.input_tensor

    def end(self, x: Symbol, dropout: float = 0.0) -> Symbol:
        """Return the output behind the feature maps: pooled and classified, or one of the two, or as they are."""
        if self.include_top:
            x = GlobalAveragePooling2D(name="avg_pool")(x)
            if dropout:
                x = Dropout(dropout, name="top_dropout")(x)
            return self.predictions(x)
        return self.pooled(x)

    def predictions(self, x: Symbol) -> Symbol:
        """Return the probabilities of the classes for features."""
        return Dense(self.classes, activation=self.classifier_activation, name="predictions")(x)  # type: ignore[no-any-return]

    def pooled(self, x: Symbol) -> Symbol:
        """Return the feature maps without the classifier, as `pooling` says."""
        if self.pooling == "avg":
            return GlobalAveragePooling2D(name="avg_pool")(x)  # type: ignore[no-any-return]
        if self.pooling == "max":
            return GlobalMaxPooling2D(name="max_pool")(x)  # type: ignore[no-any-return]
        return x

    def model(self, begin: Symbol, end: Symbol, default_name: str) -> Model:
        """Return the model from what `begin` returned, or from what that was computed of, to the end."""
        inputs = _sources(begin)
        model = Model(inputs[0] if len(inputs) == 1 else inputs, end, name=self.name or default_name)
        if self.knows_imagenet:
            model.class_names = class_names()
        return model

    @property
    def knows_imagenet(self) -> bool:
        """Whether the outputs are the probabilities of ImageNet's classes."""
        return self.include_top and self.weights == IMAGENET and self.classifier_activation == "softmax"


def checked(
    network: str,
    *,
    size: int,
    least: int = 32,
    name: str | None = None,
    include_top: Any = True,
    weights: Any = IMAGENET,
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: Any = None,
    classes: Any = IMAGENET_CLASSES,
    classifier_activation: Any = "softmax",
) -> Arguments:
    """Check the arguments of a network, of which images have `size` pixels a side by default and `least` at least.

    Raises
    ------
    ConfigurationError
        One of them is invalid; the message says which and why.
    """
    top = flag(include_top, "include_top", network)
    where = _weights(network, weights)
    if pooling is not None and pooling not in _POOLING:
        raise unknown_name(f"pooling for {network}", pooling, _POOLING)
    count = integer(classes, "classes", network)
    if where == IMAGENET and top and count != IMAGENET_CLASSES:
        raise ConfigurationError(
            f"{network}: with weights='imagenet' and include_top=True there are {IMAGENET_CLASSES} classes, but got "
            f"classes={count}. For your own classes, use include_top=False and add Dense({count}) after it."
        )
    if where is not None and top and classifier_activation not in ("softmax", None):
        raise ConfigurationError(
            f"{network}: with pretrained weights classifier_activation must be 'softmax' or None (scores before the "
            f"softmax), but is {classifier_activation!r}."
        )
    if input_tensor is not None and not isinstance(input_tensor, Symbol):
        raise ConfigurationError(
            f"{network}: input_tensor must be a symbol, such as Input(shape=(160, 160, 3)), but is of type "
            f"{type(input_tensor).__name__}."
        )
    if input_tensor is not None and input_shape is None:
        input_shape = input_tensor.shape[1:]
    shape = _shape(network, input_shape, size, least, top, where)
    return Arguments(network, name, top, where, input_tensor, shape, pooling, count, classifier_activation)


def _weights(network: str, weights: Any) -> Path | str | None:
    if weights is None or weights == IMAGENET:
        return weights  # type: ignore[no-any-return]
    if not isinstance(weights, (str, os.PathLike)) or not is_there(path := user_path(weights)):
        raise ConfigurationError(
            f"{network}: weights must be 'imagenet' (trained on ImageNet), None (random weights), or the path of an "
            f"existing file, but is {weights!r}."
        )
    return path


def _shape(
    network: str, given: Any, size: int, least: int, top: bool, weights: Path | str | None
) -> tuple[int | None, ...]:
    if given is None:
        return (size, size, 3) if top else (None, None, 3)
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence) or len(given) != 3:
        raise ConfigurationError(
            f"{network}: input_shape must be height, width and channels, as in ({size}, {size}, 3), but is {given!r}."
        )
    shape = tuple(n if n is None else integer(n, "input_shape", network) for n in given)
    if weights == IMAGENET and shape[-1] != 3:
        raise ConfigurationError(
            f"{network}: with weights='imagenet' images have 3 channels, but input_shape is {shape}. Give "
            "weights=None to train from scratch, or repeat the channel of greyscale images three times."
        )
    if shape[-1] not in (1, 3):
        warnings.warn(
            f"{network}: images have 1 or 3 channels, but input_shape is {shape}.", ConvoscopeWarning, stacklevel=4
        )
    if any(n is not None and n < least for n in shape[:2]):
        raise ConfigurationError(
            f"{network}: images must have at least {least}×{least} pixels, but input_shape is {shape}."
        )
    if top and None in shape:
        raise ConfigurationError(f"{network}: include_top=True needs a fixed image size, but input_shape is {shape}.")
    if top and weights == IMAGENET and shape != (size, size, 3):
        raise ConfigurationError(
            f"{network}: with weights='imagenet' and include_top=True input_shape must be {(size, size, 3)}, but is "
            f"{shape}. Use include_top=False for other sizes."
        )
    return shape


def _sources(symbol: Symbol) -> list[Symbol]:
    """Return the inputs that a symbol is computed from."""
    waiting, seen, found = [symbol.node], set[int](), list[Node]()
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            waiting += [each.node for each in node.inputs]
            found += [] if node.inputs else [node]
    return [node.outputs[0] for node in found]
