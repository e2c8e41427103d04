"""Steps, generators and sequences in fit, evaluate and predict, held to what Keras does: tools/make_fit_values.py."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.errors import ConvoscopeWarning

VALUES: dict[str, Any] = json.loads((Path(__file__).parent / "fit_values.json").read_text())
COUNT, BATCH = 18, 4
PLAIN: dict[str, Any] = {"shuffle": False, "batch_size": BATCH}

INDEX = np.arange(COUNT * 5, dtype=np.float64).reshape(COUNT, 5)
X, Y = np.cos(INDEX * 1.7).astype(np.float32), (np.arange(COUNT) * 7 % 3).astype(np.int64)
KERNEL = np.sin(np.arange(15, dtype=np.float64)).reshape(5, 3).astype(np.float32)


def network(metrics: bool = False) -> Any:
    model = cs.Sequential([cs.Input((5,)), cs.layers.Dense(3, activation="softmax")])
    model.compile(cs.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"] * metrics)
    model.set_weights([KERNEL, np.zeros(3)])
    return model


def batches() -> Iterator[tuple[Any, Any]]:
    for first in range(0, COUNT, BATCH):
        yield X[first : first + BATCH], Y[first : first + BATCH]


class Batches(cs.utils.PyDataset):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.called: list[str] = []

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        part = slice(index * BATCH, (index + 1) * BATCH)
        return X[part], Y[part]

    def on_epoch_begin(self) -> None:
        self.called.append("begin")

    def on_epoch_end(self) -> None:
        self.called.append("end")


class Listed:
    """Has batches by their number and is derived from nothing."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return X[index * BATCH :][:BATCH], Y[index * BATCH :][:BATCH]


