"""``convoscope compare --storage``: a study that several machines work on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.experiments.results import Result
    from convoscope.experiments.studies import Joined
    from convoscope.experiments.work import Task


def tell(sentence: str) -> None:
    """Print what has happened on stderr, beside the table."""
    from convoscope.cli.errors import say

    say(sentence, style="")


def announce(console: Console, joined: Joined) -> None:
    """Print what was begun or joined, how far it is, and where this machine's runs go."""
    from convoscope.names import for_terminal

    console.print(for_terminal(joined.described()), style="bold", soft_wrap=True)
    console.print(for_terminal(f"this machine's runs are saved in {joined.experiment}"), style="dim", soft_wrap=True)
    console.print()


def train(console: Console, joined: Joined, at_once: int, *, quiet: bool, seconds: float = float("inf")) -> None:
    """Train this machine's part, with a line for each run that ends here."""

    def trained(task: Task, result: Result) -> None:
        if not quiet:
            _line(console, joined, task, result)

    try:
        joined.train(at_once, seconds=seconds, told=(lambda sentence: None) if quiet else tell, trained=trained)
    except KeyboardInterrupt:
        _leave(joined)


def where(found: Any) -> list[str]:
    """Say where the runs' folders are, as a paragraph of the report."""
    from convoscope.experiments.studies import where_runs_are

    told = where_runs_are(found)
    return [told] if told else []


def _line(console: Console, joined: Joined, task: Task, result: Result) -> None:
    from convoscope.experiments.results import FINISHED
    from convoscope.names import for_terminal
    from convoscope.report.terminal import percent

    count = joined.count()
    if result.state == FINISHED and "val_accuracy" in result.figures:
        what = f"{percent(result.figures['val_accuracy'], 2)} in validation, {result.figures['seconds']:.1f} s"
        style = ""
    else:
        what, style = f"failed: {result.reason}", "red"
    of = "" if count.of is None else f"/{count.of}"
    console.print(for_terminal(f"{count.done}{of}  {task.name}: {what}"), style=style, soft_wrap=True)


def _leave(joined: Joined) -> NoReturn:
    from convoscope.cli.errors import INTERRUPTED, say
    from convoscope.errors import ConvoscopeError
    from convoscope.wording import agreeing, counted

    try:
        count = joined.count()
        done = counted(count.done, "run") if count.of is None else f"{count.done} of {counted(count.of, 'run')}"
        told = f" {done} {agreeing(count.done, 'is', 'are')} done, {count.running} running."
    except ConvoscopeError:
        told = ""
    say(
        f"Interrupted. The unfinished runs of this machine were returned to study {joined.name}.{told} To resume, run "
        "the same command again."
    )
    raise typer.Exit(INTERRUPTED)
