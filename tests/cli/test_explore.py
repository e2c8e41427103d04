"""``convoscope explore`` and ``convoscope export``: which model, which images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import convoscope as cs
from convoscope.cli.explore import load
from convoscope.cli.main import app
from convoscope.errors import MissingFileError
from convoscope.runs import RunFolder
from convoscope.web.explored import Explored

from .conftest import TRAIN, Shell


@pytest.fixture
def model(tmp_path: Path) -> Path:
    layers = [cs.layers.Flatten(input_shape=(8, 8, 1)), cs.layers.Dense(10, activation="softmax")]
    path = tmp_path / "model.safetensors"
    cs.Sequential(layers, seed=1).save(path)
    return path


def test_a_model_alone_is_opened_without_images_and_with_those_that_are_named(model: Path) -> None:
    alone = load(model, None, None)
    assert (alone.part, alone.labels, alone.title) == ("sample", None, "model.safetensors")
    with_digits = load(model, "digits", None)
    assert with_digits.images.shape[1:] == (8, 8, 1)
    assert with_digits.x_train is not None


def test_a_model_is_written_as_one_page(model: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["export", str(model), "--data", "digits", "--html", str(page)])
    assert result.exit_code == 0, result.output
    assert "Written" in result.output
    assert "the training images are not" in " ".join(result.output.split()).lower()
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert page.stat().st_size < 3_000_000


def history(explored: Explored) -> list[int]:
    assert explored.epochs is not None
    return [each["epoch"] for each in explored.epochs.described()["epochs"]]


def test_a_run_is_opened_with_its_epochs(shell: Shell) -> None:
    shell(*TRAIN, "--quiet", "--snapshots", "--out", "run")
    explored = load(Path("run"), None, None)
    assert explored.epochs is not None
    told = explored.epochs.described()
    assert (explored.title, explored.note) == ("run", "")
    assert (told["snapshots"], told["own"], told["training"]) == ([0, 1, 2, 3], 3, False)
    assert history(explored) == [1, 2, 3]
    page = shell("export", "run", "--snapshots", "--html", "page.html")
    assert page.status == 0, page.err
    assert load(Path("run/checkpoint.safetensors"), None, None).title == "run"


def test_of_two_epochs_the_model_is_of_the_better_one(shell: Shell) -> None:
    shell(*TRAIN, "--quiet", "--val", 0.3, "--lr", 0.05, "--epochs", 6, "--out", "run")
    report = json.loads(Path("run/report.json").read_text())
    explored = load(Path("run"), None, None)
    assert explored.epochs is not None
    assert explored.epochs.own == report["kept_epoch"]
    assert "--snapshots" in explored.epochs.described()["why"]


@pytest.mark.parametrize("lost", ["report", "model", "checkpoint", "history"])
def test_a_run_that_was_killed_opens_with_what_there_is_and_says_so(shell: Shell, lost: str) -> None:
    shell(*TRAIN, "--quiet", "--snapshots", "--out", "run")
    run = RunFolder(Path("run"))
    losses = {
        "report": [run.report],
        "model": [run.report, run.model],
        "checkpoint": [run.report, run.model, run.checkpoint],
        "history": [run.report, run.model, run.checkpoint, run.history],
    }
    for file in losses[lost]:
        file.unlink()
    explored = load(run.path, None, None)
    assert explored.epochs is not None
    assert explored.epochs.own == 3
    assert history(explored) == ([] if lost == "history" else [1, 2, 3])
    file = {"report": "model.safetensors", "model": "checkpoint.safetensors"}.get(lost, "snapshots/epoch-0003")
    assert "is not finished" in explored.note
    assert file in explored.note
    assert "convoscope train --resume run" in explored.note
    assert len(explored.images) > 0
    again = cs.load_model(run.snapshots / "epoch-0003.safetensors")
    for one, other in zip(explored.model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one.astype(np.float16), other.astype(np.float16))


def test_a_run_of_which_nothing_is_left_is_refused(shell: Shell) -> None:
    shell(*TRAIN, "--quiet", "--out", "run")
    for name in ("model", "checkpoint"):
        Path(f"run/{name}.safetensors").unlink()
    ended = shell("explore", "run", "--no-browser")
    assert ended.status == 1
    assert "--resume" in ended.err


def test_a_damaged_checkpoint_does_not_keep_the_model_from_being_opened(shell: Shell) -> None:
    shell(*TRAIN, "--quiet", "--out", "run")
    Path("run/checkpoint.safetensors").write_bytes(b"half")
    explored = load(Path("run"), None, None)
    assert explored.epochs is not None
    assert explored.epochs.own is None
    assert history(explored) == [1, 2, 3]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none\.safetensors"):
        load(tmp_path / "none.safetensors", None, None)
