"""What the README shows runs as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.photos import drawn, fill
from typer.testing import CliRunner

from convoscope.cli.main import app

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = re.findall(r"^convoscope .*", TEXT, re.MULTILINE)
PAGES = [README, README.parent / "CONTRIBUTING.md", *sorted((README.parent / "docs").rglob("*.md"))]


ABOUT_PHOTOS = [program for program in PROGRAMS if "my_photos" in program]


# Each goes on where the one before ended, as in a notebook; those about photos stand alone.
@pytest.mark.parametrize(
    "cells", [[program for program in PROGRAMS if program not in ABOUT_PHOTOS], *([each] for each in ABOUT_PHOTOS)]
)
def test_the_programs_in_the_readme_run(cells: list[str], tmp_path: Path) -> None:
    photos(tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(cells)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean folder, in which there are photos as the README speaks of."""
    return photos(tmp_path_factory.mktemp("readme"))


def photos(folder: Path) -> Path:
    """Put photos of two classes there, of which one is in both, and one that is to be predicted."""
    fill(folder / "my_photos", {"disc": 8, "cross": 8})
    shutil.copy(folder / "my_photos" / "disc" / "3.jpg", folder / "my_photos" / "cross" / "wrong.jpg")
    drawn("disc", 50).save(folder / "photo.jpg")
    return folder


def run(words: list[str], folder: Path) -> str:
    """Run a command and return what it printed."""
    if words in (["lab"], ["teach"]):
        return serve(words, folder)
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, (words, done.output)
    return done.output


def serve(words: list[str], folder: Path) -> str:
    """Serve a page, and end that as soon as it is said where the page is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "convoscope", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**os.environ, "BROWSER": "true", "PYTHONUTF8": "1"},  # a browser that does nothing
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    assert re.match(r"The (filter lab|page) is at http://127\.0\.0\.1:", said)
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=300)[0]
    assert process.returncode == 0, (words, said)
    return said


def as_run_here(words: list[str]) -> list[str]:
    """Return a command as it is, or what of it can be tried without downloads, minutes and a terminal."""
    if words[0] in ("lessons",) or "fashion-mnist" in words or "--vary" in words:
        return [*words, "--help"]  # which refuses options that there are not
    return [word for word in words if word != "--live"]


@pytest.mark.long
def test_the_commands_in_the_readme_run_in_their_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))  # no data sets but what is in the package
    said = {
        line: run(as_run_here(shlex.split(line, comments=True)[1:]), folder)
        for line in ["convoscope train digits", *COMMANDS]
    }
    explained = next(text for line, text in said.items() if "--explain" in line)
    assert "sum of the 9 products: 1530" in explained
    assert (folder / "runs" / "digits-cnn-2-1" / "plots").is_dir()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_within_sentences_have_only_options_that_there_are(page: Path) -> None:
    commands = re.findall(r"`(convoscope [a-z]+[^`]*)`", page.read_text(encoding="utf-8"))
    for command in commands:
        words = shlex.split(command.replace("[", "").replace("]", ""), comments=True)
        done = CliRunner().invoke(app, [*words[1:], "--help"])
        assert done.exit_code == 0, (command, done.output)


def test_what_make_runs_is_there() -> None:
    targets = set(re.findall(r"^make ([a-z]+)", TEXT, re.MULTILINE)) | set(re.findall(r"`make ([a-z]+)`", TEXT))
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    assert targets
    assert targets <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def test_extras_that_are_named_are_there() -> None:
    pyproject = (README.parent / "pyproject.toml").read_text(encoding="utf-8")
    section = pyproject.split("[project.optional-dependencies]")[1].split("\n[")[0]
    known = set(re.findall(r"^([a-z]+) = ", section, re.MULTILINE))
    named = set(re.findall(r"pip install '\.\[([a-z]+)\]'", TEXT))
    assert named
    assert named <= known


def test_what_the_readme_links_to_is_there() -> None:
    places = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert places
    assert [place for place in places if not (README.parent / place).exists()] == []
