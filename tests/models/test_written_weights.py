"""Predictions are of the weights as they are, whoever has written them: what is made of them is kept no longer."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import convoscope as cs


@pytest.fixture
def model() -> Any:
    model = cs.Sequential(
        [
            cs.Input((8, 8, 3)),
            cs.layers.Conv2D(16, 3),
            cs.layers.BatchNormalization(),
            cs.layers.Flatten(),
            cs.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


X = np.random.default_rng(0).random((4, 8, 8, 3), np.float32)
Y = np.array([0, 1, 0, 1])


def fresh(model: Any) -> Any:
    """What a model predicts that has never predicted before."""
    twin = type(model).from_config(model.get_config())
    twin.set_weights(model.get_weights())
    return twin.predict_on_batch(X)


def by_setting(model: Any) -> None:
    model.set_weights([weight + 0.1 for weight in model.get_weights()])


def by_setting_a_layer(model: Any) -> None:
    model.layers[0].set_weights([weight + 0.1 for weight in model.layers[0].get_weights()])


def by_training(model: Any) -> None:
    model.fit(X, Y, epochs=2, batch_size=2, verbose=0)


def by_a_batch(model: Any) -> None:
    model.train_on_batch(X, Y)


def by_writing(model: Any) -> None:
    model.layers[0].weights[0][...] += 0.1


def by_writing_what_learns(model: Any) -> None:
    model.trainable_weights[1][...] += 0.1


def by_writing_what_does_not(model: Any) -> None:
    model.layers[1].non_trainable_weights[1][...] *= 4


def by_a_shallow_copy(model: Any) -> None:
    copy.copy(model.layers[0]).weights[0][...] += 0.1


@pytest.mark.parametrize(
    "write",
    [
        by_setting,
        by_setting_a_layer,
        by_training,
        by_a_batch,
        by_writing,
        by_writing_what_learns,
        by_writing_what_does_not,
        by_a_shallow_copy,
    ],
)
def test_a_prediction_is_of_the_weights_that_were_written(model: Any, write: Callable[[Any], None]) -> None:
    for _ in range(2):
        before = model.predict_on_batch(X)
        write(model)
        after = model.predict_on_batch(X)
        assert np.array_equal(after, fresh(model))
        assert not np.array_equal(before, after)


def test_arrays_that_were_given_out_may_be_written_at_any_time(model: Any) -> None:
    kernel = model.weights[0]
    for _ in range(3):
        model.predict_on_batch(X)
        kernel *= 1.5
        assert np.array_equal(model.predict_on_batch(X), fresh(model))


def test_nothing_but_giving_them_out_makes_predictions_look_at_the_weights(model: Any, tmp_path: Any) -> None:
    """Else predictions would be right, and slower than they need be."""
    model.fit(
        X, Y, validation_data=(X, Y), callbacks=[cs.callbacks.EarlyStopping(restore_best_weights=True)], verbose=0
    )
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    model.save(tmp_path / "model.safetensors")
    model.summary(print_fn=lambda line: None)
    model.set_weights(model.get_weights())
    model.count_params()
    assert model.graph.moment() is not None
    assert cs.load_model(tmp_path / "model.safetensors").graph.moment() is not None
    moment = model.graph.moment()
    model.predict(X, verbose=0)
    assert model.graph.moment() == moment
    model.train_on_batch(X, Y)
    assert model.graph.moment() != moment
    assert model.weights
    assert model.graph.moment() is None


def test_weights_that_are_being_written_are_looked_at(model: Any) -> None:
    from convoscope.layers import moments

    with moments.writing():
        assert model.graph.moment() is None
    assert model.graph.moment() is not None
