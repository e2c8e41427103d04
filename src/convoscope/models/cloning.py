"""The same model once more, with weights of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.layers.input import InputLayer
from convoscope.layers.symbols import Operation, Symbol
from convoscope.models.model import Model
from convoscope.models.sequential import Sequential


def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Callable[[Any], Any] | None = None
) -> Sequential | Model:
    """Return a model of the same architecture, with new layers and new weights; it is not compiled.

    Parameters
    ----------
    model : Sequential or Model
    input_tensors : Symbol or list of Symbol, optional
        The inputs of the new model, if it should not create its own.
    clone_function : callable, optional
        Returns the new layer for each layer except input layers; if left out, one with the same settings. It may return
        the layer itself, which is then shared, or another one: ``lambda layer: Dropout(0.5) if isinstance(layer,
        Dropout) else layer.from_config(layer.get_config())``.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> model = Sequential([Dense(3, input_shape=(4,))])
    >>> twin = clone_model(model)
    >>> twin.count_params(), twin.layers[0] is model.layers[0]
    (15, False)
    """
    if not isinstance(model, Operation) or not hasattr(model, "compile"):
        raise ConfigurationError(f"clone_model takes a model, but got {model!r:.80}.")
    if clone_function is not None and not callable(clone_function):
        raise ConfigurationError(f"clone_model: clone_function must be a function of a layer, not {clone_function!r}.")
    given = None if input_tensors is None else as_symbols(input_tensors)
    twin: Sequential | Model = _cloned(model, given, clone_function or _anew)
    return twin


def as_symbols(given: Any) -> list[Symbol]:
    """Return input tensors in a list, or say that they are none."""
    symbols = list(given) if isinstance(given, (list, tuple)) else [given]
    for symbol in symbols:
        if not isinstance(symbol, Symbol):
            raise ConfigurationError(
                f"clone_model: input_tensors must be symbols, such as Input(shape=(28, 28, 1)), not {symbol!r:.80}. "
                "To predict, call the clone on the array."
            )
    return symbols


def _anew(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


@singledispatch
def _cloned(model: Any, given: list[Symbol] | None, clone: Callable[[Any], Any]) -> Any:
    return _anew(model)


@_cloned.register
def _sequential(model: Sequential, given: list[Symbol] | None, clone: Callable[[Any], Any]) -> Any:
    layers = [clone(layer) for layer in model.layers]
    if given is None:
        begin = [InputLayer.from_config(each.get_config()) for each in model.operations if isinstance(each, InputLayer)]
        return Sequential([*begin, *layers], name=model.name)
    (symbol,) = given
    if isinstance(symbol.layer, InputLayer):
        return Sequential([symbol, *layers], name=model.name)
    end = symbol
    for layer in layers:
        end = layer(end)
    return Model(symbol, end, name=model.name)


@_cloned.register
def _model(model: Model, given: list[Symbol] | None, clone: Callable[[Any], Any]) -> Any:
    starts = list(model.input_symbols) if given is None else given
    if len(starts) != len(model.input_symbols):
        raise ConfigurationError(
            f"clone_model: model {model.name!r} has {len(model.input_symbols)} inputs, but input_tensors has "
            f"{len(starts)}."
        )
    if given is None:
        starts = [InputLayer(symbol.shape[1:], name=symbol.name).symbol() for symbol in starts]
    made = dict(zip(model.input_symbols, starts, strict=True))
    layers: dict[int, Any] = {}
    for node in model.node_list:
        layer = layers.setdefault(id(node.operation), None) or clone(node.operation)
        layers[id(node.operation)] = layer
        outputs = layer.apply([made[symbol] for symbol in node.inputs], inference=node.inference).outputs
        made |= dict(zip(node.outputs, outputs, strict=True))
    return Model(
        model.in_form_of_inputs(starts),
        model.in_form([made[symbol] for symbol in model.output_symbols]),
        name=model.name,
    )
