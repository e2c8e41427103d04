"""How gradients change weights, all around the formula: `convoscope.engine.updates.UpdateRule` says what is meant.

Nothing here writes: new values come back, so that a step can be taken as a whole or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convoscope.engine.plan import PlannedWeight
from convoscope.engine.reference.formulas import FORMULAS
from convoscope.engine.reference.operations import Array
from convoscope.engine.updates import GRADIENT_SUM, WEIGHT_AVERAGE, UpdateRule


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
        Batches before this one.
    """
    formula = FORMULAS[type(rule)]
    moment = Moment.of(rule, iteration)
    gradients = [
        gradient if each.regularizer is None else gradient + each.regularizer.gradient(weight)
        for each, weight, gradient in zip(planned, weights, gradients, strict=True)
    ]
    kept = [dict(zip(rule.slots, own, strict=True)) for own in slots]
    if rule.accumulation > 1:
        sums = [own[GRADIENT_SUM] + gradient for own, gradient in zip(kept, gradients, strict=True)]
        gradients = [total / rule.accumulation for total in sums]
        kept = [
            own | {GRADIENT_SUM: np.zeros_like(total) if moment.due else total}
            for own, total in zip(kept, sums, strict=True)
        ]
    found = []
    for place, (each, weight, gradient) in enumerate(zip(planned, weights, _clipped(rule, gradients), strict=True)):
        own = kept[place]
        if moment.due:
            if rule.weight_decay and place not in rule.undecayed:
                weight = weight - weight * (rate * rule.weight_decay)
            old = tuple(own[name] for name in rule.formula_slots)
            weight, new = formula(rule, weight, gradient, old, rate, moment.count, np)
            own = own | dict(zip(rule.formula_slots, new, strict=True))
        if rule.ema_momentum is not None:
            momentum = moment.momentum
            average = own[WEIGHT_AVERAGE] = momentum * own[WEIGHT_AVERAGE] + (1 - momentum) * weight
            weight = average if moment.overwrites else weight
        held = weight if each.constraint is None else each.constraint(weight)
        found.append((held, tuple(own[name] for name in rule.slots)))
    return found


@dataclass(frozen=True)
class Moment:
    """What is up after a batch.

    Attributes
    ----------
    due : bool
        Whether weights change, or gradients are only gathered.
    count : int
        The number of the step, from 1.
    momentum : float
        Of the running averages of weights.
    overwrites : bool
        Whether these take the weights' place.
    """

    due: bool
    count: int
    momentum: float
    overwrites: bool

    @classmethod
    def of(cls, rule: UpdateRule, iteration: int) -> Moment:
        before = iteration // rule.accumulation
        return cls(
            due=(iteration + 1) % rule.accumulation == 0,
            count=before + 1,
            momentum=rule.ema_momentum or 0.0 if before else 0.0,
            overwrites=bool(rule.ema_overwrite_frequency) and (before + 1) % (rule.ema_overwrite_frequency or 1) == 0,
        )


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
