"""What the engines promise of training: which steps are taken, on what, and what an interruption leaves."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from convoscope.engine.base import Engine, LossRule, Stretch
from convoscope.engine.plan import Plan, build
from convoscope.engine.updates import UpdateRule, update_rule
from convoscope.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D, Rescaling

Array = npt.NDArray[Any]
SHAPE, SAMPLES, CLASSES = (7, 6, 2), 23, 3


def stack() -> list[Layer]:
    return [
        Conv2D(4, 3, activation="relu"),
        MaxPooling2D(2),
        BatchNormalization(momentum=0.9),
        Dropout(0.3),
        Flatten(),
        Dense(CLASSES, activation="softmax"),
    ]


def first_weights(plan: Plan) -> list[Array]:
    generator = np.random.default_rng(11)
    drawn = [generator.normal(0, 0.3, weight.shape).astype(np.float32) for weight in plan.weights]
    return [np.abs(w) + 1 if p.name == "moving_variance" else w for w, p in zip(drawn, plan.weights, strict=True)]


def first_stretch(plan: Plan, *, rule: UpdateRule | None = None, epochs: int = 3, batch_size: int = 5) -> Stretch:
    generator = np.random.default_rng(12)
    rule = rule or update_rule("adam")
    rows = np.concatenate([generator.permutation(SAMPLES) for _ in range(epochs)])
    return Stretch(
        x=generator.normal(size=(SAMPLES, *plan.input_shape)).astype(np.float32),
        y=generator.integers(0, CLASSES, SAMPLES).astype(np.int32),
        rows=rows,
        batch_size=batch_size,
        loss=LossRule("sparse_categorical_crossentropy"),
        rule=rule,
        learning_rates=np.full(-(-len(rows) // batch_size), 0.01),
        iteration=0,
        seed=13,
        slots=[tuple(np.zeros(plan.weights[p].shape, np.float32) for _ in rule.slots) for p in plan.trainable],
        losses=np.full(len(rows), np.nan, np.float32),
        outputs=np.full((len(rows), *plan.output_shape), np.nan, np.float32),
    )


def part(stretch: Stretch, first: int, last: int) -> Stretch:
    """Return the stretch's steps from `first` to below `last`, sharing slots and what is written."""
    places = slice(first * stretch.batch_size, last * stretch.batch_size)
    return replace(
        stretch,
        rows=stretch.rows[places],
        learning_rates=stretch.learning_rates[first:last],
        iteration=stretch.iteration + first,
        losses=stretch.losses[places],
        outputs=stretch.outputs[places],
    )


