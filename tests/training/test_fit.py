"""The training loop: what an epoch depends on, what callbacks change, what is measured."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, DataError, NotReadyError, ShapeError
from convoscope.layers import Dense, Flatten
from convoscope.models.sequential import Sequential
from convoscope.training import metrics
from convoscope.training.callbacks import Callback, LambdaCallback
from convoscope.training.optimizers import SGD, Adam
from convoscope.training.schedules import ExponentialDecay, PiecewiseConstantDecay


def same(one: Any, other: Any) -> bool:
    """Whether two models have the same weights, bit for bit."""
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def test_a_model_learns(new_model: Any, images: Any, engine: Engine) -> None:
    model = new_model(dropout=0.0, optimizer=Adam(0.01))
    history = model.fit(*images, epochs=40, batch_size=8, verbose=0)
    assert history.history["accuracy"][-1] > 0.9
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]
    assert model.evaluate(*images, verbose=0)[1] > 0.95


@pytest.mark.parametrize("shuffle", [True, False])
def test_two_epochs_and_two_more_are_four_epochs_bit_for_bit(
    new_model: Any, images: Any, engine: Engine, shuffle: bool
) -> None:
    at_once, in_parts = new_model(), new_model()
    whole = at_once.fit(*images, epochs=4, shuffle=shuffle, verbose=0).history
    first = in_parts.fit(*images, epochs=2, shuffle=shuffle, verbose=0)
    rest = in_parts.fit(*images, initial_epoch=2, epochs=4, shuffle=shuffle, verbose=0)
    assert same(at_once, in_parts)
    assert whole["loss"] == first.history["loss"] + rest.history["loss"]
    assert (first.epoch, rest.epoch) == ([0, 1], [2, 3])


def test_looking_at_every_batch_changes_nothing(new_model: Any, images: Any, engine: Engine) -> None:
    watched, unwatched = new_model(), new_model()
    batches: list[tuple[int, float]] = []
    spy = LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append((batch, logs["loss"])))
    one = watched.fit(*images, epochs=2, batch_size=32, callbacks=[spy], verbose=0).history
    other = unwatched.fit(*images, epochs=2, batch_size=32, verbose=0).history
    assert same(watched, unwatched)
    assert [batch for batch, _ in batches] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert one["accuracy"] == other["accuracy"]
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-12)
    assert batches[3][1] == one["loss"][0]  # the last batch's logs are the epoch's


def test_the_seed_alone_decides_what_is_learned(new_model: Any, images: Any) -> None:
    one, same_seed, other_seed = new_model(5), new_model(5), new_model(6)
    other_seed.set_weights(one.get_weights())
    for model in (one, same_seed, other_seed):
        model.fit(*images, verbose=0)
    assert same(one, same_seed)
    assert not same(one, other_seed)


def test_bytes_floats_and_doubles_of_the_same_values_teach_the_same(new_model: Any, images: Any) -> None:
    x, y = images
    models = [new_model() for _ in range(3)]
    for model, dtype in zip(models, (np.uint8, np.float32, np.float64), strict=True):
        model.fit(x.astype(dtype), y, verbose=0)
    assert same(models[0], models[1])
    assert same(models[0], models[2])


def test_no_float_copy_is_made_of_a_byte_data_set(new_model: Any, images: Any) -> None:
    x, y = np.tile(images[0], (400, 1, 1, 1)), np.tile(images[1], 400)  # 1.4 MB of bytes, 5.6 MB as float32
    model = new_model()
    model.fit(x[:64], y[:64], verbose=0)  # what is made once has been made
    tracemalloc.start()
    model.fit(x, y, batch_size=256, verbose=0, steps_per_epoch=20)
    model.evaluate(x[:10000], y[:10000], verbose=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3.5e6


def test_validation_takes_the_last_part_as_the_data_is_given(new_model: Any, images: Any) -> None:
    x, y = images
    model, other = new_model(), new_model()
    split = model.fit(x, y, epochs=2, validation_split=0.25, verbose=0).history
    at = int(np.floor(97 * 0.75))
    given = other.fit(x[:at], y[:at], epochs=2, validation_data=(x[at:], y[at:]), verbose=0).history
    assert same(model, other)
    assert split == given
    by_hand = model.evaluate(x[at:], y[at:], verbose=0)
    assert [split["val_loss"][-1], split["val_accuracy"][-1]] == by_hand


def test_validation_comes_as_often_as_asked(model: Any, images: Any) -> None:
    history = model.fit(*images, epochs=4, validation_split=0.2, validation_freq=2, verbose=0).history
    assert (len(history["loss"]), len(history["val_loss"])) == (4, 2)
    history = model.fit(*images, epochs=4, validation_split=0.2, validation_freq=[1, 2, 4], verbose=0).history
    assert len(history["val_loss"]) == 3


def test_class_weights_are_sample_weights_and_validation_is_not_weighed(new_model: Any, images: Any) -> None:
    x, y = images
    table = {0: 0.5, 1: 2.0, 2: 1.0}
    by_class, by_sample = new_model(), new_model()
    weights = np.array([table[int(label)] for label in y])
    one = by_class.fit(x, y, class_weight=table, validation_split=0.2, verbose=0).history
    other = by_sample.fit(
        x[:77], y[:77], sample_weight=weights[:77], validation_data=(x[77:], y[77:]), verbose=0
    ).history
    assert one == other
    assert same(by_class, by_sample)
    automatic = new_model().fit(x, y, class_weight="auto", verbose=0).history
    assert np.isfinite(automatic["loss"]).all()


def test_a_changed_learning_rate_counts_from_the_next_step(new_model: Any, images: Any) -> None:
    model = new_model(optimizer=SGD(0.1))
    seen = []

    class Stop(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(self.model.get_weights()[0])
            if batch == 1:
                self.model.optimizer.learning_rate = 0.0

    model.fit(*images, batch_size=32, callbacks=[Stop()], verbose=0)
    assert not np.array_equal(seen[0], seen[1])
    assert np.array_equal(seen[1], seen[2])
    assert np.array_equal(seen[1], seen[3])


def test_a_schedule_gives_each_step_its_rate(new_model: Any, images: Any) -> None:
    model = new_model(optimizer=SGD(PiecewiseConstantDecay([1], [0.1, 0.0])))
    other = new_model(optimizer=SGD(0.1))
    model.fit(*images, batch_size=32, epochs=2, verbose=0)
    other.fit(*images, batch_size=32, steps_per_epoch=2, verbose=0)
    assert same(model, other)
    assert model.optimizer.iterations == 8
    decayed = new_model(optimizer=Adam(ExponentialDecay(0.1, 4, 0.5)))
    decayed.fit(*images, batch_size=32, verbose=0)
    assert decayed.optimizer.learning_rate == pytest.approx(0.05)


def test_a_callback_stops_training_after_its_epoch_or_its_batch(model: Any, images: Any) -> None:
    class MyCallback(Callback):
        def on_epoch_end(self, epoch, logs={}):  # type: ignore[no-untyped-def]  # noqa: B006 - as lessons write it
            if logs.get("accuracy") > 0.1:
                self.model.stop_training = True

    assert len(model.fit(*images, epochs=5, callbacks=[MyCallback()], verbose=0).epoch) == 1
    # The next training begins anew.
    assert len(model.fit(*images, epochs=2, verbose=0).epoch) == 2

    class AfterTwo(Callback):
        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 1

    before = model.optimizer.iterations
    model.fit(*images, epochs=5, batch_size=16, callbacks=AfterTwo(), verbose=0)
    assert model.optimizer.iterations == before + 2


def test_what_a_callback_evaluates_does_not_disturb_what_training_measures(new_model: Any, images: Any) -> None:
    class Curious(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.evaluate(*images, verbose=0)

    disturbed = new_model().fit(*images, callbacks=[Curious()], verbose=0).history
    assert disturbed["accuracy"] == new_model().fit(*images, verbose=0).history["accuracy"]


def test_nothing_is_trained_when_the_epochs_are_done(model: Any, images: Any) -> None:
    before = model.get_weights()
    history = model.fit(*images, initial_epoch=3, epochs=3, verbose=0)
    assert history.history == {}
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_the_history_is_kept_with_the_model_and_knows_the_run(model: Any, images: Any) -> None:
    history = model.fit(*images, epochs=2, batch_size=10, verbose=0)
    assert model.history is history
    assert list(history.history) == ["loss", "accuracy"]
    assert history.params == {"verbose": 0, "epochs": 2, "steps": 10}


def test_metrics_are_named_as_they_were_asked_for(new_model: Any, images: Any) -> None:
    model = new_model(metrics=["acc", "sparse_top_k_categorical_accuracy", metrics.SparseCategoricalAccuracy()])
    history = model.fit(*images, validation_split=0.2, verbose=0).history
    assert list(history)[:4] == ["loss", "acc", "sparse_top_k_categorical_accuracy", "sparse_categorical_accuracy"]
    assert "val_acc" in history
    assert history["sparse_top_k_categorical_accuracy"] == [1.0]


def test_one_batch_is_one_step_of_fit(new_model: Any, images: Any, engine: Engine) -> None:
    x, y = images
    one, other = new_model(), new_model()
    logs = one.train_on_batch(x, y, return_dict=True)
    history = other.fit(x, y, batch_size=len(x), shuffle=False, verbose=0).history
    assert same(one, other)
    assert logs == {name: values[0] for name, values in history.items()}
    weighted = one.train_on_batch(x, y, class_weight={0: 2.0})
    assert [type(value) for value in weighted] == [float, float]
    assert one.test_on_batch(x, y) == one.evaluate(x, y, verbose=0)


def test_a_frozen_layer_stays_as_it_is(new_model: Any, images: Any) -> None:
    model = new_model()
    model.fit(*images, verbose=0)
    model.layers[1].trainable = False
    before = model.get_weights()
    model.fit(*images, verbose=0)
    after = model.get_weights()
    assert np.array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


def test_labels_can_be_one_hot_or_columns(new_model: Any, images: Any) -> None:
    x, y = images
    sparse, dense = new_model(), new_model(loss="categorical_crossentropy")
    one = sparse.fit(x, y[:, None].astype(np.float64), verbose=0).history
    other = dense.fit(x, np.eye(3)[y], verbose=0).history
    assert one["accuracy"] == other["accuracy"]
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-6)


def test_a_binary_model_learns_from_plain_labels(images: Any) -> None:
    x, y = images
    model = Sequential([Flatten(input_shape=(6, 6, 1)), Dense(1, activation="sigmoid")], seed=1)
    model.compile(Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x / 255.0, y == 2, epochs=30, verbose=0).history
    assert history["accuracy"][-1] > 0.9


# ---- what is refused


def test_a_model_that_is_not_compiled_is_refused(images: Any) -> None:
    from convoscope.training.stages import fit

    model = Sequential([Flatten(input_shape=(6, 6, 1)), Dense(3, activation="softmax")])
    with pytest.raises(NotReadyError, match=r"has not been compiled.*model.compile"):
        fit(model, *images)
    model.compile("adam")
    with pytest.raises(NotReadyError, match="without a loss"):
        model.fit(*images)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"batch_size": 0}, ConfigurationError, "batch_size must be at least 1"),
        ({"batch_size": 2.5}, ConfigurationError, "batch_size must be a whole number"),
        ({"epochs": -1}, ConfigurationError, "epochs must be at least 0"),
        ({"verbose": "loud"}, ConfigurationError, "verbose must be"),
        ({"validation_split": 1.0}, ConfigurationError, "validation_split=1.0 of 97 samples leaves 0"),
        ({"validation_data": np.zeros(3)}, ConfigurationError, "must be .x, y."),
        ({"validation_data": (np.zeros((2, 5, 5, 1)), [0, 1])}, ShapeError, "^validation_data: .*5 × 5 pixels"),
        ({"validation_data": (np.zeros((2, 6, 6, 1)), [0, 9])}, DataError, "^validation_data: label 9"),
        ({"validation_freq": 0}, ConfigurationError, "validation_freq must be at least 1"),
        ({"callbacks": [Callback]}, ConfigurationError, r"Callback is a class. Write Callback\(\)"),
        ({"callbacks": ["early stopping"]}, ConfigurationError, "is not a callback"),
        ({"class_weight": {3: 1.0}}, ConfigurationError, "names class 3"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_before_anything_changes(
    model: Any, images: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.fit(*images, **{"verbose": 0, **options})
    assert model.optimizer.iterations == 0
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
