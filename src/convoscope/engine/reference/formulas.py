"""The optimizers' formulas, as Keras has them: what a gradient makes of a weight and of the arrays beside it.

They are elementwise, and written once for NumPy's arrays and for PyTorch's: `xp` has the functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convoscope.engine.reference.operations import Array
from convoscope.engine.updates import (
    AdadeltaRule,
    AdagradRule,
    AdamaxRule,
    AdamRule,
    FtrlRule,
    LionRule,
    NadamRule,
    RmspropRule,
    SgdRule,
    UpdateRule,
)

Slots = tuple[Array, ...]
Changed = tuple[Array, Slots]  # the new weight, and the new slots


def _sgd(rule: SgdRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int, xp: Any) -> Changed:
    if not rule.momentum:
        return weight - rate * gradient, ()
    momentum = slots[0] * rule.momentum - rate * gradient
    return weight + (momentum * rule.momentum - rate * gradient if rule.nesterov else momentum), (momentum,)


def _means(rule: AdamRule | NadamRule, gradient: Array, slots: Slots, xp: Any) -> tuple[Array, Array]:
    """Return the running means of the gradient and of its square."""
    mean = slots[0] + (gradient - slots[0]) * (1 - rule.beta_1)
    return mean, slots[1] + (xp.square(gradient) - slots[1]) * (1 - rule.beta_2)


def _adam(rule: AdamRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int, xp: Any) -> Changed:
    mean, square = _means(rule, gradient, slots, xp)
    largest = (xp.maximum(slots[2], square),) if rule.amsgrad else ()
    # Both averages begin at zero; this makes up for it (Kingma and Ba, 2015, at the end of section 2).
    alpha = rate * (1 - rule.beta_2**count) ** 0.5 / (1 - rule.beta_1**count)
    new = weight - alpha * mean / (xp.sqrt(largest[0] if largest else square) + rule.epsilon)
    return new, (mean, square, *largest)


def _rmsprop(
    rule: RmspropRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int, xp: Any
) -> Changed:
    old = dict(zip(rule.formula_slots, slots, strict=True))
    new = {"velocity": rule.rho * old["velocity"] + (1 - rule.rho) * xp.square(gradient)}
    spread = new["velocity"]
    if rule.centered:
        new["average"] = rule.rho * old["average"] + (1 - rule.rho) * gradient
        spread = spread - xp.square(new["average"])
    increment = rate * gradient / xp.sqrt(spread + rule.epsilon)
    if rule.momentum:
        increment = new["momentum"] = rule.momentum * old["momentum"] + increment
    return weight - increment, tuple(new[name] for name in rule.formula_slots)


def _adamax(
    rule: AdamaxRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int, xp: Any
) -> Changed:
    mean = slots[0] + (gradient - slots[0]) * (1 - rule.beta_1)
    largest = xp.maximum(rule.beta_2 * slots[1], xp.abs(gradient))
    return weight - rate * mean / ((1 - rule.beta_1**count) * (largest + rule.epsilon)), (mean, largest)


def _nadam(rule: NadamRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int, xp: Any) -> Changed:
    mean, square = _means(rule, gradient, slots, xp)
    # Each step has a momentum of its own, up to beta_1 (Dozat, 2016); after 1,000 steps it grows by nothing.
    now, ahead = (rule.beta_1 * (1 - 0.5 * 0.96**step) for step in (count, count + 1))
    product = rule.beta_1**count * math.prod(1 - 0.5 * 0.96**step for step in range(1, min(count, 1000) + 1))
    looking = ahead / (1 - product * ahead) * mean + (1 - now) / (1 - product) * gradient
    new = weight - rate * looking / (xp.sqrt(square / (1 - rule.beta_2**count)) + rule.epsilon)
    return new, (mean, square)


def _adagrad(
    rule: AdagradRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int, xp: Any
) -> Changed:
    total = slots[0] + xp.square(gradient)
    return weight - rate * gradient / xp.sqrt(total + rule.epsilon), (total,)


def _adadelta(
    rule: AdadeltaRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int, xp: Any
) -> Changed:
    square = rule.rho * slots[0] + (1 - rule.rho) * xp.square(gradient)
    step = xp.sqrt(slots[1] + rule.epsilon) * gradient / xp.sqrt(square + rule.epsilon)
    return weight - rate * step, (square, rule.rho * slots[1] + (1 - rule.rho) * xp.square(step))


def _lion(rule: LionRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int, xp: Any) -> Changed:
    direction = xp.sign(slots[0] * rule.beta_1 + gradient * (1 - rule.beta_1))
    return weight - rate * direction, (slots[0] * rule.beta_2 + gradient * (1 - rule.beta_2),)


def _ftrl(rule: FtrlRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int, xp: Any) -> Changed:
    bound, power = rule.l1_regularization_strength, -rule.learning_rate_power
    penalty = rule.l2_regularization_strength + rule.beta / (2 * rate)
    total = slots[0] + xp.square(gradient)
    grown = total**power
    shrunk = gradient + 2 * rule.l2_shrinkage_regularization_strength * weight
    linear = slots[1] + shrunk - (grown - slots[0] ** power) / rate * weight
    return (xp.clip(linear, -bound, bound) - linear) / (grown / rate + 2 * penalty), (total, linear)


#: rule, weight, gradient, slots, rate, number of the step (from 1), NumPy or PyTorch -> the new weight and slots.
Formula = Callable[..., Changed]
FORMULAS: dict[type[UpdateRule], Formula] = {
    SgdRule: _sgd,
    AdamRule: _adam,
    RmspropRule: _rmsprop,
    AdamaxRule: _adamax,
    NadamRule: _nadam,
    AdagradRule: _adagrad,
    AdadeltaRule: _adadelta,
    LionRule: _lion,
    FtrlRule: _ftrl,
}
