"""``convoscope compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from convoscope.cli.compare_options import (
    CommonOptions,
    RunOptions,
    SearchOptions,
    StudyOptions,
    one_dataset,
    refuse,
    refuse_beside_resume,
    single,
)
from convoscope.cli.compare_search import run as run_search
from convoscope.cli.options import grouped

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.experiments import Experiment

HELP = (
    "Train several networks and compare them, or compare finished runs: a table, charts and a report.\n\nNetworks are "
    "ranked by validation accuracy, on images held out from training."
)
EXAMPLES = (
    "convoscope compare digits --vary filters=8,16,32,64 --vary convolutions=1,2,3 --seeds 3",
    "convoscope compare fashion-mnist --vary dropout=0,0.2,0.4 --set epochs=10 --out runs/dropout",
    "convoscope compare --resume runs/dropout",
    "convoscope compare fashion-mnist --search --minutes 5",
    "convoscope compare digits --vary filters=8,16,32 --seeds 3 --storage /shared/filters.journal",
    "convoscope compare digits --search --vary filters=8..64 --vary lr=0.0003..0.01 --set epochs=10",
    "convoscope compare runs/dropout",
    "convoscope compare runs/digits-cnn-2-1 runs/digits-dense-1 --out comparison",
)


@grouped
def command(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATASET|FOLDER...",
            help="With --vary: the data set to train on. Without --vary: folders of runs and experiments to compare.",
        ),
    ] = None,
    *,
    common: CommonOptions,
    how: SearchOptions,
    shared: StudyOptions,
    run: RunOptions,
) -> None:
    """Run ``convoscope compare``; `HELP` says what it does."""
    from convoscope.experiments import Experiment

    named = what or []
    told = {"vary": common.vary, "set": common.fixed, "search": how.search or None, "seeds": how.seeds}
    computing = {"threads": run.threads, "engine": run.engine}
    storage = {"storage": shared.storage, "study": shared.study}
    if shared.storage is None:
        refuse("--storage", study=shared.study)
    if run.resume is not None:
        refuse_beside_resume(
            {"DATASET": named, **told, **storage, "out": run.out, **computing, "data-dir": run.data_dir}
        )
        _go_on(Experiment.open(run.resume), how.minutes, run.jobs, run.quiet)
    elif how.search:
        refuse("no --search", seeds=how.seeds)
        if shared.storage is not None:
            _search_together(named, common, how, shared, run)
        else:
            run_search(_begin_search(named, common, run), how.minutes, run.jobs, run.quiet)
    elif common.vary:
        refuse("--search", minutes=how.minutes)
        if shared.storage is not None:
            _compare_together(named, common, how, shared, run)
        else:
            experiment, at_once = _begin_grid(named, common, how, run)
            _train(experiment, at_once, run.quiet)
    else:
        seldom = {"minutes": how.minutes, "jobs": run.jobs, **computing, **storage}
        refuse("--vary", set=common.fixed, seeds=how.seeds, **seldom)
        _show(named, run.out)


def _begin_search(named: list[str], common: CommonOptions, run: RunOptions) -> Experiment:
    from convoscope.experiments.search import begin
    from convoscope.experiments.space import parse

    return begin(one_dataset(named), parse(common.vary or []), **_settled(common, run))


def _begin_grid(named: list[str], common: CommonOptions, how: SearchOptions, run: RunOptions) -> tuple[Experiment, int]:
    """Begin an experiment, and say how many of its runs train at once."""
    from convoscope.experiments.grid import begin
    from convoscope.experiments.space import parse

    seeds = 1 if how.seeds is None else how.seeds
    return begin(one_dataset(named), parse(common.vary or []), seeds=seeds, **_settled(common, run))


def _compare_together(
    named: list[str], common: CommonOptions, how: SearchOptions, shared: StudyOptions, run: RunOptions
) -> None:
    """Train this machine's part of a comparison, and print the table of all machines."""
    from convoscope.cli import compare_study
    from convoscope.cli.console import results
    from convoscope.experiments.joining import join_grid
    from convoscope.experiments.space import parse

    seeds = 1 if how.seeds is None else how.seeds
    vary, settled = parse(common.vary or []), _settled(common, run)
    joined, at_once = join_grid(
        one_dataset(named), vary, str(shared.storage), shared.study, seeds=seeds, told=compare_study.tell, **settled
    )
    console = results()
    if not run.quiet:
        compare_study.announce(console, joined)
    compare_study.train(console, joined, at_once, quiet=run.quiet)
    _conclude(console, joined.experiment, run.quiet)


