"""``convoscope train`` on your own photos: a classifier on a pretrained backbone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.cli.train_options import RunOptions
    from convoscope.datasets import FolderDataset
    from convoscope.runs import Outcome, RunFolder, TrainSettings


def begin(dataset: str, backbone: str, given: dict[str, Any], run: RunOptions, trackers: list[str]) -> None:
    """Train on the photos of a folder or a table, and keep everything in a new run's folder."""
    from dataclasses import replace

    from convoscope.cli.console import results
    from convoscope.cli.train_text import say_found
    from convoscope.datasets.registry import source
    from convoscope.engine.select import current
    from convoscope.engine.threads import get_threads
    from convoscope.runs import RunFolder, TrainSettings
    from convoscope.runs.checking import unread
    from convoscope.runs.photos import check_backbone, load_photos

    check_backbone(backbone, given["fine_tune"])
    told = {**given, "backbone": backbone}
    settings = TrainSettings.with_defaults(unread(source(dataset).key), get_threads(), current().name, **told)
    data = load_photos(settings)
    if not run.quiet:
        say_found(results(), data.report)
    settings = replace(settings, class_weight=given["class_weight"] or data.class_weight or "none")
    stem = f"{data.info.name}-{settings.label}"
    folder = RunFolder.create_numbered("runs", stem) if run.out is None else RunFolder.create(run.out)
    train(folder, settings, data, run, trackers)


def train(
    folder: RunFolder, settings: TrainSettings, data: FolderDataset, run: RunOptions, trackers: list[str]
) -> None:
    """Train in a run's folder, say what happens, and print the report."""
    import sys

    from convoscope.cli.console import results
    from convoscope.cli.train_text import conclude, say_tracked
    from convoscope.datasets.progress import ProgressLine
    from convoscope.runs.photo_training import train_photos
    from convoscope.tracking import make_tracker

    console = results()
    if not run.quiet:
        _announce(console, folder, settings, data)
    line = ProgressLine(None if run.quiet else sys.stderr, counted=True)
    tracking = [make_tracker(name, folder.path, settings.as_dict()) for name in trackers]
    say = _Teller(console, quiet=run.quiet)
    try:
        outcome = train_photos(folder, settings, data, tracking, progress=line, say=say)
    except KeyboardInterrupt:
        _leave_interrupted(folder)
    finally:
        line.close()
    if run.quiet:
        conclude(console, folder, outcome)
        return
    _close(console, folder, outcome)
    say_tracked(console, tracking)
    if run.explore:
        _explore(folder)


class _Teller:
    """Says what happens next, with the seconds since the beginning."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console, self._quiet, self._began = console, quiet, time.perf_counter()

    def __call__(self, sentence: str) -> None:
        if not self._quiet:
            self._console.print(f"{time.perf_counter() - self._began:5.1f} s  {sentence}", style="dim", soft_wrap=True)


def _announce(console: Console, folder: RunFolder, settings: TrainSettings, data: FolderDataset) -> None:
    from rich.text import Text

    from convoscope.names import for_terminal
    from convoscope.runs.photos import CROSS_VALIDATION
    from convoscope.wording import counted

    tested = {
        CROSS_VALIDATION: "each held out once for testing",
        "validation": f"{len(data.x_test):,} for validation",
    }.get(data.test_part, f"{len(data.x_test):,} for testing")
    threads = counted(settings.threads, "thread")
    for line in (
        Text.assemble(
            ("Training a classifier on ", "bold"),
            (settings.for_backbone or "", "bold cyan"),
            (" with ", "bold"),
            (for_terminal(data.info.name), "bold cyan"),
        ),
        Text(f"{len(data.x_train):,} images for training, {tested}", "dim"),
        Text(f"{settings.computing}, {threads}, seed {settings.seed}", "dim"),
        Text(f"saved in {folder}", "dim"),
    ):
        console.print(line, soft_wrap=True)
    console.print()


def _close(console: Console, folder: RunFolder, outcome: Outcome) -> None:
    """Print the report, the files, and what to type next."""
    from rich.text import Text

    from convoscope.cli.train_text import caveats, list_files
    from convoscope.names import command_line
    from convoscope.report.terminal import percent, print_report, remind

    report = outcome.report
    console.print(report["training"]["reason"], soft_wrap=True)
    console.print()
    print_report(console, report, outcome.data.x_test, outcome.data.info.max_value, report["data"])
    console.print()
    console.print(
        f"Confidence differs from accuracy by {percent(report['calibration_error'])} on average (expected calibration "
        "error).",
        soft_wrap=True,
    )
    if (refused := report["rejection"]) is not None:
        console.print(
            f"Photos that show none of these classes are rejected, along with {percent(refused['lost'])} of those "
            "that do.",
            soft_wrap=True,
        )
    _say_findings(console, folder, report)
    list_files(console, folder)
    console.print("\nNext", style="bold")
    for words in (("predict", folder, folder.example), ("explore", folder)):
        console.print(Text(command_line("convoscope", *words), "cyan", no_wrap=True), soft_wrap=True)
    remind(console, caveats(outcome))


def _say_findings(console: Console, folder: RunFolder, report: dict[str, Any]) -> None:
    from convoscope.quality import Findings, say

    if findings := Findings.from_dict(report["findings"]):
        console.print()
        say(console, findings, str(folder.suspects))


def _leave_interrupted(folder: RunFolder) -> None:
    import typer

    from convoscope.cli.errors import INTERRUPTED, say
    from convoscope.names import command_line

    again = command_line("convoscope", "train", "--resume", folder)
    say(f"Interrupted. The backbone's features are saved, so starting again takes less time: {again}")
    raise typer.Exit(INTERRUPTED)


def _explore(folder: RunFolder) -> None:
    from convoscope.cli import explore
    from convoscope.web.explorer import site
    from convoscope.web.opening import open_page

    open_page(site(explore.load(folder.path, None, None)), "The explorer", wait=True)
