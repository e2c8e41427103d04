"""``convoscope compare --search``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.errors import ConvoscopeError
    from convoscope.experiments import Experiment, Result, Row

_SHOWN = 10
MINUTES = 5.0


def run(experiment: Experiment, minutes: float | None, jobs: int | None, quiet: bool) -> None:
    """Search for a while, and print what was found: its test accuracy once, of the best in validation."""
    from convoscope.cli.console import results
    from convoscope.errors import ConvoscopeError
    from convoscope.experiments import search

    console = results()
    problem: ConvoscopeError | None = None
    for_minutes = MINUTES if minutes is None else minutes
    if not quiet:
        _announce(console, experiment, for_minutes)
    try:
        if console.is_terminal and not quiet:
            with console.status(f"searching for {_minutes(for_minutes)}"):
                search.resume(experiment.path, minutes=for_minutes, jobs=jobs)
        else:
            search.resume(experiment.path, minutes=for_minutes, jobs=jobs)
    except KeyboardInterrupt:
        _leave_interrupted(experiment)
    except ConvoscopeError as error:  # what was found before that is to be seen all the same
        problem = error
    show(experiment, for_minutes, quiet, problem, going_on=_going_on(experiment))


def show(
    experiment: Experiment, minutes: float, quiet: bool, problem: ConvoscopeError | None = None, *, going_on: str
) -> None:
    """Print what was found, and raise the problem that ended the search, if one did."""
    from convoscope.cli.console import results
    from convoscope.cli.errors import FAILED, complain
    from convoscope.experiments import search

    console = results()
    table = search.found(experiment)
    if table:
        _conclude(console, experiment, table, quiet, going_on, can_write=problem is None)
    if problem is not None:
        raise problem
    if not table:
        complain(
            f"No run finished within {_minutes(minutes)}; unfinished runs are saved. Give more --minutes, or fewer "
            f"epochs with --set epochs=2. To resume: {going_on}"
        )
        raise typer.Exit(FAILED)


def _conclude(
    console: Console, experiment: Experiment, table: list[Row], quiet: bool, going_on: str, *, can_write: bool
) -> None:
    from pathlib import Path

    from convoscope.cli.compare_study import where
    from convoscope.experiments.report import write_report
    from convoscope.experiments.results import results
    from convoscope.experiments.space import described
    from convoscope.experiments.table import TEST, for_terminal
    from convoscope.names import for_terminal as one_line
    from convoscope.report.terminal import percent
    from convoscope.wording import agreeing, counted

    shown = table[:_SHOWN]
    best = shown[0].results[0]
    test = best.figures.get("test_accuracy")
    everything = results(experiment)
    begun = len(everything)
    facts = [
        f"{counted(begun, 'network')} {agreeing(begun, 'was', 'were')} tried, and {len(table)} of them trained to the "
        "end; the others were stopped early, or were unfinished when the time was up. "
        + ("There are no test images." if test is None else "The test images were not used for this."),
        *_lesson(experiment, everything),
        *where(everything),
    ]
    title = f"{Path(experiment.read()['dataset']).name}: search"
    files = write_report(shown, experiment.path, title, facts, without=TEST) if can_write else []
    console.print(for_terminal(shown, console.width, without=TEST))
    console.print()
    for fact in facts:
        console.print(fact, style="dim", soft_wrap=True)
    console.print(f"Best validation accuracy: {one_line(described(best.point))}", style="bold", soft_wrap=True)
    if test is not None:
        console.print(f"Its test accuracy, measured only once, at the end: {percent(test, 2)}", soft_wrap=True)
    console.print(f"Its run: {one_line(str(best.folder))}", soft_wrap=True)
    if files and not quiet:
        pages = [str(path) for path in files if path.suffix in (".md", ".html")]
        console.print(f"Report: {one_line(' and '.join(pages))}", soft_wrap=True)
        console.print(f"To continue the search: {one_line(going_on)}", style="dim", soft_wrap=True)


def _lesson(experiment: Experiment, everything: list[Result]) -> list[str]:
    """Say how the lesson's own network did, if it was tried."""
    from convoscope.experiments.results import FINISHED
    from convoscope.report.terminal import percent

    first = next((result for result in everything if result.folder.name == "trial-0000"), None)
    if (
        first is None
        or experiment.read().get("lesson") is None
        or first.state != FINISHED
        or "val_accuracy" not in first.figures
    ):
        return []
    validated, seconds = percent(first.figures["val_accuracy"], 2), first.figures["seconds"]
    return [f"The lesson's network, tried first: validation accuracy {validated} in {seconds:.1f} s."]


def _announce(console: Console, experiment: Experiment, minutes: float) -> None:
    from convoscope.experiments.space import written
    from convoscope.names import for_terminal

    content = experiment.read()
    head = f"Searching on {content['dataset']} for {_minutes(minutes)}"
    console.print(for_terminal(head), style="bold", soft_wrap=True)
    for name, values in content["varied"].items():
        text = _range(values) if isinstance(values, dict) else ", ".join(map(written, values))
        console.print(for_terminal(f"  {name.replace('_', ' ')}: {text}"), style="dim", soft_wrap=True)
    console.print(f"saved in {for_terminal(str(experiment))}\n", style="dim", soft_wrap=True)


def _minutes(minutes: float) -> str:
    return f"{minutes:g} minute" if minutes == 1 else f"{minutes:g} minutes"


def _range(bounds: dict[str, Any]) -> str:
    return f"{bounds['low']:g} to {bounds['high']:g}"


def _going_on(experiment: Experiment) -> str:
    from convoscope.names import command_line

    return command_line("convoscope", "compare", "--resume", experiment, "--minutes", f"{MINUTES:g}")


def _leave_interrupted(experiment: Experiment) -> NoReturn:
    from convoscope.cli.errors import INTERRUPTED, say
    from convoscope.experiments import search
    from convoscope.wording import agreeing, counted

    kept = len(search.found(experiment))
    say(
        f"Interrupted. {counted(kept, 'finished run')} {agreeing(kept, 'is', 'are')} saved. To resume: "
        f"{_going_on(experiment)}"
    )
    raise typer.Exit(INTERRUPTED)
