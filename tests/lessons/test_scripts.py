"""The scripts under docs/lessons: each runs on the digits in the package, and holds what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.pages import DOCS, run_page

from convoscope.lessons import CLAIMS

pytestmark = pytest.mark.long

FOLDER = DOCS / "lessons"
SCRIPTS = sorted(FOLDER.glob("[0-9]*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_script_runs_on_digits_and_what_it_checks_is_true(script: Path, tmp_path: Path) -> None:
    printed = run_page(script, "digits", folder=tmp_path)
    assert printed
    assert "mnist: " not in printed
    assert not list(tmp_path.iterdir())


def test_there_is_a_script_for_each_claim() -> None:
    own = [claim.number for claim in CLAIMS if claim.shown_with is None]
    assert [int(script.stem[:2]) for script in SCRIPTS] == own
    assert {claim.shown_with for claim in CLAIMS} - {None} <= set(own)
    for script in SCRIPTS:
        text = script.read_text(encoding="utf-8")
        assert len(re.findall(r"^ *assert ", text, re.MULTILINE)) >= 3, script.name
        assert f"python docs/lessons/{script.name}" in text


def test_the_list_leads_to_each_of_them() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\(([0-9][^)]*)\)", text) == [script.name for script in SCRIPTS]
