"""What people's callbacks put into the logs: text, lists, arrays, None, anything."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.errors import ConfigurationError, ConvoscopeWarning, StorageError
from convoscope.tracking.tracker import Tracker
from convoscope.training.callbacks import ProgressPrinter
from convoscope.training.progress import as_number, numbers_in, render_number


class Opaque:
    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __str__(self) -> str:
        raise RuntimeError("no text")


OPAQUE = Opaque()
PUT: dict[str, Any] = {
    "note": "half\nway",
    "formula": "=1+1",
    "rates": [0.1, 0.2],
    "array": np.asarray([1.0, 2.0]),
    "one": np.asarray([0.5], np.float32),
    "nothing": None,
    "opaque": OPAQUE,
    "umlaut": "größer",
    "seven": 7,
}


class Puts(cs.callbacks.Callback):
    """Put all of these into the logs, also after every batch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs.update(PUT)

    on_train_batch_end = on_epoch_end

    def on_test_end(self, logs: Any = None) -> None:
        logs.update(PUT)


def _fit(*callbacks: Any, **options: Any) -> Any:
    x, y = np.random.default_rng(0).random((16, 4)), np.arange(16) % 2
    model = cs.Sequential([cs.layers.Dense(2, activation="softmax", input_shape=(4,))], seed=1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=2, callbacks=[Puts(), *callbacks], **{"verbose": 0, **options})


class Lists(Tracker):
    """A tracker that writes into a list."""

    title = "Lists"

    def __init__(self) -> None:
        super().__init__()
        self.written: list[dict[str, float]] = []

    def begin(self, hyperparameters: Any) -> None:
        """Nothing to open."""

    def write(self, epoch: int, figures: Any) -> None:
        self.written.append(dict(figures))

    def end(self, whole: bool) -> None:
        """Nothing to close."""


def test_history_keeps_what_it_is_given() -> None:
    history = _fit().history
    assert history["note"] == ["half\nway"] * 2
    assert history["opaque"] == [OPAQUE] * 2
    assert history["nothing"] == [None, None]


def test_trackers_write_the_numbers() -> None:
    tracker = Lists()
    _fit(tracker)
    assert tracker.works
    for figures in tracker.written:
        assert (figures["one"], figures["seven"]) == (0.5, 7.0)
        assert not figures.keys() & {"note", "formula", "rates", "array", "nothing", "opaque", "umlaut"}
        assert all(type(value) is float for value in figures.values())


def test_tensorboard_goes_on(tmp_path: Path) -> None:
    tracker = cs.callbacks.TensorBoard(tmp_path)
    _fit(tracker)
    assert tracker.works


def test_a_tracker_whose_optimizer_is_odd_is_left_behind() -> None:
    class Spoils(cs.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.optimizer.__dict__["_learning_rate"] = "soon"

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 0.1

    tracker = Lists()
    with pytest.warns(ConvoscopeWarning, match="training continues without it"):
        _fit(Spoils(), tracker)


def test_csv_logger_writes_text_that_csv_reads(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    _fit(cs.callbacks.CSVLogger(path))
    _fit(cs.callbacks.CSVLogger(path, append=True))
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
    assert len(rows) == 4
    for row in rows:
        assert row["note"] == "half\nway"
        assert row["formula"] == "'=1+1"
        assert row["rates"] == "[0.1, 0.2]"
        assert row["array"] == "[1.0, 2.0]"
        assert row["umlaut"] == "größer"
        assert row["opaque"] == "<Opaque>"
        assert float(row["seven"]) == 7
        assert float(row["loss"]) > 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_csv_logger_does_not_wait_for_the_reader_of_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="is a pipe"):
        _fit(cs.callbacks.CSVLogger(tmp_path / "pipe"))


@pytest.mark.parametrize("append", [False, True])
def test_csv_logger_refuses_a_name_that_no_system_has(append: bool, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="could not be written"):
        _fit(cs.callbacks.CSVLogger(tmp_path / ("a" * 5_000), append=append))


def test_the_line_on_the_screen_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    _fit(ProgressPrinter(), verbose=2, validation_split=0.25)
    assert "val_note: half way" in capsys.readouterr().out
    assert render_number("x" * 1000) == "x" * 39 + "…"
    assert render_number("\x1b[31mred") == r"\x1b[31mred"
    assert render_number(np.float32(0.5)) == "0.5000"


@pytest.mark.parametrize("name", ["note", "rates", "nothing", "opaque"])
def test_who_watches_what_is_no_number_says_so_and_goes_on(tmp_path: Path, name: str) -> None:
    for callback in (
        cs.callbacks.EarlyStopping(name, mode="min"),
        cs.callbacks.ReduceLROnPlateau(name, mode="min"),
        cs.callbacks.ModelCheckpoint(tmp_path / "model.safetensors", name, save_best_only=True, mode="min"),
    ):
        with pytest.warns(ConvoscopeWarning, match=f"{name}.*must be a number"):
            history = _fit(callback)
        assert len(history.epoch) == 2


def test_who_watches_a_number_in_an_array_gets_it() -> None:
    stopper = cs.callbacks.EarlyStopping("one", mode="min", patience=1)
    _fit(stopper)
    assert stopper.best == 0.5


@pytest.mark.parametrize("name", ["{nothing:.2f}.safetensors", "{note:.2f}.safetensors", "{rates.a}.safetensors"])
def test_a_file_name_that_cannot_be_filled_in_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be formatted"):
        _fit(cs.callbacks.ModelCheckpoint(tmp_path / name))


def test_numbers_are_told_from_the_rest() -> None:
    assert numbers_in(None) == {}
    assert numbers_in({"a": np.float32(0.5), "b": "0.5", "c": True, 4: 1}) == {"a": 0.5, "c": 1.0, "4": 1.0}
    assert as_number(np.zeros((2, 2))) is None
    assert as_number(2j) is None
