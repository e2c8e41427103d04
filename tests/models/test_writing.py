"""Writing a model: where it cannot be written, nothing half-written stays."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.support import small_model

from convoscope.errors import (
    ConfigurationError,
    DataError,
    NotReadyError,
    StorageError,
)
from convoscope.layers import Dense
from convoscope.models import Sequential, load_model


def only_file(folder: Path) -> str:
    (name,) = os.listdir(folder)
    return name


def fail(code: int) -> Callable[..., Any]:
    def raise_it(*arguments: Any, **options: Any) -> Any:
        raise OSError(code, os.strerror(code))

    return raise_it


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    small_model(seed=1).save(path)
    before = path.read_bytes()
    monkeypatch.setattr(os, call, fail(errno.ENOSPC))
    with pytest.raises(
        StorageError,
        match=r"could not be written: No space left on device.*The previous file is unchanged.*Free some space",
    ):
        small_model(seed=2).save(path)
    assert path.read_bytes() == before
    assert only_file(tmp_path) == "model.safetensors"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_disk_that_is_full_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain_open = open

    def open_full(name: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        return plain_open("/dev/full" if mode == "wb" else name, mode, *rest, **options)

    monkeypatch.setattr("builtins.open", open_full)
    with pytest.raises(StorageError, match="No space left on device"):
        small_model().save(tmp_path / "model.safetensors")
    assert os.listdir(tmp_path) == []


def test_an_interruption_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        small_model().save(tmp_path / "model.safetensors")
    assert os.listdir(tmp_path) == []


def test_a_folder_a_device_and_a_missing_folder_are_no_places_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"is a folder.*model\.safetensors"):
        small_model().save(tmp_path)
    with pytest.raises(StorageError, match="there is no folder"):
        small_model().save(tmp_path / "missing" / "model.safetensors")
    with pytest.raises(StorageError, match="device or a pipe"):
        small_model().save(os.devnull)


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link, target = tmp_path / "latest.safetensors", tmp_path / "real" / "model.safetensors"
    target.touch()
    link.symlink_to(target)
    small_model().save(link)
    assert link.is_symlink()
    assert load_model(target).name == "small"


def test_overwrite_false_leaves_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_text("mine")
    with pytest.raises(StorageError, match="already exists"):
        small_model().save(path, overwrite=False)
    assert path.read_text() == "mine"


def test_a_model_that_cannot_be_loaded_again_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with pytest.raises(NotReadyError, match="not been built"):
        Sequential([Dense(3)]).save(path)
    model = small_model()
    model.weights[0][0] = np.nan
    with pytest.raises(DataError, match="Conv2D 'conv2d' has weights that are not finite"):
        model.save(path)
    model = small_model()
    model.class_names = "abc"  # type: ignore[assignment]
    with pytest.raises(ConfigurationError, match="class_names must be a list of strings"):
        model.save(path)
    model.class_names, model.preprocessing = None, {"mean": np.zeros(3)}
    with pytest.raises(ConfigurationError, match="preprocessing must be plain JSON"):
        model.save(path)
    assert os.listdir(tmp_path) == []
