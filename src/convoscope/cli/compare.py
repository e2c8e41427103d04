"""``convoscope compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from convoscope.cli.compare_search import run as run_search
from convoscope.cli.options import read_path

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.experiments import Experiment

HELP = (
    "Train networks side by side, or put finished ones side by side: a table, charts and a report.\n\n"
    "What decides is the accuracy in validation, on images that are held back from training."
)
EXAMPLES = (
    "convoscope compare digits --vary filters=8,16,32,64 --vary convolutions=1,2,3 --seeds 3",
    "convoscope compare fashion-mnist --vary dropout=0,0.2,0.4 --set epochs=10 --out runs/dropout",
    "convoscope compare --resume runs/dropout",
    "convoscope compare fashion-mnist --search --minutes 5",
    "convoscope compare digits --search --vary filters=8..64 --vary lr=0.0003..0.01 --set epochs=10",
    "convoscope compare runs/dropout",
    "convoscope compare runs/digits-cnn-2-1 runs/digits-dense-1 --out comparison",
)
_WHAT, _HOW, _RUN = "What is compared", "How", "Run"


def command(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATASET|FOLDER...",
            help="With --vary: the data set to train on. Without: folders of runs and experiments, whose results are "
            "shown side by side.",
        ),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="A setting of train with its values, as filters=8,16,32 or lr=0.001,0.003. Given several times, every "
            "combination is trained. Lines of layers are set apart by |.",
            metavar="NAME=VALUES",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    fixed: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting that all runs have, as epochs=10 or model=dense.",
            metavar="NAME=VALUE",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    search: Annotated[
        bool,
        typer.Option(
            "--search",
            metavar="",
            help="Look for the best settings in a time. --vary then takes ranges too, as filters=8..64. Default: "
            "around the lesson's network.",
            rich_help_panel=_HOW,
        ),
    ] = False,
    minutes: Annotated[float | None, typer.Option(help="How long to search. Default: 5.", rich_help_panel=_HOW)] = None,
    seeds: Annotated[
        int | None,
        typer.Option(help="How often each is trained, for means and their spread. Default: 1.", rich_help_panel=_HOW),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(parser=read_path, help="Go on with this experiment.", metavar="EXPERIMENT", rich_help_panel=_RUN),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            help="The experiment's folder, default runs/compare-DATASET-N; of folders, where to write a report.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="Runs at a time. Default: as many as there are processors.", rich_help_panel=_RUN),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(help="Threads that each run computes with. Default: they share them.", rich_help_panel=_RUN),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="auto, native or reference. Default: auto.", rich_help_panel=_RUN),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(parser=read_path, help="A folder to look for the data set first.", rich_help_panel=_RUN),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", metavar="", help="Print the table only.", rich_help_panel=_RUN)
    ] = False,
) -> None:
    """Run ``convoscope compare``; `HELP` says what it does."""
    from convoscope import experiments
    from convoscope.experiments.grid import begin
    from convoscope.experiments.search import begin as begin_search
    from convoscope.experiments.space import parse

    named = what or []
    if resume is not None:
        given = {"vary": vary, "set": fixed, "search": search or None, "seeds": seeds, "out": out}
        _refuse_beside_resume({"DATASET": named, **given, "threads": threads, "engine": engine, "data-dir": data_dir})
        _go_on(experiments.Experiment.open(resume), minutes, jobs, quiet)
    elif search:
        _refuse("no --search", seeds=seeds)
        experiment = begin_search(
            _one_dataset(named),
            parse(vary or []),
            out=out,
            fixed=_single(parse(fixed or [], "--set")),
            jobs=jobs,
            threads=threads,
            engine=engine or "auto",
            data_dir=data_dir,
        )
        run_search(experiment, minutes, jobs, quiet)
    elif vary:
        _refuse("--search", minutes=minutes)
        experiment, at_once = begin(
            _one_dataset(named),
            parse(vary),
            out=out,
            seeds=1 if seeds is None else seeds,
            fixed=_single(parse(fixed or [], "--set")),
            jobs=jobs,
            threads=threads,
            engine=engine or "auto",
            data_dir=data_dir,
        )
        _train(experiment, at_once, quiet)
    else:
        _refuse("--vary", set=fixed, seeds=seeds, minutes=minutes, jobs=jobs, threads=threads, engine=engine)
        _show(named, out)


def _go_on(experiment: Experiment, minutes: float | None, jobs: int | None, quiet: bool) -> None:
    if experiment.read().get("kind") == "search":
        run_search(experiment, minutes, jobs, quiet)
    else:
        _refuse("--search", minutes=minutes)
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
            "There is nothing to compare. Give folders of runs or experiments; or a data set with what to vary, as in "
            "convoscope compare digits --vary filters=8,16,32."
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
    from convoscope.cli.errors import FAILED
    from convoscope.experiments.report import write_report
    from convoscope.experiments.table import NOTES, for_terminal

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
    table = experiments.rows(experiments.results(experiment))
    files = write_report(table, experiment.path, _title(experiment), _facts(experiment))
    console.print(for_terminal(table, console.width))
    if not quiet:
        for note in NOTES:
            console.print(note, style="dim")
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
            held_back = "val_accuracy" in figures
            accuracy = percent(figures["val_accuracy" if held_back else "test_accuracy"], 2)
            what = f"{accuracy} {'in validation' if held_back else 'on test'}, {figures['seconds']:.1f} s"
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
    from convoscope.datasets.registry import is_own
    from convoscope.experiments.space import described
    from convoscope.wording import counted

    content = experiment.read()
    fixed = described(content["fixed"]) or "nothing else than by default"
    return [
        f"{counted(len(content['runs']), 'run')}, {content['at_once']} at a time with "
        f"{counted(content['threads'], 'thread')} each; set for all: {fixed}. "
        + (
            "All validate with the same images."
            if is_own(content["dataset"])
            else "Each seed holds back images of its own to validate with, the same for all networks."
        )
    ]


def _announce(console: Console, experiment: Experiment) -> None:
    from convoscope.names import for_terminal

    console.print(for_terminal(_title(experiment)), style="bold", soft_wrap=True)
    for line in (*_facts(experiment), f"kept in {experiment}"):
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
    from convoscope.cli.console import command_line
    from convoscope.cli.errors import INTERRUPTED, say
    from convoscope.experiments.grid import is_settled
    from convoscope.wording import agreeing, counted

    planned = experiment.planned()
    done = sum(is_settled(experiment.folder(run.name)) for run in planned)
    say(
        f"Interrupted. {done} of {counted(len(planned), 'run')} {agreeing(done, 'is', 'are')} done and kept, the "
        f"others with their whole epochs. To go on: "
        f"{command_line('convoscope', 'compare', '--resume', experiment)}"
    )
    raise typer.Exit(INTERRUPTED)


def _one_dataset(named: list[str]) -> str:
    from convoscope.errors import ConfigurationError

    if len(named) > 1:
        raise ConfigurationError(f"With --vary, one data set is trained on, but {', '.join(named)} were given.")
    return named[0] if named else "digits"


def _single(fixed: dict[str, Any]) -> dict[str, Any]:
    """Take the one value of each setting that is set for all."""
    from convoscope.errors import ConfigurationError

    for name, values in fixed.items():
        if not isinstance(values, list) or len(values) > 1:
            raise ConfigurationError(f"--set gives {name} one value for all runs. For several, take --vary.")
    return {name: values[0] for name, values in fixed.items()}


def _refuse_beside_resume(given: dict[str, Any]) -> None:
    from convoscope.errors import ConfigurationError

    told = [name if name == "DATASET" else f"--{name}" for name, value in given.items() if value not in (None, [])]
    if told:
        raise ConfigurationError(
            f"--resume goes on with the experiment as it was begun, and {', '.join(told)} cannot be changed on the "
            f"way. Leave it out. What can be given: --jobs, --minutes, --quiet."
        )


def _refuse(needed: str, **given: Any) -> None:
    from convoscope.errors import ConfigurationError

    told = [f"--{name}" for name, value in given.items() if value not in (None, [])]
    if told:
        raise ConfigurationError(
            f"{', '.join(told)} needs {needed}. Leave it out, or see convoscope compare --help for what goes together."
        )
