"""Private words and phrases that were replaced, and must not come back: in the source, its pages, the docs, README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: What must not be written, and what to write instead.
REPLACED = {
    "classes are weighed": "classes are weighted",
    "rare classes weigh as much": "rare classes count as much",
    "taken at its word": "it must reach the claimed value",
    "hear of a run": "the run is logged to trackers",
    "that fails is left behind": "if a tracker fails, training continues without it",
    "readable in grey": "readable without colour",
    "telephone's width": "it fits a phone",
    "How often to go through the images": "Number of epochs",
    "another one again": "images repeat another image",
    "nothing else than by default": "defaults only",
    "rates come to nothing": "rates become 0",
    "weights once a version": "weights once for each version",
    "what it comes to here": "what Convoscope measures",
    "the device has it not": "the device does not have it",
    "Keras has not:": "Keras does not have",
    "layers that Convoscope has not": "layers that Convoscope does not support",
    "looked at once and now": "measured only once",
    "There is not enough memory": "Out of memory",
    "and not yours": "This is a bug in Convoscope, not your mistake",
    "Make it first.": "Create it first.",
    "Fetch or save it again": "Download or save it again",
    "another file than its name says": "the file does not match its name",
    "that cannot be meant": "that is not valid",
    "gave no batch": "yielded no batches",
    "hands out batches": "yields batches",
    "hand out batches": "yield batches",
    "whole epoch": "complete epoch",
    "images to train with": "training images",
    "images to validate with": "validation images",
    "images to test with": "test images",
    "from 0 up,": "at least 0",
    "} came.": "but got ...",
    "to be had": "available",
    "could be had": "is available, was found",
    "stands in no model": "is not part of a model",
    "Say which:": "Choose ...",
    "What is to be done with": "There is nothing to do with",
    "is no text": "is not text",
    "is no number": "is not a number",
    "looks at each photo once": "processes each photo once",
    "looks at each picture once": "processes each picture once",
    "how every value came about": "how every value is computed",
    "comes to its predictions": "arrives at its predictions",
    "mends faults": "fixes bugs",
    "trains on from where": "continues training where",
}

#: Words are spelled with -ize, as the names of the interface are: normalize, quantized, randomization.
_ISE = re.compile(
    r"(?:normali|randomi|quanti|maximi|minimi|recogni|penali|memori|initiali|optimi|synchroni|summari|visuali|organi"
    r"|generali|standardi|seriali|regulari)s(e|ed|es|er|ers|ing|ation|ations)\b",
    re.IGNORECASE,
)

_BREAK = re.compile(r"""["'`]?\s*\n\s*(?:#: ?|# |// |\* |f?["'`])?""")


def texts() -> Iterator[tuple[Path, str]]:
    """Yield each file that has text for users, and its text."""
    for folder, endings in (("src", ("py", "js", "html")), ("docs", ("md",))):
        for ending in endings:
            for path in sorted((ROOT / folder).rglob(f"*.{ending}")):
                yield path, path.read_text(encoding="utf-8")
    yield ROOT / "README.md", (ROOT / "README.md").read_text(encoding="utf-8")


def joined(text: str) -> str:
    """Join what the source breaks: a sentence over several lines, or a text over several literals."""
    return _BREAK.sub(" ", text).replace("  ", " ")


@pytest.mark.parametrize(
    "text",
    [
        '"rare classes "\n    f"weigh as much"',
        "rare classes\nweigh as much",
        "    # rare classes weigh\n    # as much",
        "say `rare classes ` +\n  `weigh as much`".replace(" +", ""),
    ],
)
def test_a_phrase_is_found_where_the_source_breaks_it(text: str) -> None:
    assert "rare classes weigh as much" in joined(text)


def test_no_replaced_phrase_has_come_back() -> None:
    found = []
    count = 0
    for path, text in texts():
        count += 1
        whole = joined(text)
        found += [f"{path.relative_to(ROOT)}: {old!r}: write {new!r}" for old, new in REPLACED.items() if old in whole]
    assert count > 900
    assert not found, "\n".join(found)


def test_one_spelling() -> None:
    found = [f"{path.relative_to(ROOT)}: {m[0]}" for path, text in texts() for m in _ISE.finditer(text)]
    assert not found, "\n".join(found)
