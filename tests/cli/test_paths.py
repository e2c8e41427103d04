"""Paths as they are typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from convoscope.cli.main import app
from convoscope.cli.options import read_path

from .conftest import TRAIN, Shell


def test_every_option_that_is_a_path_is_read_as_it_was_typed() -> None:
    options = [
        (command.name, name, get_args(hint)[1])
        for command in app.registered_commands
        for name, hint in get_type_hints(command.callback, include_extras=True).items()
        if name != "return" and "Path" in repr(get_args(hint)[:1])
    ]
    assert len(options) > 20
    assert [(command, name) for command, name, option in options if option.parser is not read_path] == []


@pytest.mark.parametrize("name", ["~nobody-of-that-name", "./~nobody-of-that-name", "./~root"])
def test_a_run_may_have_a_tilde_in_its_name(shell: Shell, name: str) -> None:
    for words in (
        (*TRAIN, "--epochs", 1, "--out", name),
        ("evaluate", name),
        ("predict", name, f"{name}/example.png"),
        ("summary", name),
        ("runs", name),
        ("compare", name),
        ("export", name, "--html", f"{name}.html"),
        ("train", "--resume", name),
    ):
        ended = shell(*words)
        assert ended.status == 0, (words, ended.err)
    assert sorted(os.listdir()) == sorted([Path(name).name, f"{Path(name).name}.html"])


def test_home_is_found_in_every_place(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "at home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "at home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "at home"))
    assert shell(*TRAIN, "--epochs", 1, "--out", "~/run").status == 0
    assert shell("summary", "~/run").status == 0
    assert shell("filter", "drawing", "--kernel", "sobel-x", "--out", "~/edges.png").status == 0
    assert sorted(os.listdir(tmp_path / "at home")) == ["edges.png", "run"]
