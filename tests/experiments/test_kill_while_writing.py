"""Kills in the middle of writing each file of an experiment: the same command goes on, and nothing is left over."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convoscope.experiments import Experiment, results

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="the name of an open file is asked of /proc"),
]
# Dies by SIGKILL when the file of that name is whole beside its place, and not yet in it.
DYING = """
import os, signal, sys
name, real = sys.argv.pop(1), os.fsync
def fsync(descriptor):
    if os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")).startswith(f".{name}."):
        os.kill(os.getpid(), signal.SIGKILL)
    real(descriptor)
os.fsync = fsync
"""
TRAINING = """
from convoscope.experiments import Experiment
from convoscope.experiments.grid import begin, resume
path, rate = sys.argv[1:]
fixed = {"model": "dense", "epochs": 2, "optimizer": "sgd", "learning_rate": float(rate)}
if not Experiment(path).file.exists():
    begin("digits", {"dense_units": [4]}, out=path, fixed=fixed, threads=1, engine="reference")
resume(path, here=True)
"""
COMMAND = """
from convoscope.cli.main import main
main()
"""
WHOLE = "no such file"


def python(script: str, *words: object) -> int:
    command = [sys.executable, "-c", DYING + script, *map(str, words)]
    return subprocess.run(command, capture_output=True, timeout=300).returncode


def left_over(experiment: Experiment) -> list[Path]:
    return list(experiment.path.rglob(".*"))


@pytest.mark.parametrize(
    ("name", "rate", "state"),
    [
        ("experiment.json", 0.01, "finished"),
        ("config.json", 0.01, "finished"),
        ("checkpoint.safetensors", 0.01, "finished"),
        ("report.json", 0.01, "finished"),
        ("failure.json", 1e30, "failed"),
    ],
)
def test_a_kill_while_a_file_is_written_costs_nothing(tmp_path: Path, name: str, rate: float, state: str) -> None:
    experiment = Experiment(tmp_path / "x")
    assert python(TRAINING, name, experiment, rate) == -signal.SIGKILL
    assert left_over(experiment)
    assert python(TRAINING, WHOLE, experiment, rate) == 0
    (result,) = results(experiment)
    assert result.state == state
    assert not left_over(experiment)


def test_compare_goes_on_where_its_report_was_cut(tmp_path: Path) -> None:
    experiment = Experiment(tmp_path / "x")
    begin: list[Any] = ["compare", "digits", "--vary", "dense-units=4", "--set", "model=dense", "--set", "epochs=1"]
    begin += ["--engine", "reference", "--threads", "1", "--out", experiment]
    assert python(COMMAND, "report.html", *begin) == -signal.SIGKILL
    assert python(COMMAND, WHOLE, "compare", "--resume", experiment) == 0
    assert [result.state for result in results(experiment)] == ["finished"]
    assert (experiment.path / "report.html").exists()
    assert not left_over(experiment)


def test_what_a_kill_left_is_cleaned_even_if_that_file_is_not_written_again(
    tmp_path: Path, finished: Experiment
) -> None:
    import shutil

    from convoscope.experiments.grid import resume

    shutil.copytree(finished.path, tmp_path / "x")
    experiment = Experiment(tmp_path / "x")
    run = experiment.folder(experiment.planned()[0].name)
    (experiment.path / ".val-accuracy.svg.4711-42").write_bytes(b"half")
    (run.path / ".failure.json.4711-42").write_bytes(b"{")
    resume(experiment.path)
    assert not left_over(experiment)
