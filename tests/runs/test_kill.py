"""Real kills: the process is gone between one instruction and the next, and the run goes on as if nothing had been."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.ended import status

from .conftest import tensors

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals there"),
]
REFERENCE = ["digits", "--engine", "reference", "--threads", "1", "--model", "dense"]
NATIVE = ["digits", "--engine", "native", "--threads", "2", "--model", "cnn-2"]
OPTIONS = ["--dropout", "0.3", "--val", "0.1", "--epochs", "12", "--seed", "3"]
PATIENCE = 300.0  # seconds until a test gives up waiting


def train(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "convoscope", "train", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_epochs(run: Path, count: int, process: subprocess.Popen[str]) -> None:
    history = run / "history.jsonl"
    limit = time.monotonic() + PATIENCE
    while not history.exists() or history.read_bytes().count(b"\n") < count:
        if process.poll() is not None or time.monotonic() > limit:
            pytest.fail(f"training did not come to epoch {count}: {process.communicate()}")
        time.sleep(0.002)


def history(run: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


@pytest.mark.parametrize("words", [REFERENCE, NATIVE], ids=["reference", "native"])
def test_a_run_killed_again_and_again_ends_with_the_same_weights_to_the_bit(tmp_path: Path, words: list[str]) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = train(*words, *OPTIONS, "--out", whole)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    moment = random.Random(0)
    arguments: list[object] = [*words, *OPTIONS, "--out", killed]
    for epoch in (1, 6):
        process = train(*arguments)
        wait_for_epochs(killed, epoch, process)
        time.sleep(moment.uniform(0, 0.1))  # any moment of the epoch that follows
        process.kill()
        process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL
        arguments = ["--resume", killed]
    process = train(*arguments)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "resuming after epoch" in output
    assert (whole / "model.safetensors").read_bytes() == (killed / "model.safetensors").read_bytes()
    one, other = tensors(whole / "checkpoint.safetensors"), tensors(killed / "checkpoint.safetensors")
    assert one.keys() == other.keys()
    assert any(name.startswith("optimizer/") for name in one)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert history(whole) == history(killed)
    assert not list(killed.glob(".*"))


@pytest.mark.parametrize("words", [REFERENCE, NATIVE], ids=["reference", "native"])
def test_ctrl_c_keeps_the_last_whole_epoch_and_says_how_to_go_on(tmp_path: Path, words: list[str]) -> None:
    run = tmp_path / "my run"
    process = train(*words, *OPTIONS, "--epochs", 5000, "--out", run)
    wait_for_epochs(run, 2, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert status(process) == 130
    assert "Traceback" not in errors
    assert f"convoscope train --resume '{run}'" in errors
    assert (run / "checkpoint.safetensors").exists()
    assert not (run / "report.json").exists()
    assert not list(run.glob(".*"))
    # The command that was printed works, and so do those on the model that is kept.
    kept = int(errors.split("Interrupted. ")[1].split()[0])
    process = train("--resume", run, "--epochs", kept + 1)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert len(history(run)) == kept + 1


def test_two_cannot_train_in_one_folder(tmp_path: Path) -> None:
    run = tmp_path / "run"
    first = train(*REFERENCE, *OPTIONS, "--epochs", 5000, "--out", run)
    wait_for_epochs(run, 1, first)
    second = train("--resume", run)
    _, errors = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert "Another process is training" in errors
    first.kill()
    first.communicate(timeout=PATIENCE)
    third = train("--resume", run, "--epochs", 1)
    _, errors = third.communicate(timeout=PATIENCE)
    assert third.returncode == 0, errors


def test_ctrl_c_before_the_first_epoch_is_whole_says_so(tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = train(*REFERENCE, "--model", "cnn-2", "--filters", 256, "--batch-size", 1, "--out", run)
    limit = time.monotonic() + PATIENCE
    while not (run / "config.json").exists() and time.monotonic() < limit:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert status(process) == 130, errors
    assert "The first epoch was not complete" in errors
