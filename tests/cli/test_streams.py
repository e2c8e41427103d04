"""Every command, with standard streams that are closed, full, read in part, or of few letters."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from .conftest import TRAIN

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell redirects them")]

COMPARE = "compare digits --vary dropout=0 --set model=dense --set epochs=1 --threads 1 --engine reference"
COMMANDS = {
    "train": shlex.join((*TRAIN, "--epochs", "1")),
    "compare": COMPARE,
    "runs": "runs .",
    "runs --json": "runs . --json",
    "plot": "plot trained --out figures",
    "evaluate": "evaluate trained",
    "evaluate --json": "evaluate trained --json",
    "predict": "predict trained trained/example.png",
    "export": "export trained --html page.html",
    "summary": "summary trained --details",
    "filter": "filter drawing --kernel sobel-x --steps",
    "lab": "lab --export lab.html",
    "datasets": "datasets",
    "doctor": "doctor",
    "help": "--help",
    "version": "--version",
}
# These take seconds, and print by the same means as the others.
PRINTING = [name for name in COMMANDS if name not in ("compare", "plot")]


@pytest.fixture
def folder(tmp_path: Path, trained: Path) -> Path:
    (tmp_path / "trained").symlink_to(trained, target_is_directory=True)
    return tmp_path


def run(folder: Path, command: str, redirected: str, **environment: str) -> subprocess.CompletedProcess[str]:
    line = f"{shlex.quote(sys.executable)} -m convoscope {command} {redirected}"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **environment},
    )


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines on stderr, without the note that a dense network has no filters to draw."""
    return [line for line in done.stderr.splitlines() if not line.startswith("No filters: ")]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_without_any_stream_does_its_work(folder: Path, name: str) -> None:
    assert run(folder, COMMANDS[name], "<&- >&- 2>&-").returncode == 0


@pytest.mark.parametrize("name", PRINTING)
def test_output_that_cannot_be_written_is_said_in_one_line(folder: Path, name: str) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    done = run(folder, COMMANDS[name], ">/dev/full")
    assert done.returncode == 1
    assert said(done) == ["Error: Standard output cannot be written to: No space left on device."]


@pytest.mark.parametrize("name", PRINTING)
def test_a_reader_that_has_seen_enough_and_few_letters_are_no_error(folder: Path, name: str) -> None:
    done = run(folder, COMMANDS[name], "| head -n 1", PYTHONIOENCODING="ascii")
    assert said(done) == []
    assert done.stdout
    assert done.returncode in (0, 1)  # 1 where the reader was gone before all was written


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize(("command", "status"), [("datasets", 0), ("evaluate nothing", 1), ("nonsense", 2)])
def test_a_missing_standard_error_does_not_change_the_status(
    folder: Path, command: str, status: int, redirected: str
) -> None:
    if "full" in redirected and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    assert run(folder, command, redirected).returncode == status


def test_with_closed_descriptors_no_file_of_a_run_is_written_into(folder: Path) -> None:
    assert run(folder, shlex.join((*TRAIN, "--out", "quiet")), "<&- >&- 2>&-").returncode == 0
    assert run(folder, shlex.join((*TRAIN, "--out", "usual")), "").returncode == 0
    quiet, usual = folder / "quiet", folder / "usual"
    assert sorted(os.listdir(quiet)) == sorted(os.listdir(usual))
    rows = [json.loads(line) for line in (quiet / "history.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    weights = [_weights(run_folder / "model.safetensors") for run_folder in (quiet, usual)]
    assert all(np.array_equal(*pair) for pair in zip(*weights, strict=True))


def test_json_can_be_read_where_few_letters_are_known(folder: Path) -> None:
    (folder / "größe").symlink_to(folder / "trained", target_is_directory=True)
    done = run(folder, "predict größe größe/example.png --json", "", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["file"] == "größe/example.png"


def test_control_codes_in_a_name_are_shown_and_not_obeyed(folder: Path) -> None:
    name = "a\x1b[31mb\rc"
    (folder / name).symlink_to(folder / "trained" / "example.png")
    done = run(folder, f"predict trained {shlex.quote(name)} {shlex.quote('no ' + name)}", "")
    assert done.returncode == 1
    assert "a\\x1b[31mb\\rc" in done.stdout
    assert "no a\\x1b[31mb\\rc" in done.stderr
    assert not {"\x1b", "\r"} & {*done.stdout, *done.stderr}


def _weights(path: Path) -> list[np.ndarray]:
    from safetensors.numpy import load_file

    return list(load_file(path).values())
