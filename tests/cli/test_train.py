from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from .conftest import TRAIN, Shell


def test_a_run_without_a_name_gets_a_folder_of_its_own(shell: Shell, tmp_path: Path) -> None:
    for number in (1, 2):
        ended = shell(*TRAIN, "--quiet")
        assert ended.status == 0
        assert f"runs/digits-dense-{number}" in ended.out
    assert (tmp_path / "runs" / "digits-dense-2" / "model.safetensors").exists()


def test_each_epoch_has_a_line_and_the_report_follows(shell: Shell) -> None:
    out = shell(*TRAIN, "--val", "0.1", "--out", "run").out
    assert [f"{epoch}/3" in out for epoch in (1, 2, 3)] == [True] * 3
    for part in ("val loss", "Accuracy", "precision", "Confusion", "The worst mistakes", "Files in run", "Next"):
        assert part in out
    assert "\x1b" not in out


def test_the_commands_that_are_suggested_work(shell: Shell) -> None:
    out = shell(*TRAIN, "--out", "a run").out
    suggested = [shlex.split(line) for line in out.split("Next")[1].splitlines() if line.startswith("convoscope")]
    assert [words[1] for words in suggested] == ["explore", "predict", "summary", "evaluate", "train"]
    for words in suggested[1:]:  # the page would stay open
        assert shell(*words[1:]).status == 0


def test_quiet_prints_the_result_only(shell: Shell) -> None:
    out = shell(*TRAIN, "--quiet", "--out", "run").out
    assert len(out.splitlines()) == 1
    assert "of the test images classified correctly" in out


def test_the_same_seed_gives_the_same_model(shell: Shell, trained: Path, tmp_path: Path) -> None:
    shell(*TRAIN, "--quiet", "--out", "again")
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()


def test_every_option_arrives_in_the_settings(shell: Shell, tmp_path: Path) -> None:
    ended = shell(
        *("train", "digits", "--model", "cnn-1", "--filters", "4", "--dropout", "0.25", "--epochs", "2"),
        *("--convolutions", "2", "--kernel-size", "5", "--pooling", "average", "--dense-units", "20"),
        *("--batch-size", "50", "--lr", "0.01", "--optimizer", "sgd", "--val", "0.2", "--patience", "7"),
        *("--goal-accuracy", "0.99", "--seed", "11", "--threads", "1", "--engine", "reference", "--out", "run", "-q"),
    )
    assert ended.status == 0, ended.err
    settings = json.loads((tmp_path / "run" / "config.json").read_text())["settings"]
    assert settings == {
        "dataset": "digits",
        "data_dir": None,
        "image_size": None,
        "color_mode": None,
        "max_pixels": None,
        "recipe": None,
        "model": "cnn-1",
        "layers": None,
        "epochs": 2,
        "batch_size": 50,
        "learning_rate": 0.01,
        "schedule": "constant",
        "warmup_share": 0.0,
        "optimizer": "sgd",
        "weight_decay": 0.0,
        "label_smoothing": 0.0,
        "augmentation": "",
        "class_weight": "none",
        "dropout": 0.25,
        "filters": 4,
        "convolutions": 2,
        "kernel_size": 5,
        "pooling": "average",
        "dense_units": 20,
        "seed": 11,
        "threads": 1,
        "engine": "reference",
        "device": None,
        "precision": None,
        "validation": 0.2,
        "patience": 7,
        "goal_accuracy": 0.99,
        "snapshots": False,
        **dict.fromkeys(("backbone", "compared_with", "fine_tune", "minutes", "exclude", "based_on", "test_split")),
    }


def test_exact_is_a_precision_and_a_resumed_run_keeps_it(shell: Shell, tmp_path: Path) -> None:
    pytest.importorskip("convoscope._native")
    line = ("train", "digits", "--model", "dense", "--batch-size", 500, "--quiet")
    assert shell(*line, "--epochs", 1, "--exact", "--out", "run").status == 0
    config = tmp_path / "run" / "config.json"
    assert json.loads(config.read_text())["settings"]["precision"] == "exact"
    assert shell("train", "--resume", "run", "--epochs", 2, "--engine", "native", "--quiet").status == 0
    assert json.loads(config.read_text())["settings"]["precision"] == "exact"
    # Another engine computes in its own.
    assert shell("train", "--resume", "run", "--epochs", 3, "--engine", "reference", "--quiet").status == 0
    assert json.loads(config.read_text())["settings"]["precision"] is None
    refused = shell(*line, "--exact", "--precision", "direct")
    assert refused.status == 1
    assert "--exact is --precision exact, and --precision direct asks for another one" in refused.err


