"""Real kills in the middle of a comparison: nothing is lost, and nothing is trained twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ended import status

from convoscope.experiments import Experiment, results
from convoscope.locks import is_in_use

from .conftest import states

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals there"),
]
PATIENCE = 300.0
GRID = ("digits", "--vary", "dense-units=16,32,64", "--set", "model=dense", "--set", "val=0.1")
COMPUTING = ("--threads", "1", "--engine", "reference")


def run(*words: object, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "convoscope", "compare", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def wait_until(done: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + PATIENCE
    while not done():
        if process.poll() is not None or time.monotonic() > limit:
            pytest.fail(f"it did not come to that: {process.communicate()}")
        time.sleep(0.005)


def epochs(folder: Path) -> list[dict[str, Any]]:
    history = folder / "history.jsonl"
    return [json.loads(line) for line in history.read_text().splitlines()] if history.exists() else []


def halfway(experiment: Experiment) -> bool:
    """Say whether a run is finished and another one has begun its epochs."""
    folders = list(experiment.runs.glob("*")) if experiment.runs.exists() else []
    ended = [(folder / "report.json").exists() for folder in folders]
    return any(ended) and any(len(epochs(f)) > 2 for f, end in zip(folders, ended, strict=True) if not end)


def without_seconds(folder: Path) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "seconds"} for line in epochs(folder)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """The comparison, uninterrupted."""
    out = tmp_path_factory.mktemp("whole") / "x"
    process = run(*GRID, *COMPUTING, "--set", "epochs=12", "--jobs", 1, "--out", out)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return Experiment(out)


@pytest.mark.parametrize("all_of_it", [True, False], ids=["everything", "the first process alone"])
def test_a_comparison_killed_in_the_middle_ends_as_if_nothing_had_been(
    tmp_path: Path, whole: Experiment, all_of_it: bool
) -> None:
    experiment = Experiment(tmp_path / "x")
    process = run(*GRID, *COMPUTING, "--set", "epochs=12", "--jobs", 1, "--out", experiment)
    wait_until(lambda: halfway(experiment), process)
    os.killpg(process.pid, signal.SIGKILL) if all_of_it else process.kill()
    process.communicate(timeout=PATIENCE)
    before = {folder.name: epochs(folder) for folder in experiment.runs.glob("*")}
    ended = {path: path.stat().st_mtime_ns for path in experiment.runs.glob("*/report.json")}
    process = run("--resume", experiment)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert set(states(experiment).values()) == {"finished"}
    for planned in experiment.planned():
        here, there = experiment.folder(planned.name), whole.folder(planned.name)
        assert here.model.read_bytes() == there.model.read_bytes()
        assert without_seconds(here.path) == without_seconds(there.path)
        # Seconds are never the same twice: what was kept was not trained again.
        kept = before.get(planned.name, [])[:-1]
        assert epochs(here.path)[: len(kept)] == kept
        assert not list(here.path.glob(".*"))
    assert ended == {path: path.stat().st_mtime_ns for path in ended}


def test_ctrl_c_ends_every_process_and_says_how_to_go_on(tmp_path: Path) -> None:
    experiment = Experiment(tmp_path / "my x")
    process = run(*GRID, *COMPUTING, "--set", "epochs=100000", "--jobs", 2, "--out", experiment)
    wait_until(lambda: sum(len(epochs(f)) > 0 for f in experiment.runs.glob("*")) == 2, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert status(process) == 130, errors
    assert "Traceback" not in errors
    assert f"convoscope compare --resume '{experiment}'" in errors
    for folder in experiment.runs.glob("*"):
        assert not is_in_use(folder)
        assert not list(folder.glob(".*"))
    assert sorted(states(experiment).values()) == ["begun", "begun", "waiting"]


def test_a_full_disk_is_said_and_what_is_done_is_kept(tmp_path: Path) -> None:
    import resource

    experiment = Experiment(tmp_path / "x")

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    # The first network takes less than there is room for, and the second more.
    words = ("digits", "--vary", "dense-units=2,512", "--set", "model=dense", "--set", "epochs=2", *COMPUTING)
    process = run(*words, "--jobs", 1, "--out", experiment, preexec_fn=little_room)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "could not be written" in errors
    assert "then resume: convoscope compare --resume" in errors
    assert "Traceback" not in errors
    process = run("--resume", experiment)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert {result.state for result in results(experiment)} == {"finished"}
