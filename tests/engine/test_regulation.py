"""Penalties and constraints on weights of every shape, with every instruction set, against the plainest formulas."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from convoscope import _native
from convoscope.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from convoscope.engine.base import Engine, LossRule, Stretch
from convoscope.engine.native import NativeEngine
from convoscope.engine.plan import Plan, build
from convoscope.engine.reference import ReferenceEngine
from convoscope.engine.updates import UpdateRule, update_rule
from convoscope.layers import Conv2D, Dense, Flatten, Layer
from convoscope.regularizers import L1L2

Array = npt.NDArray[Any]
SHAPE = (4, 3, 5)


def one_step(engine: Engine, plan: Plan, weights: list[Array], rule: UpdateRule, rate: float) -> tuple[Stretch, Any]:
    """Take a step, which changes the weights; return it with the gradients of the loss alone."""
    generator = np.random.default_rng(3)
    x = generator.random((6, *plan.input_shape), np.float32)
    y = generator.integers(0, plan.output_shape[-1], 6).astype(np.int32)
    executable, loss = engine.prepare(plan, weights), LossRule("sparse_categorical_crossentropy", from_logits=True)
    gradients = executable.gradients(x, y, loss).weights
    stretch = Stretch(
        x,
        y,
        rows=np.arange(6),
        batch_size=6,
        loss=loss,
        rule=rule,
        learning_rates=np.array([rate]),
        iteration=0,
        seed=1,
        slots=[() for _ in plan.trainable],
        losses=np.zeros(6, np.float32),
        outputs=np.zeros((6, *plan.output_shape), np.float32),
        penalties=np.zeros(1),
    )
    executable.train(stretch)
    return stretch, gradients


def drawn(plan: Plan) -> list[Array]:
    """Return weights with many zeros, and values on both sides of them."""
    generator = np.random.default_rng(7)
    values = [generator.normal(0, 0.4, weight.shape) for weight in plan.weights]
    return [np.where(np.abs(v) < 0.05, 0, v).astype(np.float32) for v in values]


def norms(w: Array, axes: tuple[int, ...]) -> Array:
    return np.sqrt((w.astype(np.float64) ** 2).sum(axis=axes))


STACKS: list[tuple[Any, int]] = [
    (lambda constraint: [Conv2D(70, (3, 2), kernel_constraint=constraint), Flatten(), Dense(2)], 4),
    (lambda constraint: [Flatten(), Dense(131, kernel_constraint=constraint)], 2),
    (lambda constraint: [Flatten(), Dense(131, bias_constraint=constraint, use_bias=True)], 1),
]


@pytest.mark.parametrize(("stack", "rank"), STACKS, ids=["convolution", "dense", "bias"])
def test_a_norm_is_held_along_any_axes(isa: str, stack: Any, rank: int) -> None:
    for count in range(1, rank + 1):
        for axes in itertools.combinations(range(rank), count):
            plan = build(stack(MaxNorm(0.9, axis=list(axes))), SHAPE)
            weights = drawn(plan)
            position = next(p for p, weight in enumerate(plan.weights) if weight.constraint)
            before = weights[position].copy()
            one_step(NativeEngine(), plan, weights, update_rule("sgd"), 0.0)
            found, length = norms(weights[position], axes), norms(before, axes)
            np.testing.assert_allclose(found, np.minimum(length, 0.9), rtol=1e-6, atol=2e-7, err_msg=str(axes))
            assert (np.sign(weights[position]) == np.sign(before)).all()
            for other, (now, then) in enumerate(zip(weights, drawn(plan), strict=True)):
                assert other == position or (now == then).all()


@pytest.mark.parametrize("rule", [update_rule("sgd"), update_rule("sgd", clipnorm=0.5)], ids=["plain", "clipped"])
def test_the_penalty_and_its_gradient_are_those_of_the_formula(isa: str, rule: UpdateRule) -> None:
    plan = build([Flatten(), Dense(131, kernel_regularizer=L1L2(0.02, 0.3), bias_regularizer="l1")], SHAPE)
    weights = drawn(plan)
    stretch, gradients = one_step(NativeEngine(), plan, weights, rule, 0.5)
    kernel, bias = (weight.astype(np.float64) for weight in drawn(plan))
    penalty = 0.02 * np.abs(kernel).sum() + 0.3 * (kernel**2).sum() + 0.01 * np.abs(bias).sum()
    np.testing.assert_allclose(stretch.penalties, penalty, rtol=1e-6)
    whole = [gradients[0] + 0.02 * np.sign(kernel) + 0.6 * kernel, gradients[1] + 0.01 * np.sign(bias)]
    for weight, before, gradient in zip(weights, (kernel, bias), whole, strict=True):
        size = np.linalg.norm(gradient)
        scale = 1.0 if rule.clipnorm is None else min(1.0, rule.clipnorm / size)
        np.testing.assert_allclose(weight, before - 0.5 * scale * gradient, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("constraint", [MinMaxNorm(0.5, 0.7, 0.3), UnitNorm([0, 1]), NonNeg(), MaxNorm(0.3, None)])
def test_the_engines_agree(constraint: Any, threads: int) -> None:
    _native.set_threads(threads)
    layers: list[Layer] = [Flatten(), Dense(200, kernel_constraint=constraint, kernel_regularizer=L1L2(0.1, 0.1))]
    plan, found = build(layers, SHAPE), []
    for engine in (NativeEngine(), ReferenceEngine()):
        weights = drawn(plan)
        stretch, _ = one_step(engine, plan, weights, update_rule("sgd", global_clipnorm=0.4), 0.3)
        found.append([stretch.penalties, *weights])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
