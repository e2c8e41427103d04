"""Runs that keep the weights after each epoch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from convoscope.datasets import Dataset
from convoscope.locks import alone_in, is_in_use
from convoscope.models import load_model
from convoscope.runs import RunFolder, resume, start
from convoscope.runs.training import settings_of, use
from convoscope.training.callbacks.snapshots import find_snapshots

from .conftest import settings, tensors
from .test_training import InterruptAfter, assert_same_end


@pytest.fixture(autouse=True)
def reference_engine() -> None:
    use(settings())


def test_a_run_keeps_a_snapshot_of_each_epoch_and_ends_as_one_without(tmp_path: Path, data: Dataset) -> None:
    without, folder = RunFolder.create(tmp_path / "without"), RunFolder.create(tmp_path / "run")
    start(without, settings(), data)
    start(folder, settings(snapshots=True), data)
    assert not without.snapshots.exists()
    found = find_snapshots(folder.snapshots)
    assert list(found) == [0, 1, 2, 3, 4]
    assert_same_end(without, folder)
    last = tensors(folder.model)
    for name, array in tensors(found[4]).items():
        np.testing.assert_array_equal(array, last[name].astype(np.float16))
    assert load_model(found[2]).class_names == list("0123456789")


def test_a_run_that_was_interrupted_goes_on_with_its_snapshots(tmp_path: Path, data: Dataset) -> None:
    whole, parts = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "parts")
    start(whole, settings(snapshots=True), data)
    with pytest.raises(KeyboardInterrupt):
        start(parts, settings(snapshots=True), data, [InterruptAfter(2)])
    assert list(find_snapshots(parts.snapshots)) == [0, 1, 2]
    # A kill after the snapshot of an epoch, and before its checkpoint; and one in the middle of writing.
    find_snapshots(parts.snapshots)[1].rename(parts.snapshots / "epoch-0003.safetensors")
    (parts.snapshots / ".epoch-0004.safetensors.4711-42").write_bytes(b"half")
    resume(parts, settings_of(parts), data)
    assert_same_end(whole, parts)
    assert not list(parts.snapshots.glob(".*"))
    ends = find_snapshots(whole.snapshots)
    again = find_snapshots(parts.snapshots)
    assert list(again) == [0, 2, 3, 4]
    for epoch, path in again.items():
        assert path.read_bytes() == ends[epoch].read_bytes()


def test_snapshots_can_be_begun_with_on_the_way(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    start(folder, settings(epochs=2), data)
    resume(folder, settings_of(folder, epochs=3, snapshots=True), data)
    assert list(find_snapshots(folder.snapshots)) == [2, 3]
    assert settings_of(folder).snapshots


def test_a_run_of_before_there_were_snapshots_is_one_without(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    start(folder, settings(epochs=1), data)
    config = json.loads(folder.config.read_text())
    del config["settings"]["snapshots"]
    folder.config.write_text(json.dumps(config))
    assert not settings_of(folder).snapshots


def test_it_is_known_whether_somebody_trains_in_a_folder(tmp_path: Path) -> None:
    assert not is_in_use(tmp_path)
    with alone_in(tmp_path):
        assert is_in_use(tmp_path)
    assert not is_in_use(tmp_path)
