"""The names of the layers of one model: those given, and automatic ones around them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.layers.symbols import Operation


def name_layers(layers: Sequence[Operation], owner: Any) -> None:
    """Give every layer a name that is unique among them, and note `owner` as the model that it stands in.

    Names that were given stay. So do the names of layers that another model shares: a name belongs to the layer, and
    changing it here would change it there. The others are named after their kind and counted: ``conv2d``,
    ``conv2d_1``.

    Raises
    ------
    ConfigurationError
        If two layers were given the same name.
    """
    taken: dict[str, Operation] = {}
    for layer in layers:
        if layer.has_given_name:
            if layer.name in taken:
                raise ConfigurationError(
                    f"Two layers are named {layer.name!r}, a {type(taken[layer.name]).__name__} and a "
                    f"{type(layer).__name__}, but within a model each name may be used once. Rename one of them."
                )
            taken[layer.name] = layer
            if other_owner(layer, owner) is None:
                layer.adopt(owner, layer.name)
    for layer in layers:
        other = other_owner(layer, owner)
        if layer.has_given_name or other is None:
            continue
        if layer.name in taken:  # two models each had a "conv2d": the new name must be free in both
            layer.adopt(other, _free_name(layer, {*taken, *(each.name for each in layers), *_names_in(other)}))
        taken[layer.name] = layer
    for layer in layers:
        if layer.name not in taken or taken[layer.name] is not layer:
            layer.adopt(owner, _free_name(layer, taken))
            taken[layer.name] = layer


def other_owner(layer: Operation, owner: Any) -> Any:
    """Return the model, other than `owner`, that the layer stood in first and still stands in; else None."""
    other = layer.owner
    if other is None or other is owner or not any(layer is each for each in other.layers):
        return None
    return other


def _names_in(model: Any) -> set[str]:
    return {layer.name for layer in model.layers}


def _free_name(layer: Operation, taken: Collection[str]) -> str:
    base = layer.base_name()
    candidates = (base if number == 0 else f"{base}_{number}" for number in count())
    return next(name for name in candidates if name not in taken)
