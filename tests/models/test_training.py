"""What models delegate: compile, fit, evaluate, predict, and what must hold around them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, NotReadyError, UnknownNameError
from convoscope.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from convoscope.models import Sequential
from convoscope.training.optimizers import SGD


def data(count: int = 40) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    generator = np.random.default_rng(3)
    return generator.random((count, 8, 8, 1), np.float32), generator.integers(0, 3, count)


def small_model(seed: int = 1) -> Sequential:
    layers = [
        Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
        MaxPooling2D(),
        Flatten(),
        Dropout(0.2),
        Dense(3, activation="softmax"),
    ]
    model = Sequential(layers, seed=seed)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_fit_evaluate_and_predict_go_together(engine: Engine) -> None:
    x, y = data()
    model = small_model()
    history = model.fit(x, y, batch_size=8, epochs=3, validation_data=(x, y), verbose=0)
    assert model.history is history
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    loss, accuracy = model.evaluate(x, y, verbose=0)
    outputs = model.predict(x, verbose=0)
    # Both from the definition, in double precision.
    assert loss == pytest.approx(-np.log(outputs[np.arange(len(y)), y].astype(float)).mean(), rel=1e-5)
    assert accuracy == pytest.approx((outputs.argmax(axis=1) == y).mean())
    assert history.history["val_loss"][-1] == pytest.approx(loss, rel=1e-5)


def test_keras_order_of_arguments_is_kept() -> None:
    x, y = data()
    model = small_model()
    history = model.fit(x, y, 8, 2, 0)
    assert len(history.history["loss"]) == 2
    assert model.optimizer is not None
    assert model.optimizer.iterations == 10
    assert set(model.evaluate(x, y, 8, 0, return_dict=True)) == {"loss", "accuracy"}


def test_training_on_a_batch_changes_weights_and_testing_on_one_does_not() -> None:
    x, y = data(8)
    model = small_model()
    before = model.get_weights()
    model.test_on_batch(x, y)
    assert all(np.array_equal(weight, old) for weight, old in zip(model.weights, before, strict=True))
    model.train_on_batch(x, y)
    assert not np.array_equal(model.weights[0], before[0])


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_what_needs_a_loss_before_compile_says_what_to_call(method: str) -> None:
    x, y = data()
    with pytest.raises(NotReadyError, match=rf"{method} needs.*model\.compile"):
        getattr(Sequential([Flatten(), Dense(3)]), method)(x, y)


def test_compile_refuses_what_it_does_not_know_and_then_changes_nothing() -> None:
    model = small_model()
    kept = model.optimizer, model.loss, model.metrics
    with pytest.raises(UnknownNameError, match="Did you mean 'adam'"):
        model.compile("adm", "mse")
    with pytest.raises(UnknownNameError, match="loss"):
        model.compile("sgd", "sparse_crossentropy")
    with pytest.raises(UnknownNameError, match="acuracy"):
        model.compile("sgd", "mse", metrics=["acuracy"])
    with pytest.raises(ConfigurationError, match="loss_weights"):
        model.compile("sgd", "mse", loss_weights=[1.0, 2.0])
    with pytest.raises(UnknownNameError, match=r"argument of compile.*Did you mean 'metrics'"):
        model.compile("sgd", "mse", metric=["accuracy"])
    assert (model.optimizer, model.loss, model.metrics) == kept


def test_compile_takes_kerass_options_that_change_no_result() -> None:
    model = small_model()
    model.compile("sgd", "mse", metrics="accuracy", jit_compile=True, run_eagerly=False, weighted_metrics=None)
    assert [metric.name for metric in model.metrics] == ["accuracy"]


def test_adding_a_layer_after_training_keeps_what_was_learned() -> None:
    x, y = data()
    model = small_model()
    model.fit(x, y, epochs=1, verbose=0)
    learned = model.get_weights()
    model.add(Dense(3, activation="softmax"))
    for weight, kept in zip(model.weights, learned, strict=False):
        np.testing.assert_array_equal(weight, kept)
    model.fit(x, y, epochs=1, verbose=0)
    assert not np.array_equal(model.weights[0], learned[0])


def test_a_frozen_layer_keeps_its_weights_and_can_be_set_free_again(engine: Engine) -> None:
    x, y = data()
    model = small_model()
    model.layers[0].trainable = False
    kernel, head = model.weights[0].copy(), model.weights[2].copy()
    model.fit(x, y, epochs=1, verbose=0)
    np.testing.assert_array_equal(model.weights[0], kernel)
    assert not np.array_equal(model.weights[2], head)
    model.layers[0].trainable = True
    model.fit(x, y, epochs=1, verbose=0)
    assert not np.array_equal(model.weights[0], kernel)


def test_a_new_head_on_frozen_layers_learns_and_the_base_stays(engine: Engine) -> None:
    x, y = data()
    base = small_model()
    base.fit(x, y, epochs=1, verbose=0)
    base.trainable = False
    kept, before = base.get_weights(), base.predict(x, verbose=0)
    other = Sequential([*base.layers[:-1], Dense(5, activation="softmax")])
    other.compile(SGD(0.1), "sparse_categorical_crossentropy")
    other.fit(x, y, epochs=2, verbose=0)
    for weight, old in zip(base.weights, kept, strict=True):
        np.testing.assert_array_equal(weight, old)
    np.testing.assert_array_equal(base.predict(x, verbose=0), before)


def test_two_models_on_the_same_layers_train_the_same_weights(engine: Engine) -> None:
    x, y = data()
    base = small_model()
    other = Sequential([*base.layers[:-1], Dense(5, activation="softmax")])
    other.compile(SGD(0.1), "sparse_categorical_crossentropy")
    before = base.predict(x, verbose=0)
    other.fit(x, y, epochs=1, verbose=0)
    assert not np.array_equal(base.predict(x, verbose=0), before)


def test_the_same_seed_gives_the_same_training(engine: Engine) -> None:
    x, y = data()
    runs = []
    for _ in range(2):
        model = small_model(seed=9)
        model.fit(x, y, epochs=2, batch_size=16, verbose=0)
        runs.append(model.get_weights())
    for first, second in zip(*runs, strict=True):
        np.testing.assert_array_equal(first, second)


def test_moving_averages_are_written_in_training_though_no_gradient_reaches_them(engine: Engine) -> None:
    x, y = data()
    layers = [BatchNormalization(input_shape=(8, 8, 1)), Flatten(), Dense(3, activation="softmax")]
    model = Sequential(layers)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=40, epochs=1, shuffle=False, verbose=0)
    moving_mean = model.layers[0].weights[2]
    np.testing.assert_allclose(moving_mean, 0.01 * x.mean(axis=(0, 1, 2)), rtol=1e-4)
