"""docs/benchmarks.md and its plots, made from the results."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.results import Result, Spread, write
from convoscope.wording import counted

_PREFACE = """\
# Benchmarks

See how fast Convoscope is compared with Keras, PyTorch and ONNX Runtime, and repeat the measurements: `make bench`
times an epoch on your machine. For everything, run `python -m benchmarks environments`, then
`python -m benchmarks epoch accuracy bf16 bf16-layers best sweep networks errors inference serving startup`.

`python -m benchmarks` writes this page from the files in [`benchmarks/results`]({results}). Every measurement runs in
its own process, in the peer's own environment; the peers take turns, round by round. Figures are medians, with the
smallest and the largest value in brackets. All peers build the same networks with the same initial weights, and use
the same number of threads.
"""


@dataclass(frozen=True)
class Section:
    """What a part has to say: its text, and the plots it refers to, by name."""

    text: str
    plots: dict[str, str] = field(default_factory=dict)


def write_page(page: Path, results: Path, sections: Iterable[tuple[str, Result, Section]]) -> None:
    """Write the page with its plots beside it, in ``images/``.

    Parameters
    ----------
    page : Path
        The Markdown file.
    results : Path
        The folder of the JSON files.
    sections : iterable of (title, result, section)
        In order.
    """
    images = page.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    parts = [_PREFACE.format(results=os.path.relpath(results, page.parent))]
    for title, result, section in sections:
        parts.append(f"## {title}\n\n{provenance(result)}\n")
        for name, picture in section.plots.items():
            write(images / f"benchmark-{name}.svg", picture)
            parts.append(f"![{title}: the numbers of the table as bars](images/benchmark-{name}.svg)\n")
        parts.append(section.text.strip() + "\n")
        notes = [f"{row}, {peer}: {why}" for (row, peer), why in result.failures().items()]
        notes += [f"{row}: the outputs of the peers differ" for row in result.disagreements()]
        if notes:
            parts.append("Not measured, or in doubt:\n\n" + "\n".join(f"- {note}" for note in notes) + "\n")
    write(page, "\n".join(parts))


def provenance(result: Result) -> str:
    """Return on what, when and with which versions a result came about."""
    loads = [sample["load"] for sample in result.samples]
    others = [share for sample in result.samples if (share := sample.get("others")) is not None]
    busy = (
        f"other programs took {statistics.median(others):.0%} of the cores, at most {max(others):.0%}; "
        if others
        else ""
    )
    machine = result.machine
    quick = (
        "**A quick run, only to see that it works; its numbers mean nothing.** " if result.settings.get("quick") else ""
    )
    versions = ", ".join(f"{name} {number}" for name, number in sorted(result.versions().items()))
    return (
        f"{quick}{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']:g} GiB, {machine['system']}, "
        f"Python {machine['python']}; {counted(result.settings['threads'], 'thread')}; "
        f"{counted(result.settings['rounds'], 'round')}; load average {min(loads):.2f} to {max(loads):.2f}; {busy}"
        f"{result.when}; commit {machine['commit']}; {versions}."
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, numbers to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def spelled(spread: Spread | None, scale: float = 1.0, digits: int = 3) -> str:
    """Return a median with its spread, in units of 1/scale; a dash for nothing."""
    if spread is None:
        return "–"
    median, low, high = (number(value * scale, digits) for value in (spread.median, spread.low, spread.high))
    return f"{median} ({low}–{high})"


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many digits, never as a power of ten."""
    decimals = max(0, digits - len(str(int(abs(value)))) if abs(value) >= 1 else digits - 1)
    return f"{value:,.{decimals}f}"


def ratio(slow: Spread | None, fast: Spread | None) -> str:
    """Return how many times as long the first takes, by the medians."""
    return "–" if slow is None or fast is None else f"{number(slow.median / fast.median)}×"
