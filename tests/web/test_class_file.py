"""A class's file: what is in it once, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import convoscope as cs
from convoscope.cli.main import app
from convoscope.errors import ConfigurationError
from convoscope.web.class_file import class_file
from convoscope.web.explored import Explored


def explored() -> Explored:
    return Explored(cs.Sequential([cs.Input(shape=(4, 4, 1)), cs.layers.Flatten(), cs.layers.Dense(3)]))


def test_each_model_has_its_page_and_the_modules_are_there_once() -> None:
    one, two = class_file({"a": explored()}), class_file({"a": explored(), "b": explored()})
    assert two.count("convoscope/explorer/main.js") == one.count("convoscope/explorer/main.js")
    assert len(two) - len(one) < 40_000
    assert '"name":"b"' in two


@pytest.mark.parametrize("name", ["Lab 1", "lab", "exercises", "lesson-9", "", "a" * 31, "<b>", "-a"])
def test_a_name_that_cannot_stand_in_a_link_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="lower-case letters, digits and hyphens"):
        class_file({name: explored()})


def test_the_command_writes_the_file_and_says_what_a_model_needs(tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    explored().model.save(model)
    run = CliRunner().invoke(app, ["class", "--model", f"tiny={model}", "--save", str(tmp_path / "class.html")])
    assert run.exit_code == 0, run.output
    written = (tmp_path / "class.html").read_text(encoding="utf-8")
    assert "<title>Convoscope</title>" in written
    assert len(written) < 3_500_000  # of which the lessons are 0.9 MB
    assert '"name":"lesson-12"' in written
    for words in (["tiny"], [f"a={model}", "--model", f"a={model}"]):
        run = CliRunner().invoke(app, ["class", "--model", *words, "--save", str(tmp_path / "other.html")])
        assert run.exit_code != 0
        assert not (tmp_path / "other.html").exists()
