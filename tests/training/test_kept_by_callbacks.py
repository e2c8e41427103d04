"""What callbacks keep on disk: weights that load, and backups from which training goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.models import load_model
from convoscope.training.callbacks import (
    BackupAndRestore,
    Callback,
    LambdaCallback,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    RemoteMonitor,
)
from convoscope.training.optimizers import SGD, Adam
from convoscope.training.schedules import LearningRateSchedule


@pytest.mark.parametrize("name", ["best.safetensors", "best.weights.h5"])
def test_weights_of_a_checkpoint_load_into_a_model(name: str, images: Any, new_model: Any, tmp_path: Path) -> None:
    if name.endswith(".h5"):
        pytest.importorskip("h5py")
    x, y = images
    model = new_model()
    checkpoint = ModelCheckpoint(tmp_path / "kept" / name, save_weights_only=True)
    model.fit(x, y, epochs=1, verbose=0, callbacks=[checkpoint])
    other = new_model(seed=2)
    other.load_weights(tmp_path / "kept" / name)
    assert all((a == b).all() for a, b in zip(model.get_weights(), other.get_weights(), strict=True))


def test_a_template_names_a_file_for_each_epoch(images: Any, new_model: Any, tmp_path: Path) -> None:
    x, y = images
    model = new_model()
    template = str(tmp_path / "w-{epoch:02d}-{val_loss:.2f}.safetensors")
    checkpoint = ModelCheckpoint(template, save_weights_only=True)
    history = model.fit(x, y, epochs=2, verbose=0, validation_data=(x, y), callbacks=[checkpoint]).history
    expected = [f"w-{epoch:02d}-{loss:.2f}.safetensors" for epoch, loss in enumerate(history["val_loss"], 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(expected)


class Cut(Exception):  # noqa: N818 - the power is cut
    """Training is cut off."""


def cut_after(epochs: int) -> Callback:
    def end(epoch: int, logs: Any) -> None:
        if epoch + 1 == epochs:
            raise Cut

    return LambdaCallback(on_epoch_end=end)


OPTIMIZERS = [
    lambda: Adam(0.01, use_ema=True, gradient_accumulation_steps=2),
    lambda: SGD(Slowing(), momentum=0.9),
]


class Slowing(LearningRateSchedule):
    """A schedule that no file knows of."""

    def __call__(self, step: Any) -> Any:
        return 0.1 / (1 + step)

    def get_config(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=["adam", "own schedule"])
def test_training_that_was_cut_off_goes_on_as_if_it_had_not_been(
    optimizer: Any, images: Any, new_model: Any, tmp_path: Path
) -> None:
    x, y = images
    whole = new_model(optimizer=optimizer())
    history = whole.fit(x, y, epochs=4, verbose=0).history
    backup = BackupAndRestore(tmp_path / "backup")
    with pytest.raises(Cut):
        new_model(optimizer=optimizer()).fit(x, y, epochs=4, verbose=0, callbacks=[backup, cut_after(2)])
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["epoch-0002.safetensors"]
    again = new_model(optimizer=optimizer())
    rest = again.fit(x, y, epochs=4, verbose=0, callbacks=[BackupAndRestore(tmp_path / "backup")])
    assert rest.epoch == [2, 3]
    assert rest.history["loss"] == history["loss"][2:]
    assert all((a == b).all() for a, b in zip(whole.get_weights(), again.get_weights(), strict=True))
    assert not (tmp_path / "backup").exists()


def test_a_backup_between_epochs_begins_the_epoch_again(images: Any, new_model: Any, tmp_path: Path) -> None:
    x, y = images
    model = new_model()

    def cut(batch: int, logs: Any) -> None:
        if model.optimizer.iterations == 6:
            raise Cut

    backup = BackupAndRestore(tmp_path, save_freq=5, delete_checkpoint=False)
    with pytest.raises(Cut):
        model.fit(
            x,
            y,
            batch_size=25,
            epochs=3,
            verbose=0,
            callbacks=[backup, LambdaCallback(on_train_batch_end=cut)],
        )
    [kept] = tmp_path.iterdir()  # 4 batches to an epoch: the fifth is the second epoch's first
    assert (kept.name, load_model(kept).optimizer.iterations) == ("epoch-0001.safetensors", 5)
    again = new_model()
    assert again.fit(x, y, batch_size=25, epochs=3, verbose=0, callbacks=[backup]).epoch == [1, 2]
    assert again.optimizer.iterations == 5 + 8
    assert list(tmp_path.iterdir())


def test_a_backup_of_another_optimizer_is_refused(images: Any, new_model: Any, tmp_path: Path) -> None:
    x, y = images
    backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
    new_model().fit(x, y, epochs=1, verbose=0, callbacks=[backup])
    model = new_model(optimizer="sgd")
    before = model.get_weights()
    with pytest.raises(ConfigurationError, match="Compile the model as before"):
        model.fit(x, y, epochs=2, verbose=0, callbacks=[backup])
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    model = new_model(optimizer=Adam(amsgrad=True))
    with pytest.raises(ConfigurationError, match="amsgrad=True"):
        model.fit(x, y, epochs=2, verbose=0, callbacks=[backup])
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


class Own(Callback):
    """As people write them: with Keras' constructor, and hooks under their old names."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self.seen.append("model")

    def on_train_begin(self, logs: Any = None) -> None:
        self.seen.append(dict(self.params))

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.seen.append(f"begin {batch}")

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append(f"end {batch} {sorted(logs)}")
        if batch == 1:
            self.model.stop_training = True


def test_callbacks_of_ones_own_get_what_keras_gives_them_also_from_lists_in_lists(images: Any, new_model: Any) -> None:
    x, y = images
    own = Own()
    history = new_model().fit(x, y, batch_size=25, epochs=3, verbose=0, callbacks=[[own], [ProgbarLogger()]])
    assert own.seen == [
        "model",
        {"verbose": 0, "epochs": 3, "steps": 4},
        "begin 0",
        "end 0 ['accuracy', 'loss']",
        "begin 1",
        "end 1 ['accuracy', 'loss']",
    ]
    assert history.epoch == [0]


def test_what_is_not_done_says_so() -> None:
    with pytest.raises(ConfigurationError, match="RemoteMonitor is not supported"):
        RemoteMonitor("http://localhost:9000")
    assert ModelCheckpoint("model.safetensors", period=1).save_freq == "epoch"
    with pytest.raises(ConfigurationError, match="Write save_freq=N"):
        ModelCheckpoint("model.safetensors", period=5)
    with pytest.raises(UnknownNameError, match="Did you mean 'save_best_only'"):
        ModelCheckpoint("model.safetensors", save_best=True)
    with pytest.raises(ConfigurationError, match=r"'epsilon' is called 'min_delta'\. Write min_delta=0\.01"):
        ReduceLROnPlateau(epsilon=0.01)


def test_predictions_are_by_the_averages_and_leave_the_weights(images: Any, new_model: Any) -> None:
    from convoscope.training.callbacks import SwapEMAWeights

    x, y = images
    model = new_model(optimizer=SGD(0.1, use_ema=True, ema_momentum=0.9))
    swap = SwapEMAWeights()
    for _ in range(3):
        model.train_on_batch(x, y)
    before = model.get_weights()
    plain = model.predict(x, verbose=0)
    averaged = model.predict(x, verbose=0, callbacks=[swap])
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    model.optimizer.finalize_variable_values()
    np.testing.assert_array_equal(averaged, model.predict(x, verbose=0))
    assert np.abs(averaged - plain).max() > 1e-4
