"""``convoscope compare --storage``."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import Shell

pytestmark = pytest.mark.long

pytest.importorskip("optuna")
GRID = ("compare", "digits", "--vary", "dense-units=4,16", "--set", "model=dense", "--set", "epochs=1")
COMPUTING = ("--engine", "reference", "--threads", "1", "--jobs", "1")


def table(out: str) -> list[str]:
    lines = out.splitlines()
    begins = next(index for index, line in enumerate(lines) if line.startswith("dense units"))
    return lines[begins : begins + 3]


def test_a_second_machine_joins_and_prints_the_same_table(shell: Shell, tmp_path: Path) -> None:
    storage = ("--storage", f"sqlite:///{tmp_path}/study.db", "--study", "units")
    first = shell(*GRID, *COMPUTING, *storage, "--out", "one")
    assert first.status == 0, first.err
    assert f"Began study units in sqlite:///{tmp_path}/study.db: 0 of 2 runs done, 0 running." in first.out
    assert "2/2  002-dense-units-16-seed-0:" in first.out
    second = shell(*GRID, *COMPUTING, *storage, "--out", "two")
    assert "Joined study units" in second.out
    assert "2 of 2 runs done" in second.out
    assert table(second.out) == table(first.out)
    assert (
        f"2 runs on {socket.gethostname()} in {tmp_path / 'one' / 'runs'}" in (tmp_path / "two/report.md").read_text()
    )
    assert not list(tmp_path.glob("two/runs/*"))
    alone = shell("compare", "two")  # without the storage
    assert table(alone.out) == table(first.out)
    resumed = shell("compare", "--resume", "two")
    assert resumed.status == 1
    assert "machine's part of a study" in resumed.err
    other = shell(*GRID, "--seeds", 2, *COMPUTING, *storage, "--out", "three")
    assert other.status == 1
    assert "seeds: the study has [0], this command [0, 1]" in other.err
    assert not (tmp_path / "three").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is not sent to one process there")
def test_ctrl_c_gives_back_what_is_being_trained(tmp_path: Path) -> None:
    words = [*GRID[:-1], "epochs=2000", *COMPUTING, "--storage", "s.journal"]
    worker = subprocess.Popen(
        [sys.executable, "-m", "convoscope", *words], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    history = tmp_path / "runs/compare-digits/runs/001-dense-units-4-seed-0/history.jsonl"
    while not history.exists():
        assert worker.poll() is None
        time.sleep(0.02)
    worker.send_signal(signal.SIGINT)
    _, told = worker.communicate()
    assert worker.returncode == 130
    assert b"were returned to study compare-digits. 0 of 2 runs are done, 0 running." in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--study", "units"), "--study needs --storage"),
        (("--storage", "redis://host"), "does not know redis://"),
        (("--storage", "postgresql+psycopg://ann:s3cret@127.0.0.1"), "names no database"),
    ],
)
def test_what_cannot_be_meant_is_said(shell: Shell, words: tuple[str, ...], said: str) -> None:
    ended = shell(*GRID, *COMPUTING, *words)
    assert ended.status == 1
    assert said in ended.err
    assert "s3cret" not in ended.err + ended.out
