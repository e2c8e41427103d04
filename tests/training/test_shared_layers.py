"""Training layers that are called several times, models in models, and frozen bases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.engine.reference.known import OPERATIONS
from convoscope.layers import BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Input


def nested(*, frozen: bool) -> cs.Model:
    """Make a model of a base, called on two images, and a head."""
    cs.utils.set_random_seed(5)
    inputs = Input(shape=(6, 6, 1))
    x = BatchNormalization()(Conv2D(3, 3, activation="relu")(inputs))
    base = cs.Model(inputs, GlobalAveragePooling2D()(x), name="base")
    base.trainable = not frozen
    left, right = Input(shape=(6, 6, 1)), Input(shape=(6, 6, 1))
    return cs.Model([left, right], Dense(2, name="head")(cs.layers.Concatenate()([base(left), base(right)])))


def images() -> tuple[list[Any], Any]:
    generator = np.random.default_rng(3)
    x = [generator.random((20, 6, 6, 1)).astype(np.float32) for _ in range(2)]
    return x, generator.random((20, 2)).astype(np.float32)


def test_a_layer_that_is_called_twice_has_its_weights_and_slots_once(engine: Engine) -> None:
    model = nested(frozen=False)
    assert len(model.weights) == 8
    assert len(model.trainable_weights) == 6
    assert len({id(weight) for weight in model.weights}) == 8
    model.compile("adam", "mse")
    x, y = images()
    model.fit(x, y, epochs=2, verbose=0)
    slots = model.optimizer.slots_for(model.own_trainable_weights)
    assert [[slot.shape for slot in own] for own in slots] == [[w.shape] * 2 for w in model.trainable_weights]
    assert all(np.abs(own[0]).max() > 0 for own in slots)
    assert model.optimizer.places_of_slots(model.own_weights) == [0, 1, 2, 3, 6, 7]


def test_a_frozen_base_stays_and_its_head_learns(engine: Engine) -> None:
    model = nested(frozen=True)
    assert [weight.shape for weight in model.trainable_weights] == [(6, 2), (2,)]
    before = model.get_weights()
    model.compile(cs.optimizers.Adam(0.03), "mse")
    x, y = images()
    losses = model.fit(x, y, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0]
    changed = [bool((now != then).any()) for now, then in zip(model.get_weights(), before, strict=True)]
    assert changed == [False] * 6 + [True] * 2  # moving averages of the frozen normalization included
    assert model.optimizer.places_of_slots(model.own_weights) == [6, 7]
    model.get_layer("base").trainable = True
    model.compile(model.optimizer, "mse")  # the same optimizer goes on, with new slots for what it had not met
    model.fit(x, y, verbose=0)
    assert all((now != then).any() for now, then in zip(model.get_weights(), before, strict=True))


def test_nobody_goes_back_through_a_frozen_base(monkeypatch: pytest.MonkeyPatch) -> None:
    cs.engine.use("reference")
    gone_back: list[str] = []

    def watched(kind: type, operation: Any) -> Any:
        def run(*args: Any) -> Any:
            value, back = operation(*args)

            def noted(gradient: Any) -> Any:
                gone_back.append(kind.__name__)
                return back(gradient)

            return value, noted

        return run

    for kind, operation in list(OPERATIONS.items()):
        monkeypatch.setitem(OPERATIONS, kind, watched(kind, operation))
    x, y = images()
    for frozen, expected in ((True, {"DenseStep"}), (False, {"DenseStep", "ConvolutionStep"})):
        gone_back.clear()
        model = nested(frozen=frozen)
        model.compile("sgd", "mse")
        model.train_on_batch(x, y)
        assert expected <= set(gone_back)
        assert frozen is ("ConvolutionStep" not in gone_back and "ConcatenateStep" not in gone_back)
