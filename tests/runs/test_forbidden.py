"""Files that may not be read are said to be that, and not to be missing. Root may read all: the system is stubbed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convoscope.cli.trained import load
from convoscope.datasets import Dataset
from convoscope.errors import MissingFileError
from convoscope.experiments import Experiment, results
from convoscope.experiments.results import DAMAGED
from convoscope.models import load_model
from convoscope.paths import is_there
from convoscope.runs import RunFolder, start
from convoscope.runs.training import training_state, use

from .conftest import settings

Forbid = Callable[[Path], None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Dataset) -> RunFolder:
    use(settings())
    folder = RunFolder.create(tmp_path_factory.mktemp("forbidden") / "run")
    start(folder, settings(epochs=1), data)
    return folder


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> Forbid:
    """Give a function that makes a file unreadable, as its mode does for others than root."""

    def forbid(file: Path) -> None:
        real = os.open

        def refusing(path: Any, *args: Any, **options: Any) -> int:
            if os.fspath(path) == os.fspath(file):
                raise PermissionError(errno.EACCES, "Permission denied", path)
            return real(path, *args, **options)

        monkeypatch.setattr(os, "open", refusing)

    return forbid


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Forbid:
    """Give a function that closes a folder, so that nobody can tell what is in it."""

    def forbid(folder: Path) -> None:
        real = os.stat

        def refusing(path: Any, *args: Any, **options: Any) -> Any:
            if not isinstance(path, int) and folder in Path(os.fsdecode(path)).parents:
                raise PermissionError(errno.EACCES, "Permission denied", path)
            return real(path, *args, **options)

        monkeypatch.setattr(os, "stat", refusing)

    return forbid


def test_a_forbidden_checkpoint_is_not_missing(run: RunFolder, unreadable: Forbid) -> None:
    unreadable(run.checkpoint)
    for read in (lambda: training_state(run), lambda: load_model(run.checkpoint)):
        with pytest.raises(MissingFileError, match=r"checkpoint\.safetensors cannot be read: Permission denied"):
            read()


@pytest.mark.parametrize("name", ["config", "history", "report"])
def test_each_file_that_is_forbidden_makes_a_row_that_says_so(run: RunFolder, unreadable: Forbid, name: str) -> None:
    file = getattr(run, name)
    unreadable(file)
    (found,) = results(run.path)
    assert found.state == DAMAGED
    assert f"{file} cannot be read: Permission denied" in (found.reason or "")


def test_a_run_in_a_closed_folder_is_not_missing(run: RunFolder, closed: Forbid) -> None:
    closed(run.path)
    for read in (
        lambda: is_there(run.config),
        lambda: training_state(run),
        lambda: load(run.model),
        lambda: Experiment.open(run.path),
    ):
        with pytest.raises(MissingFileError, match="Permission denied"):
            read()
