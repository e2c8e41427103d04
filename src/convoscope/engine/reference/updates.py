"""How gradients change weights: Keras' formulas. `convoscope.engine.base.UpdateRule` says what the settings mean.

Nothing here writes: new values come back, so that a step can be taken as a whole or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from convoscope.engine.base import UpdateRule
from convoscope.engine.plan import PlannedWeight
from convoscope.engine.reference.operations import Array


def updated(
    rule: UpdateRule,
    planned: Sequence[PlannedWeight],
    weights: Sequence[Array],
    gradients: Sequence[Array],
    slots: Sequence[tuple[Array, ...]],
    *,
    rate: float,
    iteration: int,
) -> list[tuple[Array, tuple[Array, ...]]]:
    """Return the new value of each weight and of its slots.

    Regularizers' gradients are added before clipping; constraints are applied to the new values.

    Parameters
    ----------
    rule : UpdateRule
    planned : what the plan says of each trainable weight
    weights, gradients : arrays, one for each trainable weight
    slots : for each weight, the arrays that ``rule.slots`` names
    rate : float
        This step's learning rate.
    iteration : int
        Steps taken before this one.
    """
    change = {"sgd": _sgd, "adam": _adam, "rmsprop": _rmsprop}[rule.kind]
    found = []
    gradients = [
        gradient if each.regularizer is None else gradient + each.regularizer.gradient(weight)
        for each, weight, gradient in zip(planned, weights, gradients, strict=True)
    ]
    for each, weight, gradient, own in zip(planned, weights, _clipped(rule, gradients), slots, strict=True):
        if rule.weight_decay:
            weight = weight - weight * (rate * rule.weight_decay)
        difference, new_slots = change(rule, gradient, own, rate, iteration + 1)
        new = weight + difference
        found.append((new if each.constraint is None else each.constraint(new), new_slots))
    return found


def penalty(planned: Sequence[PlannedWeight], weights: Sequence[Array]) -> float:
    """Return what the regularizers add to the loss, for weights as they are before a step."""
    pairs = zip(planned, weights, strict=True)
    return sum(each.regularizer(weight) for each, weight in pairs if each.regularizer is not None)


def _clipped(rule: UpdateRule, gradients: Sequence[Array]) -> list[Array]:
    result = list(gradients)
    if rule.clipvalue is not None:
        result = [np.clip(gradient, -rule.clipvalue, rule.clipvalue) for gradient in result]
    if rule.clipnorm is not None:
        result = [gradient * (rule.clipnorm / max(_norm([gradient]), rule.clipnorm)) for gradient in result]
    if rule.global_clipnorm is not None:
        scale = rule.global_clipnorm / max(_norm(result), rule.global_clipnorm)
        result = [gradient * scale for gradient in result]
    return result


def _norm(arrays: Sequence[Array]) -> float:
    return math.sqrt(sum(float(np.square(array, dtype=np.float64).sum()) for array in arrays))


Change = tuple[Array, tuple[Array, ...]]  # what is added to the weight, and the new slots


def _sgd(rule: UpdateRule, gradient: Array, slots: tuple[Array, ...], rate: float, count: int) -> Change:
    if not rule.momentum:
        return -rate * gradient, ()
    momentum = slots[0] * rule.momentum - rate * gradient
    return (momentum * rule.momentum - rate * gradient if rule.nesterov else momentum), (momentum,)


def _adam(rule: UpdateRule, gradient: Array, slots: tuple[Array, ...], rate: float, count: int) -> Change:
    momentum = slots[0] + (gradient - slots[0]) * (1 - rule.beta_1)
    velocity = slots[1] + (np.square(gradient) - slots[1]) * (1 - rule.beta_2)
    # Both averages begin at zero; this makes up for it (Kingma and Ba, 2015, at the end of section 2).
    alpha = rate * math.sqrt(1 - rule.beta_2**count) / (1 - rule.beta_1**count)
    return -alpha * momentum / (np.sqrt(velocity) + rule.epsilon), (momentum, velocity)


def _rmsprop(rule: UpdateRule, gradient: Array, slots: tuple[Array, ...], rate: float, count: int) -> Change:
    old = dict(zip(rule.slots, slots, strict=True))
    new = {"velocity": rule.rho * old["velocity"] + (1 - rule.rho) * np.square(gradient)}
    spread = new["velocity"]
    if rule.centered:
        new["average"] = rule.rho * old["average"] + (1 - rule.rho) * gradient
        spread = spread - np.square(new["average"])
    increment = rate * gradient / np.sqrt(spread + rule.epsilon)
    if rule.momentum:
        increment = new["momentum"] = rule.momentum * old["momentum"] + increment
    return -increment, tuple(new[name] for name in rule.slots)
