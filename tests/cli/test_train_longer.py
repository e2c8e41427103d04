"""What is suggested to train for longer works, and trains the same network."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from .conftest import TRAIN, Shell


def suggested(out: str) -> list[str]:
    """Find the last line below "Next"."""
    (line,) = [line for line in out.partition("\nNext\n")[2].splitlines() if line.startswith("convoscope train")]
    return shlex.split(line)[1:]


def settings(run: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(Path(run, "config.json").read_text())["settings"]
    return {name: value for name, value in found.items() if name not in ("seed", "threads", "engine")}


@pytest.mark.parametrize(
    "options",
    [
        ("--recipe", "fast"),
        ("--recipe", "fast", "--filters", 3, "--val", 0.2, "--lr", 0.005, "--augment", "none", "--dropout", 0.25),
        ("--recipe", "fast", "--model", "dense", "--dense-units", 8, "--optimizer", "sgd", "--lr", 0.1),
        ("--recipe", "best", "--layers", "flatten, dense 10 softmax", "--batch-size", 64),
    ],
)
def test_a_recipe_is_trained_anew_for_longer_with_all_that_was_told(shell: Shell, options: tuple[object, ...]) -> None:
    computing = ("--engine", "native", "--threads", "1")
    ended = shell("train", "digits", *options, "--epochs", 1, *computing, "--out", "run")
    assert ended.status == 0, ended.err
    words = suggested(ended.out)
    again = shell(*words, *computing, "--out", "longer")
    assert again.status == 0, again.err
    assert settings("longer") == {**settings("run"), "epochs": 2}
    said = shell("train", "--resume", "run").out.replace("\n", " ")
    assert shlex.join(words) in said


def test_a_run_with_constant_rates_is_gone_on_with(shell: Shell) -> None:
    words = suggested(shell(*TRAIN, "--epochs", 1, "--out", "run").out)
    assert words == ["train", "--resume", "run", "--epochs", "2"]
    assert shell(*words).status == 0
    assert len(Path("run/history.jsonl").read_text().splitlines()) == 2


def test_what_reached_its_goal_is_not_to_be_trained_for_longer(shell: Shell) -> None:
    out = shell(*TRAIN, "--epochs", 60, "--goal-accuracy", 0.5, "--out", "run").out
    assert "\nNext\n" in out
    assert "--resume" not in out.partition("\nNext\n")[2]
