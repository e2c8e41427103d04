"""Snapshots: what is kept after each epoch, how exactly, and what is in the way."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.errors import ConvoscopeWarning
from convoscope.training.callbacks.snapshots import Snapshots, find_snapshots


def kept(folder: Path) -> list[int]:
    return list(find_snapshots(folder))


class Weights(cs.callbacks.Callback):
    """Takes note of the weights themselves."""

    def __init__(self) -> None:
        self.seen: list[list[np.ndarray[Any, Any]]] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if not self.seen:
            self.on_epoch_end(epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(self.model.get_weights())


def test_the_weights_before_the_first_epoch_and_after_each_are_kept_in_half_precision(
    model: Any, images: Any, tmp_path: Path
) -> None:
    weights = Weights()
    model.fit(*images, epochs=3, verbose=0, callbacks=[weights, cs.callbacks.Snapshots(tmp_path / "deep" / "kept")])
    found = find_snapshots(tmp_path / "deep" / "kept")
    assert list(found) == [0, 1, 2, 3]
    for path, seen in zip(found.values(), weights.seen, strict=True):
        again = cs.load_model(path)
        for weight, was in zip(again.weights, seen, strict=True):
            np.testing.assert_array_equal(weight, was.astype(np.float16).astype(np.float32))


def test_a_snapshot_is_a_small_file_that_says_what_it_is(model: Any, images: Any, tmp_path: Path) -> None:
    model.fit(*images, epochs=1, verbose=0, callbacks=[Snapshots(tmp_path)])
    content = find_snapshots(tmp_path)[1].read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    arrays = {name: told["dtype"] for name, told in header.items() if name != "__metadata__"}
    assert set(arrays.values()) == {"F16"}
    assert not any(name.startswith("optimizer") for name in arrays)
    assert len(content) == 8 + length + 2 * model.count_params()


def test_numbers_that_half_precision_cannot_hold_stay_whole(tmp_path: Path) -> None:
    model = cs.Sequential([cs.layers.BatchNormalization(input_shape=(4, 4, 1)), cs.layers.Flatten()])
    model.weights[3][...] = 1e6  # a variance of values that nobody scaled
    model.weights[0][...] = 0.1
    model.save(tmp_path / "model.safetensors", half=True)
    again = cs.load_model(tmp_path / "model.safetensors")
    assert again.weights[3][0] == 1e6
    assert again.weights[0][0] == np.float32(np.float16(0.1))


def test_training_goes_on_from_an_epoch_and_what_lay_there_of_later_ones_is_gone(
    new_model: Any, images: Any, tmp_path: Path
) -> None:
    new_model().fit(*images, epochs=4, verbose=0, callbacks=[Snapshots(tmp_path)])
    (tmp_path / "notes.txt").write_text("mine")
    model = cs.load_model(find_snapshots(tmp_path)[2])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(*images, initial_epoch=2, epochs=3, verbose=0, callbacks=[Snapshots(tmp_path)])
    assert kept(tmp_path) == [0, 1, 2, 3]
    assert (tmp_path / "notes.txt").exists()
    new_model().fit(*images, epochs=1, verbose=0, callbacks=[Snapshots(tmp_path)])
    assert kept(tmp_path) == [0, 1]


def test_a_disk_that_is_full_costs_the_snapshots_and_not_the_training(
    model: Any, images: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import convoscope.storage

    real = convoscope.storage.os.fsync
    calls = iter(range(100))

    def fsync(descriptor: int) -> None:
        if next(calls) >= 4:  # a file and its folder, for two snapshots
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(convoscope.storage.os, "fsync", fsync)
    with pytest.warns(ConvoscopeWarning, match=r"snapshot after epoch 2.*No space left") as warned:
        history = model.fit(*images, epochs=4, verbose=0, callbacks=[Snapshots(tmp_path)])
    assert len(warned) == 1
    assert len(history.epoch) == 4
    assert kept(tmp_path) == [0, 1]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_made_costs_the_snapshots_and_not_the_training(
    model: Any, images: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.warns(ConvoscopeWarning, match="snapshot after epoch 0"):
        history = model.fit(*images, epochs=2, verbose=0, callbacks=[Snapshots(tmp_path / "file" / "kept")])
    assert len(history.epoch) == 2


def test_a_folder_without_snapshots_has_none(tmp_path: Path) -> None:
    (tmp_path / "epoch-1.safetensors").touch()
    (tmp_path / ".epoch-0001.safetensors.17-4").touch()
    assert find_snapshots(tmp_path) == {}
    assert find_snapshots(tmp_path / "nowhere") == {}
