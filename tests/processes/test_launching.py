"""Starting processes and ending them: here they are small programs without PyTorch."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from convoscope.processes import launching
from convoscope.processes.watch import LOST

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals end processes")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "_GRACE", 0.2)


def run(program: str, count: int = 3) -> tuple[int, str]:
    beginning = "import os, signal, sys, time; rank = os.environ['RANK']\n"
    return launching.launch([sys.executable, "-c", beginning + program], count)


def test_each_is_told_who_it_is(tmp_path: Path) -> None:
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR")
    written = f"open({str(tmp_path)!r} + '/' + rank, 'w').write(' '.join(os.environ[name] for name in {names}))"
    assert run(written) == (0, "")
    assert [(tmp_path / str(rank)).read_text() for rank in range(3)] == [f"{n} {n} 3 3 127.0.0.1" for n in range(3)]


def test_the_first_that_fails_ends_all_and_is_quoted() -> None:
    status, reason = run("if rank == '2': sys.exit('Error: no such thing')\ntime.sleep(0 if rank == '1' else 60)")
    assert (status, reason) == (1, "Process 3 of 3 ended, and the others were stopped. no such thing")


def test_those_that_end_because_of_another_are_not_to_blame() -> None:
    status, reason = run(
        f"sys.exit({LOST}) if rank != '1' else (time.sleep(0.5), os.kill(os.getpid(), signal.SIGKILL))"
    )
    assert status == 128 + signal.SIGKILL
    assert reason.startswith("Process 2 of 3 was killed by SIGKILL, and the others were stopped.")


def test_the_first_process_speaks_for_itself(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("if rank == '0': sys.exit('Error: mine')", 2) == (1, "")
    assert capfd.readouterr().err == "Error: mine\n"
