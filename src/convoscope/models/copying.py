"""What a copy of a model takes along: for copy, pickle, and what uses them (joblib, multiprocessing)."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from convoscope.layers import moments

if TYPE_CHECKING:
    from convoscope.models.sequential import Sequential

_COPIED = "copied"  # in a copy's state: the places of the layers that the model owns, and of its optimizer's slots
_MOMENT = "moment"  # in a pickle's state, where another thread trains: weights and optimizer of one moment


def state_of(model: Sequential, layers: list[Any]) -> dict[str, Any]:
    """Return a model's attributes, and what they do not say: which layers are its own, and whose the slots are."""
    own = [place for place, layer in enumerate(layers) if layer.owner is model]
    slots = None if model.optimizer is None else model.optimizer.places_of_slots(model.weights)
    return {**model.__dict__, "_prepared": None, "_layers": list(layers), _COPIED: (own, slots)}


def state_to_pickle(model: Sequential, layers: list[Any]) -> dict[str, Any]:
    """Return the same for pickle, which takes layer after layer when this has returned.

    Should another thread train meanwhile, what weights and optimizer are now goes along, and takes their place again in
    `restore`.
    """
    with moments.reading():
        state = state_of(model, layers)
        if moments.others_train():
            state[_MOMENT] = [weight.copy() for weight in model.weights], copy.deepcopy(model.optimizer)
    return state


def deep_copy(model: Sequential, layers: list[Any], memo: dict[int, Any]) -> Sequential:
    """Return a copy that shares nothing, all of it of one moment even if another thread trains."""
    twin = type(model).__new__(type(model))
    memo[id(model)] = twin
    with moments.reading():
        twin.__setstate__(copy.deepcopy(state_of(model, layers), memo))
    return twin


def restore(model: Sequential, state: dict[str, Any]) -> None:
    """Make a new model what `state` says."""
    own, slots = state.pop(_COPIED)
    weights, optimizer = state.pop(_MOMENT, ((), None))
    model.__dict__.update(state)
    for weight, then in zip(model.weights, weights, strict=False):
        weight[...] = then
    if model.optimizer is not None and optimizer is not None:
        model.optimizer.__setstate__(optimizer.__getstate__())
    first = state.get("_input_layer")
    for layer in [state["_layers"][place] for place in own] + ([first] if first else []):
        if layer.owner is None:  # a shallow copy shares its layers, and leaves them to the model they stand in
            layer.adopt(model, layer.name)
    if model.optimizer is not None and slots is not None:
        model.optimizer.rebind_slots(model.weights, slots)
