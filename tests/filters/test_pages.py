"""The lessons' claims about convolution and pooling: each page under docs/filters runs and holds what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "filters"
PAGES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_runs_and_what_it_checks_is_true(page: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(page)],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert not list(tmp_path.iterdir())


def test_there_is_a_page_for_each_claim() -> None:
    assert [page.stem[0] for page in PAGES] == list("1234567")
    for page in PAGES:
        assert page.read_text(encoding="utf-8").count("\nassert ") >= 3, page.name
