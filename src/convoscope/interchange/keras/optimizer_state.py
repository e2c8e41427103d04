"""The arrays that an optimizer keeps beside each weight, in the order in which Keras' files have them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.engine.updates import GRADIENT_SUM, WEIGHT_AVERAGE, NadamRule, UpdateRule
from convoscope.models.network import Network
from convoscope.models.weights import hdf5

# Which arrays of one weight follow each other; of the others, those of all weights come one after another.
_TOGETHER: dict[str, tuple[tuple[str, ...], ...]] = {
    "adam": (("momentum", "velocity"), ("velocity_hat",)),
    "rmsprop": (("velocity",), ("momentum",), ("average",)),
}
_MODERN, _LEGACY = "optimizer/vars", "optimizer_weights"
#: Ours in HDF5 files of whole models: of those with the usual name Keras 3 makes an optimizer that cannot train.
OURS = "convoscope_optimizer_weights"
# How names end in files of TensorFlow before 2.11, and of Keras 2: there all first arrays come before all second ones.
_OLD_ENDINGS = ("/m:0", "/v:0", "/vhat:0", "/rms:0", "/momentum:0", "/mg:0", "/accumulator:0", "/accum_grad:0")


def order(rule: UpdateRule, weights: int, *, alternating: bool = True) -> Iterator[tuple[int, str]]:
    """Yield the index of a weight and the name of its array, for each array in Keras' order.

    Examples
    --------
    >>> from convoscope.engine.updates import update_rule
    >>> list(order(update_rule("adam"), 2))
    [(0, 'momentum'), (0, 'velocity'), (1, 'momentum'), (1, 'velocity')]
    """
    groups: Sequence[tuple[str, ...]] = (
        (WEIGHT_AVERAGE,),
        (GRADIENT_SUM,),
        *_TOGETHER.get(rule.kind, (rule.formula_slots,)),
    )
    if not alternating:
        groups = [(name,) for group in groups for name in group]
    for group in groups:
        for weight in range(weights):
            yield from ((weight, name) for name in group if name in rule.slots)


def arrays(model: Network) -> list[tuple[str, Any]]:
    """Return what Keras keeps of an optimizer, in its order: names, and numbers or arrays."""
    optimizer = model.optimizer
    assert optimizer is not None
    first = [("iteration", np.int64(int(optimizer.iterations)))]
    if optimizer.schedule is None:
        first.append(("learning_rate", np.float32(float(optimizer.learning_rate))))
    weights = model.own_trainable_weights
    slots, rule = optimizer.slots_for(weights), optimizer.rule()
    found = [
        (f"weight_{weight}_{name}", slots[weight][rule.slots.index(name)]) for weight, name in order(rule, len(weights))
    ]
    last = [("variable", _growth(rule, int(optimizer.iterations)))] if isinstance(rule, NadamRule) else []
    return [*first, *found, *last]


def _growth(rule: NadamRule, steps: int) -> Any:
    """Return the product of Nadam's momenta up to a step, which Keras keeps and we compute."""
    momenta = (rule.beta_1 * (1 - 0.5 * 0.96**step) for step in range(1, steps + 1))
    return np.float32(math.prod(momenta))


def restore(model: Network, file: Any) -> bool:
    """Set the state of a compiled model's optimizer; return whether the file has one that fits."""
    optimizer = model.optimizer
    assert optimizer is not None
    group, names = _listed(file)
    if group is None or not names:
        return False
    weights, rule = model.own_trainable_weights, optimizer.rule()
    slots = optimizer.slots_for(weights)
    old = any(name.endswith(_OLD_ENDINGS) for name in names)
    wanted = [slots[weight][rule.slots.index(name)] for weight, name in order(rule, len(weights), alternating=not old)]
    shapes = [hdf5.shape_of(group, name) for name in names]
    end = len(names) - isinstance(rule, NadamRule)  # the product of its momenta, which follows from the steps
    start = end - len(wanted)
    if start not in (1, 2) or shapes[0] != () or shapes[start:end] != [slot.shape for slot in wanted]:
        return False
    optimizer.iterations = max(0, hdf5.whole_number_in(group, names[0]))
    found: list[Array] = [hdf5.array_in(group, name) for name in names[start:end]]
    for slot, array in zip(wanted, found, strict=True):
        slot[...] = array
    return True


def _listed(file: Any) -> tuple[Any, list[str]]:
    """Return the group of an optimizer's arrays, and their names in order."""
    group = hdf5.group_in(file, _MODERN)
    if group is not None:
        return group, [str(number) for number in range(len(group))]
    group = hdf5.group_in(file, OURS)
    group = hdf5.group_in(file, _LEGACY) if group is None else group
    return group, [] if group is None else hdf5.names_in(group, "weight_names")


def is_in(file: Any) -> bool:
    """Return whether a file has arrays of an optimizer."""
    return bool(_listed(file)[1])
