"""What models do with what they are given: take it, or say what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from convoscope.checks import shape as as_shape
from convoscope.errors import ConfigurationError
from convoscope.layers.base import Layer
from convoscope.layers.symbols import Operation, Symbol
from convoscope.types import Shape


def as_list(layers: Any) -> list[Any]:
    """Return the layers that a model begins with as a list."""
    if layers is None:
        return []
    if isinstance(layers, Layer) or not isinstance(layers, Sequence):
        raise ConfigurationError(
            f"Sequential takes a list of layers, as in Sequential([Flatten()]), but got {layers!r}."
        )
    return list(layers)


def check_layer(layer: Any, before: Collection[int], model: Operation) -> None:
    """Say what is wrong with a layer that shall stand in `model` behind others (their ids: `before`)."""
    where = f"Layer {len(before) + 1}"
    if isinstance(layer, type) and issubclass(layer, Layer):
        raise ConfigurationError(
            f"{where} is the class {layer.__name__}, not a layer. Did you forget the parentheses? Write "
            f"{layer.__name__}(...)."
        )
    if _stands_in(model, layer):
        itself = "itself" if layer is model else f"within {layer.name!r}"
        raise ConfigurationError(f"{where} is model {model.name!r} {itself}. A model cannot contain itself.")
    if isinstance(layer, Symbol):
        raise ConfigurationError(
            f"{where} is {layer!r}, a symbol. Sequential connects its layers itself: pass the layer instead. For a "
            "network with branches, pass symbols to Model(inputs, outputs)."
        )
    if not isinstance(layer, Operation):
        raise ConfigurationError(
            f"{where} must be a layer, such as Dense(10), but is {layer!r} (of type {type(layer).__name__})."
        )
    if id(layer) in before:
        raise ConfigurationError(
            f"{where} is {layer.describe()}, which is already in this model. A Sequential model can contain a layer "
            f"only once: create another with the same settings, {type(layer).__name__}(...), or share its weights by "
            "calling it twice on symbols (see Model)."
        )


def _stands_in(model: Operation, layer: Any) -> bool:
    """Return whether a layer is that model, or one that it stands in, however deep."""
    waiting = [layer]
    while waiting:
        each = waiting.pop()
        if each is model:
            return True
        waiting += getattr(each, "layers", ())
    return False


def without_batch_axis(input_shape: Any) -> Shape:
    """Return the shape that `build` was given without its first axis."""
    if not isinstance(input_shape, Sequence) or isinstance(input_shape, str) or len(input_shape) < 2:
        raise ConfigurationError(
            f"build takes the shape of the inputs, as in (None, 28, 28, 1), but got {input_shape!r}."
        )
    if input_shape[0] is not None and len(input_shape) != 4:
        raise ConfigurationError(
            f"build takes the batch axis first, as None, but got {tuple(input_shape)!r}. If that is the shape of one "
            f"input, write model.build({(None, *input_shape)!r})."
        )
    return as_shape(tuple(input_shape)[1:], "input_shape", "build")
