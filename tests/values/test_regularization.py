"""Regularizers and constraints train as they do in Keras (``tools/make_regularization_values.py``)."""

from __future__ import annotations

import numpy as np
import pytest
from tests.values.test_against_keras import UNIT, Case, cases, trained_as_by_keras

from convoscope import layers as cl
from convoscope.engine.base import Engine
from convoscope.models.sequential import Sequential
from convoscope.training.optimizers import Adam


@pytest.mark.parametrize("case", cases("regularization"))
def test_twelve_steps_give_the_losses_penalties_and_weights_of_keras(engine: Engine, case: Case) -> None:
    penalties = np.zeros(12)
    trained_as_by_keras(engine, case, penalties)
    np.testing.assert_allclose(penalties, case.found["penalties"], rtol=1e-5, atol=1e-7, err_msg="penalties")


@pytest.mark.parametrize("case", cases("regularized_fit"))
def test_fit_and_evaluate_report_the_losses_of_keras(engine: Engine, case: Case) -> None:
    stack = [cl.deserialize(description) for description in case.about["layers"]]
    model = Sequential([cl.Input(tuple(case.about["input_shape"])), *stack])
    model.set_weights(case.weights(case.given))
    for position in case.about["frozen"]:
        model.layers[position].trainable = False
    model.compile(Adam(0.01), "sparse_categorical_crossentropy")
    x, y = case.given["x"], np.rint(case.given["y"] * UNIT).astype(np.int32)
    options = {"sample_weight": case.given["sample_weight"], "verbose": 0, "batch_size": case.about["batch_size"]}
    history = model.fit(x, y, epochs=2, shuffle=False, validation_split=0.2, **options).history
    found = {"loss": history["loss"], "val_loss": history["val_loss"], "evaluate": [model.evaluate(x, y, **options)]}
    found |= {"test_on_batch": [model.test_on_batch(x[:5], y[:5])], "penalties": model.losses}
    for name, ours in found.items():
        np.testing.assert_allclose(ours, case.found[name], rtol=1e-5, atol=1e-7, err_msg=name)
