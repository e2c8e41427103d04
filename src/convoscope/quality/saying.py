"""What was found, in a few lines of a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from convoscope.names import for_terminal
from convoscope.quality.findings import BACKGROUND, DUPLICATE, LABEL, OUTLIER, CopiedPicture, Finding, Findings
from convoscope.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

_EXAMPLES = 2
_BACKGROUNDS = 3


def say(console: Console, findings: Findings, table: str = "suspects.csv") -> None:
    """Print what may be wrong with the data, in at most twelve lines of a wide terminal.

    Parameters
    ----------
    console : rich.console.Console
    findings : Findings
    table : str
        The file with all findings, as written by `Findings.write_csv`.

    Examples
    --------
    >>> from rich.console import Console
    >>> from convoscope.quality import Finding, Findings
    >>> outlier = Finding("outlier", "daisy", 4.2, "It is unlike all others.", "daisy/cat.jpg", 1)
    >>> say(Console(width=100, color_system=None), Findings(20, [outlier]))
    What may be wrong with the data
    1 outlier: daisy/cat.jpg
    Review suspects.csv, delete the rows of images that are fine, and train with --exclude suspects.csv.
    """
    from rich.text import Text

    if not findings:
        console.print(Text(f"No suspicious images were found among {counted(findings.images, 'image')}.", "green"))
    else:
        console.print(Text("What may be wrong with the data", "bold"))
    for count, rest in _lines(findings):
        console.print(Text.assemble((count, "yellow"), rest), soft_wrap=True)
    for note in findings.notes:
        console.print(Text(for_terminal(note), "dim"), soft_wrap=True)
    if any(each.file is not None for each in findings.items):
        way = f"Review {table}, delete the rows of images that are fine, and train with --exclude {table}."
        console.print(Text(for_terminal(way), "dim"), soft_wrap=True)


def _lines(findings: Findings) -> Iterator[tuple[str, str]]:
    """Give each line's count and the rest of it."""
    if found := findings.of(LABEL):
        yield counted(len(found), "suspected label"), _some(found, _looks)
    if found := findings.of(DUPLICATE):
        of = f" of {counted(len(findings.copied), 'picture')}" if findings.copied else ""
        yield counted(len(found), "near-duplicate"), of + _some(found, _file) + _crossing(findings.copied)
    if found := findings.of(OUTLIER):
        yield counted(len(found), "outlier"), _some(found, _file)
    found = findings.of(BACKGROUND)
    for each in found[:_BACKGROUNDS]:
        yield "Background", f": {for_terminal(each.reason)}"
    if len(found) > _BACKGROUNDS:
        yield "Background", f": the same holds for {counted(len(found) - _BACKGROUNDS, 'more pair')} of classes."


def _some(found: list[Finding], worded: Callable[[Finding], str]) -> str:
    """Say the first of them, and how many more there are."""
    more = len(found) - _EXAMPLES
    return f": {', '.join(map(worded, found[:_EXAMPLES]))}{f', and {more:,} more' if more > 0 else ''}"


def _crossing(copied: list[CopiedPicture]) -> str:
    """Say how many pictures stand in several classes or splits, after the examples."""
    classes = sum("classes" in each.across for each in copied)
    parts = sum("parts" in each.across for each in copied)
    said = [
        *([f"{counted(classes, 'picture')} in several classes"] if classes else []),
        *(
            [(f"{counted(parts, 'picture')} in several splits, which makes the result look better than it is")]
            if parts
            else []
        ),
    ]
    return f" ({'; '.join(said)})" if said else ""


def _looks(each: Finding) -> str:
    label, better = for_terminal(each.label), for_terminal(each.suggestion or "")
    return f"{_file(each)} is labelled {label} and looks like {better}"


def _file(each: Finding) -> str:
    return for_terminal(each.file or "")