class Again:
    """Can be iterated over again and again, and does not say how far."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return batches()


WEIGHTS = np.linspace(0.2, 2, COUNT).astype(np.float32)
CASES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("2 steps of 5", (X, Y), {"epochs": 5, "steps_per_epoch": 2, **PLAIN}),
    ("5 steps of 5", (X, Y), {"epochs": 2, "steps_per_epoch": 5, **PLAIN}),
    ("7 steps of 5", (X, Y), {"epochs": 2, "steps_per_epoch": 7, **PLAIN}),
    ("4 steps, no batch size", (X, Y), {"epochs": 3, "steps_per_epoch": 4, "shuffle": False}),
    ("a generator, 2 steps", (batches,), {"epochs": 2, "steps_per_epoch": 2}),
    ("a sequence", (Batches,), {"epochs": 2, "shuffle": False}),
    ("a sequence", (Listed,), {"epochs": 2, "shuffle": False}),
    ("a sequence", (Again,), {"epochs": 2}),
    ("a sequence, 2 steps", (Batches,), {"epochs": 4, "steps_per_epoch": 2, "shuffle": False}),
    ("a sequence, 2 steps", (Again,), {"epochs": 4, "steps_per_epoch": 2}),
    ("a sequence, class weights", (Batches,), {"shuffle": False, "class_weight": {0: 2.0, 1: 0.5}}),
    ("a sequence, workers", (lambda: Batches(workers=2, max_queue_size=3),), {"epochs": 2, "shuffle": False}),
    ("a sequence, workers", (Batches,), {"epochs": 2, "shuffle": False, "workers": 3, "use_multiprocessing": True}),
    ("validation steps", (X, Y), {"epochs": 2, "validation_data": (X, Y), "validation_steps": 2, **PLAIN}),
    ("validation sequence", (X, Y), {"epochs": 3, "validation_data": Batches(), "validation_freq": 2, **PLAIN}),
    ("validation sequence", (X, Y), {"epochs": 3, "validation_data": Again(), "validation_freq": [2], **PLAIN}),
    ("validation weights", (X, Y), {"validation_data": (X, Y, WEIGHTS), "validation_batch_size": 7, **PLAIN}),
]


@pytest.mark.parametrize(("name", "given", "options"), CASES)
def test_fit_takes_the_batches_that_keras_takes(
    name: str, given: tuple[Any, ...], options: dict[str, Any], engine: Engine
) -> None:
    expected = VALUES[name]
    model, steps = network(), []
    counter = cs.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: steps.append(0),
        on_train_batch_end=lambda batch, logs: steps.append(steps.pop() + 1),
    )
    made = [each() if callable(each) else each for each in given]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model.fit(*made, verbose=0, callbacks=[counter], **options).history
    assert steps == expected["steps"]
    assert sum("your input ran out of data" in str(each.message) for each in caught) == expected["ran_out"]
    assert list(history) == [key for key in expected if key in ("loss", "val_loss")]
    for key, values in history.items():
        assert values == pytest.approx(expected[key], rel=1e-5)
    assert model.get_weights()[1] == pytest.approx(expected["bias"], abs=1e-6)


def test_a_generator_without_steps_is_trained_on_to_its_end() -> None:
    # Keras warns here that the data ran out, after an epoch that is whole.
    model = network()
    history = model.fit(batches(), verbose=0).history
    assert history["loss"] == pytest.approx(VALUES["a generator"]["loss"], rel=1e-5)
    assert model.get_weights()[1] == pytest.approx(VALUES["a generator"]["bias"], abs=1e-6)


def test_a_sequence_hears_of_epochs_as_in_keras() -> None:
    sequence, model = Batches(), network()
    model.fit(sequence, shuffle=False, epochs=2, verbose=0)
    assert sequence.called == VALUES["hooks of fit"]
    sequence.called.clear()
    model.evaluate(sequence, verbose=0)
    assert sequence.called == VALUES["hooks of evaluate"]


def test_evaluate_and_predict_take_steps_as_keras_does() -> None:
    model = network(metrics=True)
    for name, found in (
        ("evaluate, 2 steps", model.evaluate(X, Y, batch_size=BATCH, steps=2, verbose=0)),
        ("evaluate, 2 steps, no batch size", model.evaluate(X, Y, steps=2, verbose=0)),
        ("evaluate a generator", model.evaluate(batches(), verbose=0)),
    ):
        assert found == pytest.approx(VALUES[name], rel=1e-5), name
    for name, outputs in (
        ("predict, 2 steps", model.predict(X, batch_size=BATCH, steps=2, verbose=0)),
        ("predict a generator, 3 steps", model.predict(batches(), steps=3, verbose=0)),
    ):
        np.testing.assert_allclose(outputs, VALUES[name], rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("name", "shape", "given"),
    [
        ("values without an axis", (1,), X[:, 0]),
        ("one axis too many", (5,), X[..., None]),
        ("grey images without channels", (1, 5, 1), X[:, None, :]),
    ],
)
def test_a_last_axis_is_added_and_taken_off_as_in_keras(name: str, shape: tuple[int, ...], given: Any) -> None:
    inputs = cs.Input(shape)
    model = cs.Model(inputs, cs.layers.Dense(1, use_bias=False)(cs.layers.Flatten()(inputs)))
    model.set_weights([np.linspace(1, 2, model.count_params())[:, None]])
    for call in (
        lambda: model.predict(given, verbose=0),
        lambda: model.predict([given], verbose=0),
        lambda: model(given),
    ):
        with pytest.warns(ConvoscopeWarning, match="channel axis is missing") if len(shape) == 3 else nullcontext():
            found = call()
        np.testing.assert_allclose(found[:, 0], VALUES["inputs"][name], rtol=1e-5, atol=1e-6)


def test_a_generator_that_ends_too_soon_ends_training_with_a_warning() -> None:
    # Keras goes on with the first two batches again, which it had looked at in advance.
    model = network()
    with pytest.warns(ConvoscopeWarning, match=r"epoch 3: your input ran out of data after 1 of 2 steps"):
        history = model.fit(batches(), epochs=5, steps_per_epoch=2, verbose=0)
    assert history.epoch == [0, 1, 2]
    assert model.optimizer.iterations == 5
