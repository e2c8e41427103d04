"""The command line, run in this process as it is run in a shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

TRAIN = (
    "train",
    "digits",
    "--model",
    "dense",
    "--epochs",
    "3",
    "--seed",
    "5",
    "--engine",
    "reference",
    "--threads",
    "1",
)


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


Shell = Callable[..., Ended]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    """Give a function that runs ``convoscope ...`` in an empty folder."""
    from convoscope.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("CONVOSCOPE_DATA", raising=False)

    def run(*words: object) -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["convoscope", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, not to be changed."""
    import subprocess

    run = tmp_path_factory.mktemp("runs") / "trained"
    command = [sys.executable, "-m", "convoscope", *TRAIN, "--quiet", "--out", str(run)]
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
    return run
