"""The page on all claims, as Markdown with charts beside it."""

from __future__ import annotations

import inspect
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convoscope.drawing import image, require_matplotlib
from convoscope.errors import NotReadyError
from convoscope.lessons import chart
from convoscope.lessons.claim import Claim
from convoscope.lessons.finding import QUESTION, RULES, Finding, percents
from convoscope.lessons.measured import Measured
from convoscope.lessons.source import QUICK_IMAGES
from convoscope.lessons.trial import Trial
from convoscope.lessons.trial_runner import QUICK_EPOCHS
from convoscope.storage import write_atomically

if TYPE_CHECKING:
    from convoscope.lessons.course import Lessons

NAME, IMAGES, SCRIPTS = "lessons.md", "images", "lessons"
_IMPORTS = """import warnings

import numpy as np

import convoscope as cs
from convoscope.models.summary import summarize"""


def write_page(lessons: Lessons, folder: Path, facts: Sequence[str] = ()) -> list[Path]:
    """Write ``lessons.md``, and its charts as SVG into the folder ``images`` next to it.

    If a folder ``lessons`` next to it has a script for a claim, ``09_name.py``, the page links to it.

    Parameters
    ----------
    lessons : Lessons
    folder : Path
        It is created if necessary.
    facts : sequence of str
        What else the page says, such as which machine was used: a paragraph each.

    Returns
    -------
    list of Path
        The files, the page first.

    Raises
    ------
    NotReadyError
        If matplotlib is not installed to draw the charts; the page is written without them.
    StorageError
        If the files cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope.lessons import run
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_page(run([12], f"{folder}/runs"), Path(folder))
    ...     [file.name for file in files]
    ['lessons.md']
    """
    drawn = [each for claim in lessons.claims for each in claim.charts(lessons.measured) if not each.is_empty]
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / NAME
    try:
        if drawn:
            require_matplotlib()
    except NotReadyError:
        write_atomically(page, [_page(lessons, folder, facts, with_charts=False).encode()])
        raise
    files = []
    for each in drawn:
        (folder / IMAGES).mkdir(exist_ok=True)
        files.append(folder / IMAGES / _file(each))
        write_atomically(files[-1], [image(chart.draw(each), "svg")])
    write_atomically(page, [_page(lessons, folder, facts, with_charts=True).encode()])
    return [page, *files]


def _page(lessons: Lessons, folder: Path, facts: Sequence[str], *, with_charts: bool) -> str:
    parts = ["# What the lessons claim, and what we measured", *_introduction(lessons), *facts]
    parts.append("\n".join(f"- {rule}" for rule in RULES))
    parts.append("## All claims")
    parts.append(_table(_HEADINGS, [_summary(claim, lessons.findings[claim.number]) for claim in lessons.claims]))
    shown: set[str] = set()
    for claim in lessons.claims:
        parts += _section(claim, lessons, folder, shown, with_charts=with_charts)
    return "\n\n".join(parts) + "\n"


def _introduction(lessons: Lessons) -> list[str]:
    runs = [result for row in lessons.measured.rows.values() for result in row.results]
    finished = [result for result in runs if "test_accuracy" in result.figures]
    seconds = sum(result.figures["seconds"] for result in finished)
    epochs = sum(result.epochs for result in finished)
    told = [
        "The lessons are four public introductions to convolutional networks: two by Laurence Moroney, one by Lukas "
        'Biewald, and a recording called "MNIST and ConvNet". `convoscope lessons` wrote this page: it trains the '
        "networks that each claim is about, and judges the claim by the rules below. It continues after an "
        'interruption, and `convoscope lessons 14` tests a single claim. "Two convolutions of 64" are two '
        "convolutional layers with 64 filters each."
    ]
    if runs:
        ended = "all" if len(finished) == len(runs) else f"{len(finished)} of them"
        alone = any(trial.alone for trial in lessons.measured.rows)
        told.append(
            f"{len(runs)} runs of {len(lessons.measured.rows)} networks, {ended} finished: "
            f"{epochs} epochs, {seconds:,.0f} seconds of training with one thread each"
            f"{' (except for the one that ran alone)' * alone}. Unless stated otherwise: 5 epochs over all 60,000 "
            "images in batches of 32, Adam at 0.001, as in Keras; tested after the last epoch on the 10,000 test "
            "images. Trials with held-out images train on nine tenths, and keep the epoch that is best on the last "
            "tenth."
        )
    if lessons.measured.quick:
        told.append(
            f"**Quick: no claim about accuracy or speed is judged.** Everything was trained on {QUICK_IMAGES} of the "
            f"small digits that come with the package, enlarged to 28×28, for at most {QUICK_EPOCHS} epochs, only to "
            "see that it works."
        )
    return told


