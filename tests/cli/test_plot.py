"""plot."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from .conftest import Shell

pytestmark = pytest.mark.long


def test_a_run_is_drawn_into_its_folder_or_where_one_says(shell: Shell, trained: Path, tmp_path: Path) -> None:
    run = shutil.copytree(trained, tmp_path / "run")
    ended = shell("plot", "run")
    assert ended.status == 0
    assert sorted(ended.out.split()) == sorted(f"run/plots/{path.name}" for path in (run / "plots").iterdir())
    assert (run / "plots" / "curves.svg").is_file()
    assert "No filters" in ended.err  # of a network without convolutions
    assert shell("plot", "run", "--out", "figures").status == 0
    assert (tmp_path / "figures" / "confusion.png").is_file()


def test_a_run_that_is_not_there_is_missed(shell: Shell) -> None:
    ended = shell("plot", "nothing")
    assert ended.status == 1
    assert "There is no run in nothing" in ended.err


def test_without_matplotlib_the_way_to_get_it_is_said(
    shell: Shell, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ended = shell("plot", trained)
    assert ended.status == 1
    assert "pip install 'convoscope[plots]'" in ended.err