def _search_together(
    named: list[str], common: CommonOptions, how: SearchOptions, shared: StudyOptions, run: RunOptions
) -> None:
    """Search with other machines for a while, and print what all of them found."""
    from convoscope.cli import compare_study
    from convoscope.cli.compare_search import MINUTES, show
    from convoscope.cli.console import results
    from convoscope.experiments.joining import join_search
    from convoscope.experiments.search import check_minutes
    from convoscope.experiments.space import parse

    minutes = MINUTES if how.minutes is None else how.minutes
    check_minutes(minutes)
    vary, settled = parse(common.vary or []), _settled(common, run)
    joined, at_once = join_search(
        one_dataset(named), vary, str(shared.storage), shared.study, told=compare_study.tell, **settled
    )
    console = results()
    if not run.quiet:
        compare_study.announce(console, joined)
    compare_study.train(console, joined, at_once, quiet=run.quiet, seconds=minutes * 60)
    show(joined.experiment, minutes, run.quiet, going_on="the same command again")


def _settled(common: CommonOptions, run: RunOptions) -> dict[str, Any]:
    """Give what both kinds of experiments are begun with."""
    from convoscope.experiments.space import parse

    return {
        "out": run.out,
        "fixed": single(parse(common.fixed or [], "--set")),
        "jobs": run.jobs,
        "threads": run.threads,
        "engine": run.engine or "auto",
        "data_dir": run.data_dir,
    }


def _go_on(experiment: Experiment, minutes: float | None, jobs: int | None, quiet: bool) -> None:
    if experiment.read().get("kind") == "search":
        run_search(experiment, minutes, jobs, quiet)
    else:
        refuse("--search", minutes=minutes)
        _train(experiment, jobs, quiet)


def _show(folders: list[str], out: Path | None) -> None:
    """Print the table of what was trained before, and write its report if a folder is given for it."""
    from convoscope.cli.console import results
    from convoscope.errors import ConfigurationError
    from convoscope.experiments import results as read, rows, write_report
    from convoscope.experiments.table import for_terminal
    from convoscope.paths import user_path

    if not folders:
        raise ConfigurationError(
            "There is nothing to compare. Give folders of runs or experiments, or a data set and the settings to "
            "vary, as in convoscope compare digits --vary filters=8,16,32."
        )
    table = rows(read(*(user_path(folder) for folder in folders)))
    console = results()
    console.print(for_terminal(table, console.width))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        files = write_report(table, out, f"Comparison of {', '.join(folders)}")
        _list_files(console, files)


def _train(experiment: Experiment, jobs: int | None, quiet: bool) -> None:
    from convoscope import experiments
    from convoscope.cli.console import results

    console = results()
    planned = experiment.planned()
    if not quiet:
        _announce(console, experiment)
    try:
        if quiet:
            experiments.resume(experiment.path, jobs=jobs)
        else:
            with _Progress(console, experiment, len(planned)) as progress:
                experiments.resume(experiment.path, jobs=jobs, told=progress.told)
    except KeyboardInterrupt:
        _leave_interrupted(experiment)
    _conclude(console, experiment, quiet)


def _conclude(console: Console, experiment: Experiment, quiet: bool) -> None:
    """Print the table, and write the report."""
    from convoscope import experiments
    from convoscope.cli.compare_study import where
    from convoscope.cli.errors import FAILED
    from convoscope.experiments.report import write_report
    from convoscope.experiments.table import NOTES, for_terminal
    from convoscope.names import for_terminal as one_line

    found = experiments.results(experiment)
    table = experiments.rows(found)
    shared = where(found)
    files = write_report(table, experiment.path, _title(experiment), [*_facts(experiment), *shared])
    console.print(for_terminal(table, console.width))
    if not quiet:
        for note in (*NOTES, *shared):
            console.print(one_line(note), style="dim")
        _list_files(console, files)
    if not any(row.finished for row in table):
        raise typer.Exit(FAILED)