def assert_same(ours: list[Array], theirs: list[Array]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def state(weights: list[Array], stretch: Stretch) -> list[Array]:
    return [array.copy() for array in (*weights, *(slot for own in stretch.slots for slot in own))]


def test_a_stretch_taken_in_pieces_ends_exactly_where_one_in_a_single_go_ends(engine: Engine) -> None:
    plan = build(stack(), SHAPE)
    whole, pieces = first_weights(plan), first_weights(plan)
    at_once, in_parts = first_stretch(plan), first_stretch(plan)
    assert engine.prepare(plan, whole).train(at_once) == at_once.steps == 14
    executable = engine.prepare(plan, pieces)
    for first, last in ((0, 1), (1, 6), (6, 14)):
        assert executable.train(part(in_parts, first, last)) == last - first
    assert_same(state(whole, at_once), state(pieces, in_parts))
    assert_same([at_once.losses, at_once.outputs], [in_parts.losses, in_parts.outputs])
    assert np.isfinite(at_once.losses).all()
    assert np.isfinite(at_once.outputs).all()


def test_a_budget_that_is_used_up_ends_after_a_whole_step(engine: Engine) -> None:
    plan = build(stack(), SHAPE)
    weights, stretch = first_weights(plan), first_stretch(plan)
    taken = engine.prepare(plan, weights).train(stretch, budget=0.0)
    assert 1 <= taken < stretch.steps
    other, same = first_weights(plan), first_stretch(plan)
    engine.prepare(plan, other).train(part(same, 0, taken))
    assert_same(state(weights, stretch), state(other, same))
    assert np.isnan(stretch.losses[taken * stretch.batch_size :]).all()


def test_losses_and_outputs_are_those_of_training_mode_before_the_update(engine: Engine) -> None:
    plan = build(stack(), SHAPE)
    weights, stretch = first_weights(plan), first_stretch(plan)
    weight = np.random.default_rng(1).uniform(0.5, 2, SAMPLES).astype(np.float32)
    stretch = part(replace(stretch, sample_weight=weight, iteration=40), 0, 1)
    executable = engine.prepare(plan, weights)
    rows = stretch.rows
    expected = executable.gradients(
        stretch.x[rows], stretch.y[rows], stretch.loss, sample_weight=weight[rows], seed=13, iteration=40
    )
    executable.train(stretch)
    np.testing.assert_allclose(stretch.outputs, expected.outputs, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(stretch.losses, expected.losses, rtol=1e-6)
    chosen = expected.outputs[np.arange(5), stretch.y[rows]].astype(np.float64)
    np.testing.assert_allclose(stretch.losses, -np.log(chosen) * weight[rows], rtol=1e-5)


def test_a_step_is_the_gradient_times_the_rate(engine: Engine) -> None:
    """The smaller batch at the end is divided by its own size, and weights of samples count."""
    plan = build([Dense(1)], (2,))
    x = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    y = np.array([[1], [0], [2]], np.float32)
    weights = [np.array([[1.0], [0.0]], np.float32), np.array([0.5], np.float32)]
    stretch = Stretch(
        x,
        y,
        rows=np.array([2, 0, 1]),
        batch_size=2,
        loss=LossRule("mean_squared_error"),
        rule=update_rule("sgd"),
        learning_rates=np.array([0.1, 0.01]),
        iteration=0,
        seed=0,
        slots=[(), ()],
        losses=np.zeros(3, np.float32),
        outputs=np.zeros((3, 1), np.float32),
        sample_weight=np.array([1, 2, 0.5], np.float32),
    )
    executable = engine.prepare(plan, weights)
    assert executable.train(part(stretch, 0, 1)) == 1
    # Sample 2: output 5.5, difference 3.5, weight 0.5; sample 0: output 1.5, difference 0.5, weight 1; divided by 2.
    np.testing.assert_allclose(stretch.losses[:2], [0.5 * 3.5**2, 0.5**2], rtol=1e-6)
    np.testing.assert_allclose(weights[0], [[1 - 0.1 * 9.25], [-0.1 * 11.5]], rtol=1e-6)
    np.testing.assert_allclose(weights[1], [0.5 - 0.1 * 2.25], rtol=1e-6)
    # Sample 1 alone, weight 2: output 3 × 0.075 - 4 × 1.15 + 0.275 = -4.1.
    assert executable.train(part(stretch, 1, 2)) == 1
    np.testing.assert_allclose(stretch.outputs, [[5.5], [1.5], [-4.1]], rtol=1e-5)
    np.testing.assert_allclose(weights[1], [0.275 + 0.01 * 16.4], rtol=1e-5)


def test_frozen_weights_stay_and_the_others_learn(engine: Engine) -> None:
    layers = stack()
    layers[0].trainable = False
    layers[2].trainable = False  # a frozen normalization keeps its moving averages too
    plan = build(layers, SHAPE)
    weights = first_weights(plan)
    before = [weight.copy() for weight in weights]
    engine.prepare(plan, weights).train(first_stretch(plan))
    assert_same(weights[:6], before[:6])
    assert all((now != then).any() for now, then in zip(weights[6:], before[6:], strict=True))


def test_moving_averages_move_towards_the_batch_s_statistics(engine: Engine) -> None:
    plan = build([BatchNormalization(momentum=0.75), Flatten(), Dense(CLASSES, activation="softmax")], SHAPE)
    weights, stretch = first_weights(plan), first_stretch(plan, batch_size=SAMPLES)
    mean, variance = weights[2].astype(np.float64), weights[3].astype(np.float64)
    executable = engine.prepare(plan, weights)
    executable.gradients(stretch.x, stretch.y, stretch.loss)  # gradients alone leave them
    np.testing.assert_array_equal(weights[2], mean)
    executable.train(stretch)
    values = stretch.x.astype(np.float64).reshape(-1, SHAPE[2])
    for _ in range(3):  # every batch has all samples
        mean = 0.75 * mean + 0.25 * values.mean(axis=0)
        variance = 0.75 * variance + 0.25 * values.var(axis=0)
    np.testing.assert_allclose(weights[2], mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights[3], variance, rtol=1e-5)


def test_images_of_8_bits_train_as_their_floats_do(engine: Engine) -> None:
    plan = build([Rescaling(1 / 255), *stack()], SHAPE)
    images = np.random.default_rng(3).integers(0, 256, (SAMPLES, *SHAPE), dtype=np.uint8)
    found = []
    for kind in (np.uint8, np.float32, np.float64):
        weights = first_weights(plan)
        engine.prepare(plan, weights).train(replace(first_stretch(plan), x=images.astype(kind)))
        found.append(weights)
    assert_same(found[0], found[1])
    assert_same(found[0], found[2])


def test_a_fused_plan_learns_what_the_plan_that_is_not_fused_learns(engine: Engine) -> None:
    found = []
    for fused in (True, False):
        plan = build(stack(), SHAPE, fused=fused)
        weights = first_weights(plan)
        engine.prepare(plan, weights).train(first_stretch(plan, rule=update_rule("sgd", momentum=0.9)))
        found.append(weights)
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(os.name == "nt", reason="os.kill does not interrupt on Windows")
def test_an_interruption_leaves_the_state_after_a_whole_step(engine: Engine) -> None:
    plan = build(stack(), SHAPE)
    weights, stretch = first_weights(plan), first_stretch(plan, epochs=200_000)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        engine.prepare(plan, weights).train(stretch)
    timer.join()
    begun = -(-int(np.isfinite(stretch.losses).sum()) // stretch.batch_size)
    assert 0 < begun < stretch.steps
    # The same steps again: the state is that after the last whole one, which may have written its losses or not.
    again, same = first_weights(plan), first_stretch(plan, epochs=200_000)
    executable = engine.prepare(plan, again)
    executable.train(part(same, 0, begun - 1))
    candidates = [state(again, same)]
    for step in (begun - 1, begun):
        executable.train(part(same, step, step + 1))
        candidates.append(state(again, same))
    left = state(weights, stretch)
    assert any(all(np.array_equal(a, b) for a, b in zip(left, one, strict=True)) for one in candidates)
    assert np.isfinite(engine.prepare(plan, weights).forward(stretch.x)).all()
