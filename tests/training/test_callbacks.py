"""Callbacks: Keras' hooks and names, what they remember, what they write."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, ConvoscopeWarning, StorageError, UnknownNameError
from convoscope.models.files import load_model
from convoscope.training.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from convoscope.training.optimizers import SGD
from convoscope.training.schedules import ExponentialDecay


class Spy(Callback):
    """Writes down the hooks that are called. It does not call super().__init__(), as lessons' callbacks do not."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("on_") and name != "on_progress":
            return lambda *_: self.calls.append(name)
        return super().__getattribute__(name)


def test_hooks_come_in_keras_order(model: Any, images: Any) -> None:
    spy = Spy()
    x, y = images
    model.fit(x[:4], y[:4], batch_size=2, validation_data=(x[:3], y[:3]), callbacks=[spy], verbose=0)
    batch = ["on_train_batch_begin", "on_train_batch_end"]
    test = ["on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_batch_begin"]
    assert spy.calls == [
        "on_train_begin",
        "on_epoch_begin",
        *batch,
        *batch,
        *test,
        "on_test_batch_end",
        "on_test_end",
        "on_epoch_end",
        "on_train_end",
    ]


def test_every_hook_gets_logs_to_ask(model: Any, images: Any) -> None:
    # Keras' guide to callbacks writes list(logs.keys()) in every hook.
    class Keys(Callback):
        def __init__(self) -> None:
            self.keys: dict[str, list[str]] = {}

        def __getattribute__(self, name: str) -> Any:
            if name.startswith("on_") and name != "on_progress":
                return lambda *given: self.keys.update({name: sorted(given[-1].keys())})
            return super().__getattribute__(name)

    watching = Keys()
    model.fit(*images, epochs=1, validation_data=images, verbose=0, callbacks=[watching])
    model.predict(images[0], verbose=0, callbacks=[watching])
    for hook in ("on_train_begin", "on_epoch_begin", "on_test_begin", "on_predict_begin", "on_predict_end"):
        assert watching.keys[hook] == []
    assert {"loss", "val_loss"} <= set(watching.keys["on_train_end"])


def test_old_batch_hooks_are_called(model: Any, images: Any) -> None:
    class Old(Callback):
        seen = 0

        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seen += 1
            assert logs["loss"] > 0

    callback = Old()
    model.fit(*images, batch_size=25, callbacks=[callback], verbose=0)
    assert callback.seen == 4


def test_what_a_callback_adds_to_the_logs_enters_the_history(model: Any, images: Any) -> None:
    def add(epoch: int, logs: dict[str, float]) -> None:
        logs["epoch_squared"] = float(epoch**2)

    history = model.fit(*images, epochs=3, callbacks=[LambdaCallback(on_epoch_end=add)], verbose=0)
    assert history.history["epoch_squared"] == [0.0, 1.0, 4.0]


def test_a_history_of_your_own_is_the_one_that_is_filled(model: Any, images: Any) -> None:
    own = History()
    assert model.fit(*images, callbacks=[own], verbose=0) is own


def test_an_unknown_hook_of_a_lambda_callback_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'on_epoch_end'"):
        LambdaCallback(on_epoch_ends=print)


# ---- learning rates


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [(lambda epoch, lr: lr * 0.5, [0.05, 0.025, 0.0125]), (lambda epoch: 0.1 / (1 + epoch), [0.1, 0.05, 0.1 / 3])],
)
def test_a_scheduler_sets_the_rate_of_each_epoch(new_model: Any, images: Any, schedule: Any, rates: Any) -> None:
    model = new_model(optimizer=SGD(0.1))
    history = model.fit(*images, epochs=3, callbacks=[LearningRateScheduler(schedule)], verbose=0).history
    assert history["learning_rate"] == pytest.approx(rates)


def test_an_error_in_a_scheduler_is_not_taken_for_a_missing_argument(model: Any, images: Any) -> None:
    def broken(epoch: int, lr: float) -> float:
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        model.fit(*images, callbacks=[LearningRateScheduler(broken)], verbose=0)
    with pytest.raises(ConfigurationError, match="learning_rate must be a number"):
        model.fit(*images, callbacks=[LearningRateScheduler(lambda epoch: None)], verbose=0)
    with pytest.raises(ConfigurationError, match=r"Adam\(learning_rate=schedule\)"):
        LearningRateScheduler(0.1)  # type: ignore[arg-type]


