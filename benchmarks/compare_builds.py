"""Two builds of our own on the lesson's network: ``python -m benchmarks.compare_builds OLD NEW``.

Both are checkouts that have been set up with `make`. Each round trains an epoch with each build, in a process of its
own, and the first one changes from round to round: whatever the machine does meets both alike, so the ratio round by
round says more than the times do.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, runner
from benchmarks.page import number, spelled, table
from benchmarks.parts.lesson import WARM_UP
from benchmarks.parts.part import FILES
from benchmarks.processes import Measurement
from benchmarks.results import Result, Spread

OLD, NEW = "old", "new"
KINDS = {
    "seconds": "seconds an epoch",
    "processor_seconds": "processor's seconds, with the start",
    "peak_mib": "peak memory, MiB",
}


def python_in(checkout: Path) -> Path:
    """Return the interpreter of a checkout's environment, or end with what is missing."""
    python = checkout.resolve() / ".venv" / "bin" / "python"
    if not python.exists():
        sys.exit(f"{checkout} has no .venv/bin/python. Set it up first: make -C {checkout} .venv/.installed")
    return python


def measurements(images: int, batch: int, threads: int, folder: Path) -> list[Measurement]:
    """Return an epoch of each build."""
    job = {"task": "lesson", "images": images, "warm_up": min(WARM_UP, images), "data": str(folder)}
    job |= {"batch": batch, "threads": threads}
    return [Measurement(f"batch {batch}", build, build, "convoscope", job) for build in (OLD, NEW)]


def compared(samples: Sequence[dict[str, Any]]) -> str:
    """Return a table of what was measured, and of the ratios round by round."""
    result = Result("compare_builds", "", {}, {}, list(samples))
    lines = []
    for row in result.rows():
        for kind, words in KINDS.items():
            of = {build: {each["round"]: each[kind] for each in result.of(row, build)} for build in (OLD, NEW)}
            shared = of[OLD].keys() & of[NEW].keys()
            if not shared:
                continue
            ratios = Spread.of([of[NEW][each] / of[OLD][each] for each in sorted(shared)])
            medians = statistics.median(of[NEW].values()) / statistics.median(of[OLD].values())
            times = [spelled(result.spread(row, build, kind), digits=4) for build in (OLD, NEW)]
            lines.append((f"{row}, {words}", *times, spelled(ratios, digits=4), number(medians, 4)))
    heading = ("", OLD, NEW, f"{NEW} / {OLD}, round by round", "of the medians")
    failures = [f"{build}: {why}" for (_, build), why in result.failures().items()]
    return "\n".join([table(heading, lines), *failures])


def main(words: list[str] | None = None) -> None:
    """Measure two builds and print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare_builds", description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path, metavar="OLD", help="a checkout with its .venv")
    parser.add_argument("new", type=Path, metavar="NEW", help="another one")
    parser.add_argument("--images", type=int, default=60_000, help="of Fashion-MNIST in an epoch (60000)")
    parser.add_argument("--batch", type=int, default=32, help="images a step (32)")
    parser.add_argument("--rounds", type=int, default=5, help="epochs of each build (5)")
    parser.add_argument("--threads", type=int, default=machine.available_cores(), help="of each build (all cores)")
    parser.add_argument("--data-dir", default=os.environ.get("CONVOSCOPE_DATA"), help="where the data sets are")
    arguments = parser.parse_args(words)
    pythons: dict[str, Path | None] = {OLD: python_in(arguments.old), NEW: python_in(arguments.new)}
    folder = FILES / "fashion-mnist"
    job = {"task": "data", "name": "fashion-mnist", "folder": str(folder), "data_dir": arguments.data_dir}
    if failed := runner.prepare("convoscope", NEW, job, pythons):
        sys.exit(f"Fashion-MNIST could not be made ready: {failed}")
    each = measurements(arguments.images, arguments.batch, arguments.threads, folder)
    print(compared(runner.interleave([each] * arguments.rounds, pythons)))


if __name__ == "__main__":
    main()