def test_a_recipe_fills_in_the_rest_and_is_written_down(shell: Shell, tmp_path: Path) -> None:
    ended = shell("train", "digits", "--recipe", "fast", "--filters", 2, "--epochs", 2, "--engine", "reference")
    assert ended.status == 0, ended.err
    assert "recipe fast: one-cycle learning rate" in ended.out
    settings = json.loads((tmp_path / "runs" / "digits-fast-1" / "config.json").read_text())["settings"]
    assert (settings["recipe"], settings["schedule"], settings["epochs"]) == ("fast", "one-cycle", 2)
    # The rates are scheduled over two epochs, so that more of them mean a new run.
    assert "convoscope train digits --recipe fast --epochs 4" in ended.out
    again = shell("train", "--resume", "runs/digits-fast-1")
    assert "To train it for longer: convoscope train digits --recipe fast --epochs 4" in again.out
    longer = shell("train", "--resume", "runs/digits-fast-1", "--epochs", 5)
    assert longer.status == 1
    assert "scheduled over 2 epochs" in longer.err


def test_your_own_layers_are_trained(shell: Shell) -> None:
    line = "conv 4 3 relu same, maxpool 2, flatten, dense 10 softmax"
    assert shell("train", "--layers", line, "--epochs", 1, "--engine", "reference", "-q").status == 0
    assert f"{4 * 9 + 4 + 64 * 10 + 10}" in shell("summary", "runs/digits-layers-1").out


def test_the_goal_ends_training_and_is_named(shell: Shell) -> None:
    out = shell(*TRAIN, "--epochs", "60", "--goal-accuracy", "0.5", "--out", "run").out
    assert "the goal of 50.0 % was reached" in out
    again = shell("train", "--resume", "run")
    assert again.status == 0
    assert "because it reached its goal" in again.out


def test_a_finished_run_says_so_and_how_to_go_on(shell: Shell, trained: Path) -> None:
    before = (trained / "checkpoint.safetensors").read_bytes()
    ended = shell("train", "--resume", trained)
    assert ended.status == 0
    assert "is finished" in ended.out
    assert "--epochs 6" in ended.out
    assert (trained / "checkpoint.safetensors").read_bytes() == before


def test_a_run_is_never_overwritten(shell: Shell, trained: Path) -> None:
    ended = shell(*TRAIN, "--out", trained)
    assert ended.status == 1
    assert f"train --resume {trained}" in ended.err


def test_settings_cannot_be_changed_on_the_way(shell: Shell, trained: Path) -> None:
    ended = shell("train", "mnist", "--resume", trained, "--lr", "0.1", "--val", "0.2")
    assert ended.status == 1
    assert "DATASET, --lr, --val" in ended.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fashon"], "Did you mean 'fashion-mnist'"),
        (["--model", "cnn2"], "Did you mean 'cnn-2'"),
        (["--engine", "natve"], "Did you mean 'native'"),
        (["--optimizer", "adm", "--engine", "reference"], "Did you mean 'adam'"),
        (["--recipe", "fats"], "Did you mean 'fast'"),
        (["--layers", "conv 3 3 rleu", "--engine", "reference"], "Did you mean 'relu'"),
        (["--threads", "0"], "from 1 to"),
        (["--resume", "nowhere"], "no run in nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_leaves_no_folder(
    shell: Shell, tmp_path: Path, words: list[str], message: str
) -> None:
    ended = shell("train", *words)
    assert ended.status == 1
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_loss_that_is_no_number_ends_training_with_what_to_do(shell: Shell) -> None:
    ended = shell(*TRAIN, "--optimizer", "sgd", "--lr", "1e30", "--out", "run")
    assert ended.status == 1
    assert "learning rate" in ended.err
    assert "Traceback" not in ended.err


def test_a_folder_that_cannot_be_made_is_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = shell(*TRAIN, "--out", "file/run")
    assert ended.status == 1
    assert "file/run" in ended.err
    assert "--out" in ended.err


def test_snapshots_are_kept_if_asked_for_and_can_be_begun_with_on_the_way(shell: Shell, tmp_path: Path) -> None:
    out = shell(*TRAIN, "--out", "run").out
    assert "snapshots/" not in out
    ended = shell("train", "--resume", "run", "--snapshots", "--epochs", 4)
    assert ended.status == 0, ended.err
    assert "snapshots/" in ended.out
    kept = sorted(path.name for path in (tmp_path / "run" / "snapshots").iterdir())
    assert kept == ["epoch-0003.safetensors", "epoch-0004.safetensors"]
