"""What the README and the guides show is so: commands and programs run as they stand there, once each."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from tests.photos import drawn, fill
from typer.testing import CliRunner

import convoscope as cs
from convoscope.cli.main import app

ROOT = Path(__file__).parent.parent
README, DOCS = ROOT / "README.md", ROOT / "docs"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
#: For each page its blocks: the language, which commands have none, and the text.
BLOCKS = {name: re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE) for name, text in TEXTS.items()}
PROGRAMS = {
    name: found for name, blocks in BLOCKS.items() if (found := [code for kind, code in blocks if kind == "python"])
}
#: In the order of the pages here, since a command may need a run that an earlier one made.
IN_ORDER = ("README.md", "docs/install.md", "docs/your-photos.md", "docs/experiments.md")
COMMANDS = list(
    dict.fromkeys(
        tuple(shlex.split(line, comments=True)[1:])
        for name in [*IN_ORDER, *sorted(TEXTS.keys() - set(IN_ORDER))]
        for kind, block in BLOCKS[name]
        if not kind
        for line in re.findall(r"^convoscope\b.*", block, re.MULTILINE)
    )
)
#: Programs that do not run here, and why.
NOT_RUN = {
    "CONTRIBUTING.md": "tests/test_contributing.py follows it",
    "docs/exercises.md": "a line of the page's own program, which tests/web/test_exercises.py runs",
    "docs/lessons.md": "tests/lessons/test_page.py runs it",
    "docs/live.md": "waits for somebody to press Ctrl-C",
    "docs/scale.md": "needs a GPU",
    "docs/serving.md": "tests/serving/test_examples.py runs it",
    "docs/studies.md": "needs a folder that machines share",
    "docs/tutorial.md": "serves a page until Ctrl-C; tests/website/test_examples.py runs it without",
}
#: What a page takes for given, made by this page before it.
GIVEN = {"docs/explaining.md": "docs/networks.md"}
#: Words of commands that are only parsed here: they need downloads, minutes, somebody at the page or other machines, or
#: tests of their own run them (`doctor`, `plot`, `teach`, `class`, `serve`, `explore`, `exercises`).
PARSED = {
    "fashion-mnist", "mnist", "--vary", "--search", "--storage", "--paused", "--processes", "--int8", "import", "run",
    "doctor", "plot", "teach", "class", "serve", "explore", "exercises",
}  # fmt: skip
GROUP: Any = typer.main.get_command(app)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos as the pages speak of them: two classes, a wrong label, and one to predict."""
    folder = tmp_path_factory.mktemp("readme")
    fill(folder / "my_photos", {"disc": 8, "cross": 8})
    shutil.copy(folder / "my_photos" / "disc" / "3.jpg", folder / "my_photos" / "cross" / "wrong.jpg")
    drawn("disc", 50).save(folder / "photo.jpg")
    return folder


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same as the working folder, with a cache of its own and no data sets but what is in the package."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.delenv("CONVOSCOPE_DATA", raising=False)
    return folder


def run(words: tuple[str, ...], folder: Path) -> str:
    """Run a command and return what it printed."""
    if words == ("lab",):
        return serve(words, folder)
    done = CliRunner().invoke(app, [word for word in words if word != "--live"], catch_exceptions=False)
    assert done.exit_code == 0, (words, done.output)
    return done.output


def serve(words: tuple[str, ...], folder: Path) -> str:
    """Serve a page, and end that as soon as the address is printed."""
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
    assert re.match(r"The filter lab is at http://127\.0\.0\.1:", said)
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=300)[0]
    assert process.returncode == 0, (words, said)
    return said


def parse(words: list[str]) -> None:
    """Read a command as the command line does, without running it: an unknown command or option raises."""
    command = GROUP if not words or words[0].startswith("-") else GROUP.commands[words[0]]
    parser = command.make_parser(command.context_class(command))
    parser.parse_args([*words[1:], "--help"])


@pytest.mark.long
def test_the_commands_run_in_their_order(here: Path) -> None:
    said = {words: run(words, here) for words in COMMANDS if not PARSED & set(words)}
    explained = next(text for words, text in said.items() if "--explain" in words)
    assert "sum of the 9 products: 1530" in explained
    assert len(said) > 20


@pytest.mark.parametrize("page", [name for name in PROGRAMS if name not in {*NOT_RUN, *GIVEN.values()}])
def test_the_programs_run(page: str, here: Path) -> None:
    """Each goes on where the one before it on the page ended, as in a notebook."""
    names: dict[str, Any] = {"image": cs.filters.samples.drawing(), "my_array": np.ones((8, 8))}
    before = PROGRAMS[GIVEN[page]] if page in GIVEN else []
    for program in [*before, *PROGRAMS[page]]:
        exec(compile(program, page, "exec"), names)


def test_what_is_not_run_is_shown() -> None:
    assert set(NOT_RUN) | set(GIVEN) <= set(PROGRAMS)
    assert {word for command in COMMANDS for word in command} >= PARSED


def test_commands_have_only_options_that_there_are() -> None:
    in_sentences = {
        command
        for text in TEXTS.values()
        for command in re.findall(r"`(convoscope [a-z]+[^`]*)`", text)  # also those that a line's end divides
    }
    assert len(in_sentences) > 60
    for command in in_sentences:
        parse(shlex.split(command.replace("[", "").replace("]", ""), comments=True)[1:])
    for words in COMMANDS:
        parse(list(words))


def test_an_option_that_there_is_not_is_noticed() -> None:
    with pytest.raises(Exception, match="--epoch-count"):
        parse(["train", "digits", "--epoch-count", "3"])


def test_the_readme_is_short() -> None:
    text = TEXTS["README.md"]
    assert len(text.splitlines()) <= 100
    assert len(text.split()) <= 900
    assert (DOCS / "images" / "explorer.webp").stat().st_size <= 1_500_000


def test_what_make_runs_is_there() -> None:
    text = "\n".join(TEXTS.values())
    targets = set(re.findall(r"^make (?:-C \w+ )?([a-z]+)", text, re.MULTILINE)) | set(
        re.findall(r"`make ([a-z]+)", text)
    )
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test"} <= targets
    assert targets <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_extras_that_are_named_are_there() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = pyproject.split("[project.optional-dependencies]")[1].split("\n[")[0]
    known = set(re.findall(r"^([a-z0-9-]+) = ", section, re.MULTILINE))
    named = set(re.findall(r"'(?:\.|convoscope)\[([a-z0-9-]+)\]'", "\n".join(TEXTS.values())))
    assert {"plots", "onnx"} <= named <= known


def test_guides_describe_the_released_package() -> None:
    assert [page for page, text in TEXTS.items() if "'.[" in text] == ["docs/install.md"]  # of a checkout
    assert TEXTS["docs/install.md"].count("'.[") == 1


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_to_files(page: str) -> None:
    places = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", TEXTS[page])
    assert [place for place in places if not ((ROOT / page).parent / place).exists()] == []


def test_every_guide_is_reached_from_the_readme() -> None:
    reached, new = set(), {"README.md"}
    while new:
        name = new.pop()
        reached.add(name)
        places = re.findall(r"\]\(([^)#:\s]+\.md)(?:#[^)]*)?\)", TEXTS[name])
        found = {(ROOT / name).parent.joinpath(place).resolve().relative_to(ROOT).as_posix() for place in places}
        new |= (found & set(TEXTS)) - reached
    assert set(TEXTS) - reached == set()
