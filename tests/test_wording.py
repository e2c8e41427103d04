"""Counts and articles, against how a person says them."""

from __future__ import annotations

from pathlib import Path

import pytest

from convoscope.wording import agreeing, counted, with_article


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (counted(1, "file"), "1 file"),
        (counted(0, "file"), "0 files"),
        (counted(1_234_567, "image"), "1,234,567 images"),
        (counted(1, "class", "classes"), "1 class"),
        (counted(2, "class", "classes"), "2 classes"),
        (agreeing(1, "is", "are"), "is"),
        (agreeing(0, "is", "are"), "are"),
    ],
)
def test_a_noun_agrees_with_its_count(said: str, right: str) -> None:
    assert said == right


@pytest.mark.parametrize("name", ["8", "11", "18", "80", "800", "8000", "11000", "apple", "Ankle boot"])
def test_what_begins_with_a_vowel_when_spoken_takes_an(name: str) -> None:
    assert with_article(name) == f"an {name}"


@pytest.mark.parametrize(
    "name", ["0", "1", "2", "9", "10", "100", "110", "118", "180", "1800", "bag", "", "T-shirt/top"]
)
def test_all_else_takes_a(name: str) -> None:
    assert with_article(name) == f"a {name}"


#: What the pages said once, and say better now.
OUTDATED = (
    "maps below give",
    "what it sees of",
    "Switch off",
    "Switch on",
    "As it was",
    "of the kernels changed",
    "What is taken for what",
    "answered rightly",
    "Its images",
    "evidence is<",
    ">Beside<",
    "Training goes on",
    "Size and place it",
    ">Open…<",
    '"Weight"',
    "that the network has not",
    "balls before a brick wall",
    "speaks for",
    "speak for",
    ", taken for ",
    " taken for $",
    "is none.",
    "should come out:",
)


def test_the_pages_keep_the_better_words() -> None:
    pages = Path(__file__).parents[1] / "src/convoscope/web/static"
    files = [file for kind in ("js", "html") for file in pages.rglob(f"*.{kind}")]
    assert len(files) > 100
    text = {file: _said(file.read_text(encoding="utf-8")) for file in files}
    found = [f"{file.name}: {phrase}" for file in files for phrase in OUTDATED if phrase in text[file]]
    assert found == []


def _said(source: str) -> str:
    """Leave comments out, in which anything may stand."""
    lines = (line for line in source.splitlines() if not line.lstrip().startswith(("//", "/*", "*")))
    return "\n".join(line.split(" // ")[0] for line in lines)
