"""Trackers of runs: they get the report of the model that is kept, and go on where a run goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.datasets import Dataset
from convoscope.runs import RunFolder, resume, start
from convoscope.runs.training import use
from convoscope.tracking import Tracker, make_tracker
from convoscope.tracking.findings import Findings

from .conftest import settings
from .test_training import InterruptAfter


class Spy(Tracker):
    """Keeps what it is told."""

    extra = "spy"

    def __init__(self) -> None:
        super().__init__()
        self.hyper: dict[str, Any] = {}
        self.epochs: dict[int, dict[str, float]] = {}
        self.findings: Findings | None = None
        self.ended: list[bool] = []
        self.number: int | None = None

    def begin(self, hyperparameters: Mapping[str, Any]) -> None:
        self.hyper = dict(hyperparameters)
        self.number = 17 if self.number is None else self.number

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        self.epochs[epoch] = dict(figures)

    def write_findings(self, epoch: int, findings: Findings) -> None:
        assert not self.ended
        self.findings = findings

    def end(self, whole: bool) -> None:
        self.ended.append(whole)

    def state(self) -> dict[str, Any]:
        return {"number": self.number}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.number = state["number"] + 1


@pytest.fixture(autouse=True)
def reference_engine() -> None:
    use(settings())


def test_a_tracker_gets_each_epoch_and_the_runs_report(tmp_path: Path, data: Dataset) -> None:
    spy = Spy()
    folder = RunFolder.create(tmp_path / "run")
    outcome = start(folder, settings(validation=0.2), data, [spy])
    for line in folder.read_history():
        told = spy.epochs[line["epoch"] - 1]
        assert {name: told[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")} == {
            name: line[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
        }
    assert spy.findings is not None
    assert spy.findings.report == outcome.report
    probabilities = outcome.model.predict(data.x_test[:24, ..., None], verbose=0)
    assert [each["predicted"] for each in spy.findings.samples] == probabilities.argmax(axis=1).tolist()
    assert np.array_equal(spy.findings.images, data.x_test[:24, ..., None])
    assert spy.findings.max_value == data.info.max_value
    assert spy.ended == [True]


def test_an_interrupted_run_is_ended_and_gone_on_with(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    first = Spy()
    with pytest.raises(KeyboardInterrupt):
        start(folder, settings(), data, [first, InterruptAfter(2)])
    assert first.ended == [False]
    assert first.findings is None
    second = Spy()
    resume(folder, settings(), data, [second])
    assert second.number == 18
    assert sorted({**first.epochs, **second.epochs}) == [0, 1, 2, 3]
    assert second.ended == [True]


def test_a_tracker_may_come_only_when_a_run_is_resumed(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        start(folder, settings(), data, [InterruptAfter(2)])
    spy = Spy()
    resume(folder, settings(), data, [spy])
    assert spy.number == 17
    assert sorted(spy.epochs) == [2, 3]
    assert spy.findings is not None


def test_a_run_is_tracked_beside_its_own_files(tmp_path: Path, data: Dataset) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed: pip install --group trackers")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    chosen = settings()
    folder = RunFolder.create(tmp_path / "run")
    start(folder, chosen, data, [make_tracker("tensorboard", folder.path, chosen.as_dict())])
    events = EventAccumulator(str(folder.path / "tensorboard")).Reload()
    assert events.Scalars("test_accuracy")[0].value == pytest.approx(json.loads(folder.report.read_text())["accuracy"])
    train = EventAccumulator(str(folder.path / "tensorboard" / "train")).Reload()
    losses = [line["loss"] for line in folder.read_history()]
    assert [event.value for event in train.Scalars("epoch_loss")] == pytest.approx(losses)