class _Progress:
    """A line for each run that ends; in a terminal, another below them that says how far it is."""

    def __init__(self, console: Console, experiment: Experiment, of: int) -> None:
        from convoscope.wording import counted

        self._console = console
        self._experiment = experiment
        self._status = console.status(counted(of, "run")) if console.is_terminal else None

    def __enter__(self) -> _Progress:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._status is not None:
            self._status.stop()

    def told(self, event: str, run: Any, done: int, of: int) -> None:
        """Print a run's line."""
        from convoscope.experiments.results import read
        from convoscope.experiments.space import described
        from convoscope.names import for_terminal
        from convoscope.report.terminal import percent
        from convoscope.wording import counted

        result = read(self._experiment.folder(run.name))
        figures = result.figures
        if event == "failed" or "test_accuracy" not in figures:
            what, style = f"{'failed' if event == 'failed' else result.state}: {result.reason}", "red"
        else:
            held_out = "val_accuracy" in figures
            accuracy = percent(figures["val_accuracy" if held_out else "test_accuracy"], 2)
            what = f"{accuracy} {'in validation' if held_out else 'on test'}, {figures['seconds']:.1f} s"
            style = ""
        line = f"{done:>{len(str(of))}}/{of}  {described(run.point)}, seed {run.settings.seed}: {what}"
        self._console.print(for_terminal(line), style=style, soft_wrap=True)
        if self._status is not None:
            self._status.update(f"{done} of {counted(of, 'run')} done")


def _title(experiment: Experiment) -> str:
    from convoscope.names import for_terminal as one_line

    content = experiment.read()
    varied = ", ".join(name.replace("_", " ") for name in content["varied"])
    return one_line(f"{Path(content['dataset']).name}: {varied} compared")


def _facts(experiment: Experiment) -> list[str]:
    from convoscope.datasets.registry import is_custom
    from convoscope.experiments.space import described
    from convoscope.wording import counted

    content = experiment.read()
    fixed = described(content["fixed"]) or "defaults only"
    return [
        f"{counted(len(content['runs']), 'run')}, {content['at_once']} at a time with "
        f"{counted(content['threads'], 'thread')} each; same for all runs: {fixed}. "
        + (
            "All runs validate on the same images."
            if is_custom(content["dataset"])
            else "Each seed holds out a different set of validation images, the same for all networks."
        )
    ]


def _announce(console: Console, experiment: Experiment) -> None:
    from convoscope.names import for_terminal

    console.print(for_terminal(_title(experiment)), style="bold", soft_wrap=True)
    for line in (*_facts(experiment), f"saved in {experiment}"):
        console.print(for_terminal(line), style="dim", soft_wrap=True)
    console.print()


def _list_files(console: Console, files: list[Path]) -> None:
    from convoscope.names import for_terminal
    from convoscope.wording import installing

    pages = [str(path) for path in files if path.suffix in (".md", ".html")]
    console.print(f"\nReport: {for_terminal(' and '.join(pages))}", soft_wrap=True)
    if len(files) == len(pages):
        console.print(f"For charts in it: {installing('plots')}", style="dim")


def _leave_interrupted(experiment: Experiment) -> NoReturn:
    from convoscope.cli.errors import INTERRUPTED, say
    from convoscope.experiments.grid import is_settled
    from convoscope.names import command_line
    from convoscope.wording import agreeing, counted

    planned = experiment.planned()
    done = sum(is_settled(experiment.folder(run.name)) for run in planned)
    say(
        f"Interrupted. {done} of {counted(len(planned), 'run')} {agreeing(done, 'is', 'are')} done and saved; the "
        "others are saved up to their last complete epoch. To go on: "
        f"{command_line('convoscope', 'compare', '--resume', experiment)}"
    )
    raise typer.Exit(INTERRUPTED)
