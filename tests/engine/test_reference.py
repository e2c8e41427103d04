"""What only the reference engine has: double precision, blocks of images, steps that are whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from convoscope.engine.base import LossRule, Stretch
from convoscope.engine.plan import build
from convoscope.engine.reference import ReferenceEngine, executable as module
from convoscope.engine.updates import update_rule
from convoscope.layers import Conv2D, Dense, Flatten, MaxPooling2D

PLAN = build([Conv2D(3, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(2)], (6, 6, 1))


def weights(kind: type = np.float32) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.normal(size=weight.shape).astype(kind) for weight in PLAN.weights]


def stretch() -> Stretch:
    generator = np.random.default_rng(1)
    rule = update_rule("sgd", momentum=0.9)
    return Stretch(
        x=generator.normal(size=(8, 6, 6, 1)),
        y=generator.integers(0, 2, 8).astype(np.int32),
        rows=np.arange(8),
        batch_size=4,
        loss=LossRule("sparse_categorical_crossentropy", from_logits=True),
        rule=rule,
        learning_rates=np.array([0.1, 0.1]),
        iteration=0,
        seed=0,
        slots=[(np.zeros(weight.shape, np.float32),) for weight in PLAN.weights],
        losses=np.zeros(8, np.float32),
        outputs=np.zeros((8, 2), np.float32),
    )


def test_double_precision_is_kept_throughout() -> None:
    executable = ReferenceEngine().prepare(PLAN, weights(np.float64), np.float64)
    found = executable.gradients(stretch().x, stretch().y, stretch().loss)
    arrays = [found.outputs, found.input, found.losses, *found.weights, executable.forward(stretch().x)]
    assert {array.dtype for array in arrays if array is not None} == {np.dtype(np.float64)}


def test_blocks_of_images_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, loss = stretch().x, stretch().y, stretch().loss
    whole = ReferenceEngine().prepare(PLAN, weights(), np.float64)
    monkeypatch.setattr(module, "_BLOCK_VALUES", 3 * 16 * 9)  # three images' patches of the convolution
    blocks = ReferenceEngine().prepare(PLAN, weights(), np.float64)
    assert [block.stop for block in blocks._blocks(8)] == [3, 6, 9]
    np.testing.assert_allclose(blocks.forward(x), whole.forward(x), rtol=1e-12)
    for ours, theirs in zip(blocks.score(x, y, loss), whole.score(x, y, loss), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    for ours, theirs in zip(blocks.step_outputs(x), whole.step_outputs(x), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_an_interruption_while_a_step_is_written_finishes_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    write, calls = module._write, []

    def interrupted_once(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        calls.append(len(pairs))
        if len(calls) == 1:
            write(pairs[:2])
            raise KeyboardInterrupt
        write(pairs)

    own, ours = weights(), stretch()
    monkeypatch.setattr(module, "_write", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        ReferenceEngine().prepare(PLAN, own).train(ours)
    monkeypatch.undo()
    other, theirs = weights(), stretch()
    assert ReferenceEngine().prepare(PLAN, other).train(theirs, budget=0.0) == 1
    for one, two in zip(own, other, strict=True):
        np.testing.assert_array_equal(one, two)
    for (one,), (two,) in zip(ours.slots, theirs.slots, strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(ours.losses, theirs.losses)
