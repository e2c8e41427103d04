"""The lessons' claims about convolution and pooling: each page under docs/filters runs and holds what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pages import DOCS, run_page

FOLDER = DOCS / "filters"
PAGES = sorted(FOLDER.glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_runs_and_what_it_checks_is_true(page: Path, tmp_path: Path) -> None:
    assert run_page(page, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_there_is_a_page_for_each_claim() -> None:
    assert [page.stem[0] for page in PAGES] == list("1234567")
    for page in PAGES:
        assert page.read_text(encoding="utf-8").count("\nassert ") >= 3, page.name