_HEADINGS = ("claim", "", "holds", "differs", "questions answered", "not measured or judged")


def _summary(claim: Claim, findings: Sequence[Finding]) -> list[str]:
    held = [finding.holds for finding in findings]
    questions = sum(finding.holds is None and finding.claimed == QUESTION for finding in findings)
    return [
        str(claim.number),
        f"[{claim.title}](#{_anchor(claim)})",
        *(str(count) if count else "" for count in (held.count(True), held.count(False), questions)),
        str(left) if (left := held.count(None) - questions) else "",
    ]


def _section(claim: Claim, lessons: Lessons, folder: Path, shown: set[str], *, with_charts: bool) -> list[str]:
    parts = [f"## {claim.number}. {claim.title}", claim.said]
    rows = [
        [finding.what, finding.claimed, finding.measured, _strong(finding)]
        for finding in lessons.findings[claim.number]
    ]
    parts.append(_table(("", "claimed", "measured", "verdict"), rows))
    if with_charts:
        for each in claim.charts(lessons.measured):
            if not each.is_empty:
                parts.append(f"![{each.title}]({IMAGES}/{_file(each)})\n\n{each.caption}")
    if claim.trials:
        parts.append(_trials(claim.trials, lessons.measured))
    parts += _program(claim, shown)
    parts.append(f"{_script(claim, folder)}To repeat it: `convoscope lessons {claim.number}`")
    return parts


def _program(claim: Claim, shown: set[str]) -> list[str]:
    """Give what is counted as a program; with what stands above it on the page, it runs as it is."""
    if not claim.checks:
        return []
    new = [check for check in claim.checks if check.__name__ not in shown]
    imports = [] if shown else [_IMPORTS]
    shown.update(check.__name__ for check in new)
    pieces = [*imports, *(inspect.getsource(check).rstrip() for check in new), "\n".join(claim.calls)]
    code = "\n\n\n".join(pieces)
    return [f"Counted with this code:\n\n```python\n{code}\n```"]


def _script(claim: Claim, folder: Path) -> str:
    """Say which script beside the page shows the claim, if one does."""
    number = claim.shown_with or claim.number
    scripts = sorted((folder / SCRIPTS).glob(f"{number:02}_*.py"))
    if not scripts:
        return ""
    path = f"{SCRIPTS}/{scripts[0].name}"
    return f"As a program: [{folder.absolute().name}/{path}]({path}). "


def _trials(trials: Iterable[Trial], measured: Measured) -> str:
    rows = []
    for trial in dict.fromkeys(trials):
        row = measured.rows[trial]
        finished = len(row.finished)
        seconds = measured.seconds_an_epoch(trial)
        rows.append(
            [
                str(trial),
                f"{finished}" if finished == len(row.results) else f"{finished}/{len(row.results)}",
                str(max((result.epochs for result in row.finished), default=0)),
                *(_cell(measured.values(trial, name)) for name in ("train_accuracy", "test_accuracy")),
                _points(measured.values(trial, "gap")),
                "-" if seconds is None else f"{seconds:.2f}",
                "; ".join(row.reasons),
            ]
        )
    headings = ("trained", "runs", "epochs", "training", "test", "gap, points", "seconds an epoch", "failed")
    failed = any(row[-1] for row in rows)
    return _table(headings if failed else headings[:-1], [row if failed else row[:-1] for row in rows])


def _cell(values: Sequence[float]) -> str:
    return percents(values) if values else "-"


def _points(values: Sequence[float]) -> str:
    return f"{100 * statistics.fmean(values):+.2f}" if values else "-"


def _strong(finding: Finding) -> str:
    return f"**{finding.verdict}**" if finding.holds is False else finding.verdict


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _anchor(claim: Claim) -> str:
    kept = "".join(c for c in f"{claim.number} {claim.title}".lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


def _file(drawn: chart.Chart) -> str:
    return f"lesson-{drawn.name}.svg"
