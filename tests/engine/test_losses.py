"""Every loss's gradient, against finite differences in double precision, and the engines against each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convoscope.engine.base import Engine
from convoscope.engine.loss_rule import KINDS, LossRule
from convoscope.engine.plan import build
from convoscope.engine.reference import ReferenceEngine
from convoscope.layers import Activation

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "sparse_categorical_crossentropy": [
        {},
        {"from_logits": True},
        {"label_smoothing": 0.2},
        {"ignore_class": 1},
        {"ignore_class": 255, "reduction": "sum"},
    ],
    "categorical_crossentropy": [{}, {"from_logits": True, "label_smoothing": 0.2}, {"weight": 0.3}],
    "binary_crossentropy": [{}, {"from_logits": True}, {"label_smoothing": 0.2}, {"reduction": "none"}],
    "binary_focal_crossentropy": [
        {},
        {"from_logits": True},
        {"balanced": True, "alpha": 0.7, "gamma": 1.5, "label_smoothing": 0.1},
        {"gamma": 0.0},
    ],
    "categorical_focal_crossentropy": [{}, {"from_logits": True, "alpha": 2.0, "gamma": 0.5}, {"gamma": 0.0}],
    "huber": [{}, {"delta": 0.3}],
    "mean_squared_error": [{}, {"reduction": "sum"}, {"reduction": "mean_with_sample_weight"}],
}
RULES = [LossRule(kind, **settings) for kind in KINDS for settings in SETTINGS.get(kind, [{}])]
SHAPES = [(5,), (2, 3, 4)]


def case(rule: LossRule, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Return outputs from 0.05 to 0.95, targets, and sample weights."""
    generator = np.random.default_rng(3)
    x, weights = generator.uniform(0.05, 0.95, (4, *shape)), generator.uniform(0.2, 2, 4)
    if rule.sparse:
        labels = generator.integers(0, shape[-1], x.shape[:-1]).astype(np.int32)
        if rule.ignore_class == 255:
            labels.flat[::3] = 255
        return x, labels, weights
    if rule.kind == "categorical_hinge":
        return x, np.eye(shape[-1], dtype=np.float32)[generator.integers(0, shape[-1], x.shape[:-1])], weights
    y = generator.uniform(0, 1, x.shape).astype(np.float32)
    return x, np.sign(y - 0.5) if "hinge" in rule.kind else y, weights


def told(rule: LossRule, activation: str, x: Any, y: Any, weights: Any) -> float:
    executable = ReferenceEngine().prepare(build([Activation(activation)], x.shape[1:]), [], np.float64)
    losses = executable.gradients(x, y, rule, sample_weight=weights).losses
    batch = float(losses.mean())
    return batch * x[..., 0].size if rule.reduction == "none" else batch  # told is the mean, followed is the sum


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("activation", ["linear", "softmax", "sigmoid", "elu"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind} {RULES.index(rule)}")
def test_the_gradient_is_that_of_the_loss(rule: LossRule, activation: str, shape: tuple[int, ...]) -> None:
    x, y, weights = case(rule, shape)
    rule = replace(rule, weight=1.0)  # it scales the gradient, and not what is told
    executable = ReferenceEngine().prepare(build([Activation(activation)], shape), [], np.float64)
    found = executable.gradients(x, y, rule, sample_weight=weights).input
    direction = np.random.default_rng(4).normal(size=x.shape)
    step = 1e-6
    up, down = (told(rule, activation, x + sign * step * direction, y, weights) for sign in (1, -1))
    assert (found * direction).sum() == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-8)
    assert np.abs(found).max() > 1e-4  # there is something to compare


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("activation", ["linear", "softmax", "sigmoid", "elu"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind} {RULES.index(rule)}")
def test_engines_have_the_losses_and_gradients_of_double_precision(
    rule: LossRule, activation: str, shape: tuple[int, ...], engine: Engine
) -> None:
    x, y, weights = case(rule, shape)
    plan = build([Activation(activation)], shape)
    exact = ReferenceEngine().prepare(plan, [], np.float64)
    single = engine.prepare(plan, [])
    ours, theirs = (each.gradients(x, y, rule, sample_weight=weights) for each in (single, exact))
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(ours.input, theirs.input, rtol=2e-4, atol=2e-6)
    np.testing.assert_allclose(single.score(x, y, rule)[1], exact.score(x, y, rule)[1], rtol=2e-5, atol=2e-6)


def test_a_batch_in_which_nothing_counts_has_no_loss_and_no_gradient(engine: Engine) -> None:
    rule = LossRule("sparse_categorical_crossentropy", ignore_class=2)
    executable = engine.prepare(build([Activation("softmax")], (3,)), [])
    found = executable.gradients(np.eye(3, dtype=np.float32), np.full(3, 2, np.int32), rule)
    assert not found.losses.any()
    assert not found.input.any()


def test_probabilities_are_held_off_before_they_are_divided_for_sparse_labels_and_after_for_others(
    engine: Engine,
) -> None:
    """Zeros, as from a ReLU: log 3 for class numbers, as in Keras."""
    executable = engine.prepare(build([Activation("relu")], (3,)), [])
    x = -np.ones((1, 3), np.float32)
    found = executable.gradients(x, np.array([1], np.int32), LossRule("sparse_categorical_crossentropy"))
    np.testing.assert_allclose(found.losses, [np.log(3)], rtol=1e-6)
    assert not found.input.any()
    some = np.array([[0.5, 0, 0.5]], np.float32)
    found = executable.gradients(some, np.array([[0, 1, 0]], np.float32), LossRule("categorical_crossentropy"))
    np.testing.assert_allclose(found.losses, [-np.log(1e-7)], rtol=1e-6)
    sure = np.ones((1, 3), np.float32)
    found = executable.gradients(sure, np.zeros((1, 3), np.float32), LossRule("binary_crossentropy"))
    np.testing.assert_allclose(found.losses, [-np.log(2.0**-23)], rtol=1e-6)  # 1 - 1e-7 in single precision
