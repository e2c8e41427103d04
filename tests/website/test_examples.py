"""The tutorial and the explanations: every program and every command on them runs, and prints what they say."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from convoscope.cli.main import app

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    return _BLOCK.findall((DOCS / f"{page}.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("tutorial", marks=pytest.mark.slow),
        pytest.param("how-it-works", marks=pytest.mark.slow),
        "winograd",
        "backward",
        "assignment",
    ],
)
def test_the_programs_of_a_page_run_in_their_order(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    said = ""
    for language, text in blocks(page):
        if language == "python":
            shown = io.StringIO()
            with contextlib.redirect_stdout(shown):
                exec(text.replace("explore(x_test, y_test)", "explore(x_test, y_test, server=False)"), names)
            said = shown.getvalue()
        elif language == "text" and page != "backward":  # whose text depends on the processor
            assert text.strip() == said.strip()
    assert names
    if page == "tutorial":
        assert names["accuracy"] > 0.96


def test_the_plan_of_the_lessons_network_is_as_the_page_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from convoscope.engine import available

    if available()["native"] != "ok":
        pytest.skip("the page shows the native core's plan")
    (_, program), (_, expected) = blocks("backward")
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(program, {})
    said = re.sub(r"\(\w+\)", "(avx512)", " ".join(shown.getvalue().split()))
    for sentence in re.findall(r"backward: .*", expected):
        assert sentence in said


@pytest.mark.long
@pytest.mark.parametrize("page", ["tutorial", "classroom"])
def test_the_commands_of_a_page_run_in_their_order(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = [
        line
        for language, text in blocks(page)
        if not language
        for line in text.splitlines()
        if line.startswith("convo")
    ]
    assert len(commands) >= 3
    for command in commands:
        done = CliRunner().invoke(app, shlex.split(command)[1:], catch_exceptions=False)
        assert done.exit_code == 0, (command, done.output)
    if page == "classroom":
        assert (tmp_path / "class.html").stat().st_size > 1_000_000