def test_a_rate_that_follows_a_schedule_cannot_be_reduced(new_model: Any, images: Any) -> None:
    model = new_model(optimizer=SGD(ExponentialDecay(0.1, 10, 0.5)))
    reducer = ReduceLROnPlateau("loss", patience=1, min_delta=100)
    with pytest.raises(ConfigurationError, match="follows a ExponentialDecay"):
        model.fit(*images, epochs=3, callbacks=[reducer], verbose=0)
    with pytest.raises(ConfigurationError, match="below 1"):
        ReduceLROnPlateau(factor=1.0)


# ---- what is watched


def test_what_is_better_is_known_from_the_metric(model: Any, images: Any) -> None:
    stopper = EarlyStopping(monitor="accuracy", patience=50, restore_best_weights=True)
    model.fit(*images, epochs=5, callbacks=[stopper], verbose=0)
    assert stopper.best == max(model.history.history["accuracy"])


def test_an_unknown_value_to_monitor_is_answered_with_the_known(model: Any, images: Any) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'accuracy'\\? Known: loss, accuracy"):
        model.fit(*images, callbacks=[EarlyStopping(monitor="acuracy")], verbose=0)
    with pytest.raises(UnknownNameError, match="mode of EarlyStopping"):
        EarlyStopping(mode="smallest")
    added = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(mine=1.0))
    with pytest.raises(ConfigurationError, match="Set mode='max' or mode='min'"):
        model.fit(*images, epochs=2, callbacks=[added, EarlyStopping(monitor="mine")], verbose=0)


def test_watching_a_validation_that_is_not_there_is_warned_of(model: Any, images: Any) -> None:
    with pytest.warns(ConvoscopeWarning, match="'val_loss', which was not measured in this epoch. Measured: loss, acc"):
        model.fit(*images, callbacks=[EarlyStopping()], verbose=0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: EarlyStopping("loss", patience=3, min_delta=0.02, restore_best_weights=True),
        lambda: EarlyStopping("accuracy", patience=2),
        lambda: ReduceLROnPlateau("loss", patience=1, min_delta=0.05, factor=0.5, cooldown=1),
    ],
)
@pytest.mark.parametrize("first", [1, 3, 4])
def test_a_resumed_run_ends_as_one_that_was_never_stopped(
    new_model: Any, images: Any, tmp_path: Path, make: Any, first: int
) -> None:
    whole = new_model(optimizer=SGD(0.05, momentum=0.9))
    whole.fit(*images, epochs=12, callbacks=[make()], verbose=0)

    class SaveAndStop(Callback):
        """What a run does: write down model and callback at the end of an epoch; here, the run then dies."""

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch + 1 == first:
                self.model.save(tmp_path / "model.safetensors")
                (tmp_path / "state.json").write_text(json.dumps(watched.state()))
                raise KeyboardInterrupt

    watched = make()
    with pytest.raises(KeyboardInterrupt):
        new_model(optimizer=SGD(0.05, momentum=0.9)).fit(
            *images, epochs=12, callbacks=[watched, SaveAndStop()], verbose=0
        )
    model, again = load_model(tmp_path / "model.safetensors"), make()
    again.restore(json.loads((tmp_path / "state.json").read_text()))
    history = model.fit(*images, initial_epoch=first, epochs=12, callbacks=[again], verbose=0)
    assert history.epoch == whole.history.epoch[first:]
    assert history.history["loss"] == whole.history.history["loss"][first:]
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), whole.get_weights(), strict=True))


def test_a_callback_begins_anew_with_the_next_training(model: Any, images: Any) -> None:
    stopper = EarlyStopping("loss", patience=1, min_delta=10.0)
    lengths = [len(model.fit(*images, epochs=9, callbacks=[stopper], verbose=0).epoch) for _ in range(2)]
    assert lengths == [2, 2]


# ---- what is written


def test_checkpoints_are_named_by_epoch_and_value(model: Any, images: Any, tmp_path: Path) -> None:
    saver = ModelCheckpoint(tmp_path / "new" / "model-{epoch:02d}-{val_loss:.3f}.safetensors")
    history = model.fit(*images, epochs=2, validation_split=0.2, callbacks=[saver], verbose=0).history
    names = [f"model-{i:02d}-{loss:.3f}.safetensors" for i, loss in enumerate(history["val_loss"], 1)]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == names
    last = load_model(tmp_path / "new" / names[-1])
    assert np.array_equal(last.predict(images[0], verbose=0), model.predict(images[0], verbose=0))


