"""``convoscope train --explore``: the page that is there while training goes on, and after it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.ended import status

from convoscope.cli.explore import load

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform == "win32", reason="there is no such Ctrl-C there")]
PATIENCE = 300.0  # seconds until a test gives up waiting
OPTIONS = ("digits", "--model", "dense", "--seed", "5", "--engine", "reference", "--threads", "1")


class Training:
    """A training in a process of its own, whose browser is ``true``: it opens nothing and is content."""

    def __init__(self, *words: object) -> None:
        command = [sys.executable, "-u", "-m", "convoscope", "train", *map(str, words), "--explore"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "BROWSER": "true"},
        )
        self.printed = ""

    def read_until(self, pattern: str) -> re.Match[str]:
        """Read what is printed, line by line, until something is found in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if found := re.search(pattern, self.printed):
                return found
        raise AssertionError(f"not printed: {pattern}: {self.printed}{self.process.stderr.read()}")  # type: ignore[union-attr]

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C; the status and the errors."""
        self.process.send_signal(signal.SIGINT)
        out, errors = self.process.communicate(timeout=PATIENCE)
        self.printed += out
        return status(self.process), errors


def told(address: str) -> Any:
    with urllib.request.urlopen(f"{address}data/epochs.json", timeout=PATIENCE) as answer:
        return json.load(answer)


def ask(address: str, epoch: int) -> tuple[int, str]:
    return post(address, "ask/epoch", epoch=epoch)


def post(address: str, question: str, **told: Any) -> tuple[int, str]:
    request = urllib.request.Request(
        f"{address}{question}", json.dumps(told).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_the_page_follows_training_and_ctrl_c_ends_it_as_usual(tmp_path: Path) -> None:
    training = Training(*OPTIONS, "--epochs", 5000, "--out", tmp_path / "run")
    address = training.read_until(r"The explorer is at (http://\S+)")[1]
    seen: list[int] = []
    limit = time.monotonic() + PATIENCE
    while len(set(seen)) < 3 and time.monotonic() < limit:
        found = told(address)
        assert found["training"]
        seen.append(len(found["epochs"]))
        newest = found["snapshots"][-1]
        with urllib.request.urlopen(f"{address}data/epochs/{newest}.safetensors", timeout=PATIENCE) as answer:
            assert len(answer.read()) > 1000
    assert seen == sorted(seen)
    assert len(set(seen)) >= 3
    beside = load(tmp_path / "run", None, None)  # as another process opens it
    assert beside.note == ""
    assert beside.epochs is not None
    assert beside.epochs.described()["training"]
    status, words = ask(address, 0)
    assert (status, words.strip()) == (400, "Python is training, and will respond when training ends.")
    status, errors = training.interrupt()
    assert status == 130
    assert "Traceback" not in errors
    assert "convoscope train --resume" in errors
    with pytest.raises(OSError):
        told(address)


def test_after_training_the_page_answers_until_ctrl_c(tmp_path: Path) -> None:
    run = tmp_path / "run"
    training = Training(*OPTIONS, "--epochs", 2, "--out", run)
    address = training.read_until(r"The explorer stays at (http://\S+) until")[1]
    found = told(address)
    assert (found["training"], found["live"], found["own"], found["snapshots"]) == (False, True, 0, [0, 1, 2])
    status, words = ask(address, 2)
    assert status == 200
    report = json.loads((run / "report.json").read_text())
    assert json.loads(words)["accuracy"] == pytest.approx(report["accuracy"], abs=0.01)
    status, errors = training.interrupt()
    assert (status, errors) == (0, "")
    assert "The explorer has ended." in training.printed


def test_a_run_that_goes_on_opens_at_the_epoch_that_it_had_come_to(tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = [sys.executable, "-m", "convoscope", "train", *OPTIONS, "--epochs", "2", "--quiet", "--out", str(run)]
    subprocess.run(words, check=True, capture_output=True)
    training = Training("--resume", run, "--epochs", 3)
    address = training.read_until(r"The explorer stays at (http://\S+) until")[1]
    found = told(address)
    assert (found["own"], found["snapshots"], len(found["epochs"])) == (2, [2, 3], 3)
    assert training.interrupt()[0] == 0


def test_a_training_that_waits_for_its_page_is_changed_stopped_and_resumed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    training = Training(*OPTIONS, "--epochs", 5000, "--out", run, "--paused")
    address = training.read_until(r"The explorer is at (http://\S+)")[1]
    training.read_until(r"Training is paused\. Resume it from the page, or press Ctrl-C here to stop\.")
    assert post(address, "ask/live-control", do="rate", value=0.02)[0] == 200
    training.read_until(r"Learning rate changed in epoch 1, batch 0: 0\.001 → 0\.02\.")
    assert not run.joinpath("history.jsonl").exists()
    post(address, "ask/live-control", do="resume")
    limit = time.monotonic() + PATIENCE
    while len(told(address)["epochs"]) < 2:
        assert time.monotonic() < limit
    assert post(address, "ask/live-control", do="stop")[0] == 200
    _out, errors = training.process.communicate(timeout=PATIENCE)
    assert (status(training.process), "Traceback" in errors) == (130, False)
    assert f"convoscope train --resume {run}" in errors
    first, second, *_ = (json.loads(line) for line in run.joinpath("history.jsonl").read_text().splitlines())
    assert first["rate_changes"] == [{"batch": 0, "before": 0.001, "after": 0.02}]
    assert (first["learning_rate"], second["learning_rate"], "rate_changes" in second) == (0.02, 0.02, False)
    epochs = len(run.joinpath("history.jsonl").read_text().splitlines())
    words = [sys.executable, "-m", "convoscope", "train", "--resume", str(run), "--epochs", str(epochs + 1)]
    resumed = subprocess.run(words, check=True, capture_output=True, text=True)
    assert "The learning rate was changed by hand in epoch 1" in " ".join(resumed.stdout.split())
    report = json.loads(run.joinpath("report.json").read_text())
    assert report["rate_changes"] == [{"epoch": 1, "batch": 0, "before": 0.001, "after": 0.02}]
    assert report["last_epoch"]["learning_rate"] == 0.02
