"""What a copy of a model takes along: for copy, pickle, and what uses them (joblib, multiprocessing)."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from convoscope.layers import moments

if TYPE_CHECKING:
    from convoscope.models.network import Network

_COPIED = "copied"  # in a copy's state: the indices of the operations that the model owns, and of its optimizer's slots
_MOMENT = "moment"  # in a pickle's state, where another thread trains: weights and optimizer of one moment


def state_of(model: Network) -> dict[str, Any]:
    """Return a model's attributes, and what they do not say: which layers are its own, and whose the slots are.

    Nodes are left out; how they hang together is told by `Network.state_of_nodes`.
    """
    own = [index for index, operation in enumerate(model.operations) if operation.owner is model]
    slots = None if model.optimizer is None else model.optimizer.places_of_slots(model.own_weights)
    attributes = {name: value for name, value in model.__dict__.items() if name not in ("graph", "_kept")}
    return {**attributes, "_owner": None, "_nodes": [], **model.state_of_nodes(), _COPIED: (own, slots)}


def state_to_pickle(model: Network) -> dict[str, Any]:
    """Return the same for pickle, which takes layer after layer when this has returned.

    Should another thread train meanwhile, what weights and optimizer are now goes along, and takes their place again in
    `restore`.
    """
    with moments.reading():
        state = state_of(model)
        if moments.others_train():
            state[_MOMENT] = [weight.copy() for weight in model.own_weights], copy.deepcopy(model.optimizer)
    return state


def deep_copy(model: Network, memo: dict[int, Any]) -> Any:
    """Return a copy that shares nothing, all of it of one moment even if another thread trains."""
    twin = type(model).__new__(type(model))
    memo[id(model)] = twin
    with moments.reading():
        twin.__setstate__(copy.deepcopy(state_of(model), memo))
    return twin


def restore(model: Network, state: dict[str, Any]) -> None:
    """Make a new model what `state` says."""
    own, slots = state.pop(_COPIED)
    weights, optimizer = state.pop(_MOMENT, ((), None))
    model.__dict__.update(state)
    model.restore_nodes()
    for weight, then in zip(model.weights, weights, strict=False):
        weight[...] = then
    if model.optimizer is not None and optimizer is not None:
        model.optimizer.__setstate__(optimizer.__getstate__())
    operations = model.operations
    for operation in (operations[index] for index in own):
        if operation.owner is None:  # a shallow copy shares its layers, and leaves them to the model they stand in
            operation.adopt(model)
    if model.optimizer is not None and slots is not None:
        model.optimizer.rebind_slots(model.own_weights, slots)