def test_only_improvements_are_saved_if_asked(new_model: Any, images: Any, tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    model = new_model(optimizer=SGD(0.05))
    worse = LearningRateScheduler(lambda epoch, lr: 0.05 if epoch < 3 else 30.0)
    saver = ModelCheckpoint(path, monitor="val_loss", save_best_only=True, save_weights_only=True)
    history = model.fit(*images, epochs=6, validation_split=0.3, callbacks=[worse, saver], verbose=0).history
    assert saver.best == min(history["val_loss"]) < history["val_loss"][-1]
    kept = new_model(seed=2)
    kept.load_weights(path)
    at = int(np.floor(97 * 0.7))
    assert kept.evaluate(images[0][at:], images[1][at:], verbose=0)[0] == saver.best
    before = path.read_bytes()
    threshold = ModelCheckpoint(path, monitor="loss", save_best_only=True, initial_value_threshold=0.0)
    model.fit(*images, callbacks=[threshold], verbose=0)
    assert path.read_bytes() == before


def test_checkpoints_can_come_after_so_many_batches(model: Any, images: Any, tmp_path: Path) -> None:
    saver = ModelCheckpoint(tmp_path / "{epoch}-{batch}.safetensors", save_freq=3)
    model.fit(*images, epochs=2, batch_size=25, callbacks=[saver], verbose=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-3.safetensors", "2-2.safetensors"]
    assert not ModelCheckpoint("x").watches("on_train_batch_end")
    assert saver.watches("on_train_batch_end")


def test_a_checkpoint_that_cannot_be_written_is_refused_by_name(model: Any, images: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"formatted \('val_loss'\)\. Available values: loss, accuracy, epoch"):
        model.fit(*images, callbacks=[ModelCheckpoint("{val_loss}.safetensors")], verbose=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be created"):
        model.fit(*images, callbacks=[ModelCheckpoint(tmp_path / "file" / "model.safetensors")], verbose=0)
    with pytest.raises(ConfigurationError, match="save_freq"):
        ModelCheckpoint("x", save_freq="batch")


def read(path: Path, separator: str = ",") -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file, delimiter=separator))


def test_a_csv_logger_writes_a_line_an_epoch(model: Any, images: Any, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    history = model.fit(*images, epochs=2, validation_split=0.2, callbacks=[CSVLogger(path)], verbose=0).history
    lines = read(path)
    assert lines[0] == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert [line[0] for line in lines[1:]] == ["0", "1"]
    assert [float(line[2]) for line in lines[1:]] == history["loss"]
    model.fit(
        *images, initial_epoch=2, epochs=3, validation_split=0.2, callbacks=[CSVLogger(path, append=True)], verbose=0
    )
    assert [line[0] for line in read(path)] == ["epoch", "0", "1", "2"]
    model.fit(*images, callbacks=[CSVLogger(path, separator=";")], verbose=0)
    assert read(path, ";")[1][3:] == ["NA", "NA"]


def test_a_table_that_cannot_be_written_is_known_before_training(model: Any, images: Any, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="could not be written"):
        model.fit(*images, callbacks=[CSVLogger(tmp_path / "none" / "log.csv")], verbose=0)
    assert model.optimizer.iterations == 0


def test_callbacks_say_what_they_do_if_asked(
    new_model: Any, images: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    callbacks = [
        LearningRateScheduler(lambda epoch, lr: lr, verbose=1),
        ReduceLROnPlateau("loss", patience=1, min_delta=10.0, verbose=1),
        EarlyStopping("loss", patience=2, min_delta=10.0, verbose=1, restore_best_weights=True),
        ModelCheckpoint(tmp_path / "m.safetensors", "loss", verbose=1, save_best_only=True),
    ]
    new_model(optimizer=SGD(0.1)).fit(*images, epochs=9, callbacks=callbacks, verbose=0)
    out = capsys.readouterr().out
    for said in (
        "Epoch 1: learning rate set to 0.1.",
        "Epoch 2: learning rate reduced to 0.01.",
        "Epoch 1: loss improved to ",
        "Epoch 1: model saved to ",
        "Epoch 3: early stopping",
        "Restoring the weights of the best epoch: 1.",
    ):
        assert said in out
