"""The optimizers' formulas, as Keras has them: what a gradient makes of a weight and of the arrays beside it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

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


def _sgd(rule: SgdRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int) -> Changed:
    if not rule.momentum:
        return weight - rate * gradient, ()
    momentum = slots[0] * rule.momentum - rate * gradient
    return weight + (momentum * rule.momentum - rate * gradient if rule.nesterov else momentum), (momentum,)


def _means(rule: AdamRule | NadamRule, gradient: Array, slots: Slots) -> tuple[Array, Array]:
    """Return the running means of the gradient and of its square."""
    mean = slots[0] + (gradient - slots[0]) * (1 - rule.beta_1)
    return mean, slots[1] + (np.square(gradient) - slots[1]) * (1 - rule.beta_2)


def _adam(rule: AdamRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int) -> Changed:
    mean, square = _means(rule, gradient, slots)
    largest = (np.maximum(slots[2], square),) if rule.amsgrad else ()
    # Both averages begin at zero; this makes up for it (Kingma and Ba, 2015, at the end of section 2).
    alpha = rate * math.sqrt(1 - rule.beta_2**count) / (1 - rule.beta_1**count)
    new = weight - alpha * mean / (np.sqrt(largest[0] if largest else square) + rule.epsilon)
    return new, (mean, square, *largest)


def _rmsprop(rule: RmspropRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int) -> Changed:
    old = dict(zip(rule.formula_slots, slots, strict=True))
    new = {"velocity": rule.rho * old["velocity"] + (1 - rule.rho) * np.square(gradient)}
    spread = new["velocity"]
    if rule.centered:
        new["average"] = rule.rho * old["average"] + (1 - rule.rho) * gradient
        spread = spread - np.square(new["average"])
    increment = rate * gradient / np.sqrt(spread + rule.epsilon)
    if rule.momentum:
        increment = new["momentum"] = rule.momentum * old["momentum"] + increment
    return weight - increment, tuple(new[name] for name in rule.formula_slots)


def _adamax(rule: AdamaxRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int) -> Changed:
    mean = slots[0] + (gradient - slots[0]) * (1 - rule.beta_1)
    largest = np.maximum(rule.beta_2 * slots[1], np.abs(gradient))
    return weight - rate * mean / ((1 - rule.beta_1**count) * (largest + rule.epsilon)), (mean, largest)


def _nadam(rule: NadamRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int) -> Changed:
    mean, square = _means(rule, gradient, slots)
    # Each step has a momentum of its own, up to beta_1 (Dozat, 2016); after 1,000 steps it grows by nothing.
    now, ahead = (rule.beta_1 * (1 - 0.5 * 0.96**step) for step in (count, count + 1))
    product = rule.beta_1**count * math.prod(1 - 0.5 * 0.96**step for step in range(1, min(count, 1000) + 1))
    looking = ahead / (1 - product * ahead) * mean + (1 - now) / (1 - product) * gradient
    new = weight - rate * looking / (np.sqrt(square / (1 - rule.beta_2**count)) + rule.epsilon)
    return new, (mean, square)


def _adagrad(rule: AdagradRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int) -> Changed:
    total = slots[0] + np.square(gradient)
    return weight - rate * gradient / np.sqrt(total + rule.epsilon), (total,)


def _adadelta(rule: AdadeltaRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int) -> Changed:
    square = rule.rho * slots[0] + (1 - rule.rho) * np.square(gradient)
    step = np.sqrt(slots[1] + rule.epsilon) * gradient / np.sqrt(square + rule.epsilon)
    return weight - rate * step, (square, rule.rho * slots[1] + (1 - rule.rho) * np.square(step))


def _lion(rule: LionRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int) -> Changed:
    direction = np.sign(slots[0] * rule.beta_1 + gradient * (1 - rule.beta_1))
    return weight - rate * direction, (slots[0] * rule.beta_2 + gradient * (1 - rule.beta_2),)


def _ftrl(rule: FtrlRule, weight: Array, gradient: Array, slots: Slots, rate: float, count: int) -> Changed:
    bound, power = rule.l1_regularization_strength, -rule.learning_rate_power
    penalty = rule.l2_regularization_strength + rule.beta / (2 * rate)
    total = slots[0] + np.square(gradient)
    grown = np.power(total, power)
    shrunk = gradient + 2 * rule.l2_shrinkage_regularization_strength * weight
    linear = slots[1] + shrunk - (grown - np.power(slots[0], power)) / rate * weight
    return (np.clip(linear, -bound, bound) - linear) / (grown / rate + 2 * penalty), (total, linear)


#: rule, weight, gradient, slots, rate, number of the step (from 1) -> the new weight and slots.
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
