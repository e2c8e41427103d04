"""The command line in a terminal of 80 columns, and with a disk that is full."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.own_images import rejection_for

from convoscope.models import load_model

from .conftest import TRAIN

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals there")]


def in_terminal(*words: object, cwd: Path, columns: int = 80, **environment: str) -> str:
    """Run a command in a pseudo-terminal and return all that it wrote."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "convoscope", *map(str, words)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONIOENCODING": "utf-8", **environment},
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # Linux' way of saying that the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    assert process.wait() == 0, written.decode()
    return written.decode()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_training_shows_a_bar_and_leaves_a_report_of_80_columns(tmp_path: Path) -> None:
    text = in_terminal(*TRAIN, "--epochs", 20, "--val", "0.1", cwd=tmp_path)
    assert "images/s" in text
    assert "━" in text
    assert "▀" in text
    report = plain(text).split("Accuracy")[1]
    assert max(len(line.rstrip("\r")) for line in report.split("\n")) <= 80


def test_predictions_are_drawn_beside_the_image(tmp_path: Path, trained: Path) -> None:
    text = in_terminal("predict", trained, trained / "example.png", "-v", cwd=tmp_path)
    assert "▀" in text
    assert max(len(line.rstrip("\r")) for line in plain(text).split("\n")) <= 80


def test_an_image_of_none_of_the_classes_is_said_to_be_that(tmp_path: Path, trained: Path) -> None:
    model = load_model(trained)
    size = model.layers[-1].input_shape[-1]
    rejection = rejection_for(np.random.default_rng(0).normal(size=(9, size)), 10)
    for threshold, refused in ((-1e6, True), (1e6, False)):
        model.rejection = replace(rejection, threshold=threshold)
        model.save(tmp_path / "model.safetensors")
        text = plain(in_terminal("predict", "model.safetensors", trained / "example.png", cwd=tmp_path))
        assert ("none of these (score " in text) == refused
        assert max(len(line.rstrip("\r")) for line in text.split("\n")) <= 80


def test_who_wants_no_colour_gets_none(tmp_path: Path, trained: Path) -> None:
    text = in_terminal("evaluate", trained, cwd=tmp_path, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*(3[0-79]|38|48);?", text)
    drawn = in_terminal("predict", trained, trained / "example.png", cwd=tmp_path, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*(3[0-79]|38|48);?", drawn)
    assert "▀" not in drawn  # without colours that is a solid block
    assert set("░▒▓█") & set(drawn)


def test_a_terminal_without_the_characters_gets_others(tmp_path: Path, trained: Path) -> None:
    for command in (
        ("evaluate", trained),
        ("summary", trained, "--details"),
        ("predict", trained, trained / "example.png"),
    ):
        in_terminal(*command, cwd=tmp_path, PYTHONIOENCODING="ascii", LC_ALL="C")


@pytest.mark.parametrize("limit", [1_000, 20_000, 60_000])
def test_a_disk_that_is_full_ends_training_with_one_message_and_nothing_half_written(
    tmp_path: Path, limit: int
) -> None:
    import resource

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-m", "convoscope", *TRAIN, "--quiet", "--out", "run"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        preexec_fn=small_files_only,
        check=False,
    )
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "run").glob(".*"))
    assert not (tmp_path / "run" / "report.json").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no folder that nobody may write into")
def test_a_folder_that_may_not_be_written_into_is_named(tmp_path: Path) -> None:
    # Not even root may write into /proc.
    done = subprocess.run(
        [sys.executable, "-m", "convoscope", *TRAIN, "--out", "/proc/run"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 1
    assert "/proc/run" in done.stderr
    assert "Traceback" not in done.stderr
