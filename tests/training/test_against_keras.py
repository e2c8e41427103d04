"""The same network, from the same weights, learns the same as in Keras: losses, metrics, rates, weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convoscope.engine.base import Engine
from convoscope.layers import Dense
from convoscope.models.sequential import Sequential
from convoscope.training import optimizers
from convoscope.training.callbacks import EarlyStopping, LambdaCallback, ReduceLROnPlateau


def test_training_gives_keras_history_rates_and_weights(keras_values: dict[str, Any], engine: Engine) -> None:
    runs = keras_values["runs"]
    x, y = np.array(runs["x"]), np.array(runs["y"])
    for case in runs["cases"]:
        where = f"{case['class']} {case['settings']} {list(case['extra'])} on {engine.name}"
        model = Sequential([Dense(8, activation="relu", input_shape=(6,)), Dense(3, activation="softmax")])
        model.set_weights([np.array(weight) for weight in runs["weights"]])
        optimizer = optimizers.deserialize({"class_name": case["class"], "config": case["settings"]})
        model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        rates: list[float] = []
        record = LambdaCallback(
            on_train_batch_begin=lambda batch, logs, o=optimizer, r=rates: r.append(o.learning_rate)
        )
        extra = {name: _with_numbers_as_keys(value) for name, value in case["extra"].items()}
        history = model.fit(x, y, verbose=0, shuffle=False, callbacks=[record], **runs["fit"], **extra).history
        assert rates == pytest.approx(case["rates"], rel=1e-6), where
        assert set(history) == set(case["history"]), where
        for name, values in case["history"].items():
            assert history[name] == pytest.approx(values, rel=1e-5), f"{name} of {where}"
        evaluation = model.evaluate(x, y, verbose=0, sample_weight=extra.get("sample_weight"))
        assert evaluation == pytest.approx(case["evaluate"], rel=1e-5), where
        np.testing.assert_allclose(model.get_weights()[1], case["first_bias"], rtol=1e-4, atol=1e-6, err_msg=where)


def _with_numbers_as_keys(value: Any) -> Any:
    """Undo what JSON does to the keys of a dict."""
    return {int(label): weight for label, weight in value.items()} if isinstance(value, dict) else value


class Stand:
    """As much of a model as callbacks want; its weights are the number of the epoch."""

    def __init__(self) -> None:
        self.optimizer = optimizers.SGD(0.1)
        self.stop_training = False
        self.epoch = -1

    def get_weights(self) -> list[np.ndarray]:
        return [np.array([self.epoch], np.float32)]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.epoch = int(weights[0][0])


def test_early_stopping_stops_and_restores_where_keras_does(keras_values: dict[str, Any]) -> None:
    expected = keras_values["callbacks"]
    for case in expected["early_stopping"]:
        model, stopper = Stand(), EarlyStopping(**{"mode": "min", **case["settings"]})
        stopper.set_model(model)
        stopper.on_train_begin()
        for epoch, value in enumerate(expected["series"][case["series"]]):
            model.epoch = epoch
            stopper.on_epoch_end(epoch, {"loss": value, "val_loss": value})
            if model.stop_training:
                break
        stopper.on_train_end()
        found = {"stopped": stopper.stopped_epoch, "best_epoch": stopper.best_epoch, "weights_of": model.epoch}
        assert found == {name: case[name] for name in found}, case


def test_a_plateau_reduces_the_learning_rate_when_keras_does(keras_values: dict[str, Any]) -> None:
    expected = keras_values["callbacks"]
    for case in expected["reduce_lr_on_plateau"]:
        model, reducer = Stand(), ReduceLROnPlateau(**{"mode": "min", **case["settings"]})
        reducer.set_model(model)
        reducer.on_train_begin()
        rates = []
        for epoch, value in enumerate(expected["series"][case["series"]]):
            logs = {"loss": value, "val_loss": value}
            before = model.optimizer.learning_rate
            reducer.on_epoch_end(epoch, logs)
            assert logs["learning_rate"] == before
            rates.append(model.optimizer.learning_rate)
        assert rates == pytest.approx(case["rates"], rel=1e-6), case
