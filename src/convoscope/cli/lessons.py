"""``convoscope lessons``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from convoscope.cli.options import grouped, read_path

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.lessons import Claim, Lessons

HELP = (
    "Check what four public lessons on convolutional networks claim, for those who teach or follow them.\n\n"
    "The lessons are by Laurence Moroney (two), Lukas Biewald, and a recording called 'MNIST and ConvNet'. "
    "The command trains their networks, and prints what they claim beside what it measured.\n\n"
    "All claims together take about ten minutes on two cores. Trained networks are kept: after an "
    "interruption, the same command continues, and nothing is trained twice."
)
EXAMPLES = (
    "convoscope lessons",
    "convoscope lessons 14 15",
    "convoscope lessons 17 --seeds 3",
    "convoscope lessons --quick",
)
_STYLES = {True: "green", False: "yellow", None: "dim"}


@dataclass(frozen=True)
class Options:
    """How the claims are tested, and where the results are kept."""

    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            metavar="",
            help="Only see that it works, in less than a minute, on the package's digits. No accuracy is judged.",
        ),
    ] = False
    seeds: Annotated[
        int | None, typer.Option(help="Number of times each network is trained. Default: 3; long ones 1 or 2.")
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            help="A folder for the page, lessons.md, and its charts. Default: docs; for single claims or --quick, the "
            "folder of the runs.",
        ),
    ] = None
    runs: Annotated[
        Path | None,
        typer.Option(parser=read_path, help="The folder of the runs. Default: runs/lessons, or runs/lessons-quick."),
    ] = None
    jobs: Annotated[
        int | None, typer.Option(help="Runs at a time. Default: the number of processors; with --quick, one.")
    ] = None
    engine: Annotated[str, typer.Option(help="auto, native, reference or torch.")] = "auto"
    data_dir: Annotated[
        Path | None, typer.Option(parser=read_path, help="The folder to search first for the data sets.")
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", metavar="", help="Print only the tables.")] = False


@grouped
def command(
    claim: Annotated[
        list[int] | None,
        typer.Argument(metavar="CLAIM...", help="The numbers of claims, 9 to 19. Default: all.", show_default=False),
    ] = None,
    *,
    options: Options,
) -> None:
    """Run ``convoscope lessons``; `HELP` says what it does."""
    from convoscope import lessons
    from convoscope.cli.console import results
    from convoscope.cli.errors import FAILED

    numbers = claim or []
    chosen = lessons.claims(numbers)
    quick, out = options.quick, options.out
    kept = options.runs or Path("runs", "lessons-quick" if quick else "lessons")
    folder = kept if out is None and (quick or numbers) else (out or Path("docs"))
    console = results()
    done = _train(console, numbers, kept, options)
    for each in chosen:
        _print(console, each, done)
    _write(console, done, folder, quiet=options.quiet)
    if done.failures:
        raise typer.Exit(FAILED)


def _train(console: Console, numbers: list[int], kept: Path, options: Options) -> Lessons:
    """Train what the claims need, and say what has ended as it ends."""
    from convoscope import lessons

    with _Progress(console, quiet=options.quiet) as progress:
        try:
            return lessons.run(
                numbers,
                kept,
                quick=options.quick,
                seeds=options.seeds,
                jobs=options.jobs,
                engine=options.engine,
                data_dir=options.data_dir,
                told=progress.told,
            )
        except KeyboardInterrupt:
            progress.stop()
            _leave_interrupted(kept)


class _Progress:
    """A line for each run that ends; in a terminal, another below them that says how far it is."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console = console
        self._quiet = quiet
        self._status = console.status("training") if console.is_terminal and not quiet else None

    def __enter__(self) -> _Progress:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the line away."""
        if self._status is not None:
            self._status.stop()

    def told(self, event: str, run: Any, done: int, of: int) -> None:
        """Print that a run has ended."""
        if self._quiet:
            return
        style = "red" if event == "failed" else ""
        line = f"{done:>{len(str(of))}}/{of}  {run.point['trial']}, seed {run.settings.seed}: {event}"
        self._console.print(line, style=style, soft_wrap=True)
        if self._status is not None:
            self._status.update(f"{done} of {of} runs done")


def _print(console: Console, claim: Claim, done: Lessons) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print(f"\n{claim.number}. {claim.title}", style="bold", soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("", "claimed", "measured", "verdict"):
        table.add_column(heading, overflow="fold")
    for finding in done.findings[claim.number]:
        verdict = Text(finding.verdict, _STYLES[finding.holds])
        table.add_row(Text(finding.what), Text(finding.claimed), Text(finding.measured), verdict)
    console.print(table)


def _write(console: Console, done: Lessons, folder: Path, *, quiet: bool) -> None:
    from convoscope.cli.doctor import examine
    from convoscope.cli.errors import say
    from convoscope.errors import NotReadyError
    from convoscope.lessons import write_page

    found = examine()
    machine = (
        f"Convoscope {found['convoscope']}, {found['engine']} engine, {found['threads']} cores of "
        f"{found['processor']}, Python {found['python']}."
    )
    try:
        files = write_page(done, folder, [machine])
    except NotReadyError as error:
        say(f"{error} The page contains only the tables.", title="Note: ", style="bold yellow")
        files = [folder / "lessons.md"]
    if not quiet:
        count = len(files) - 1
        charts = f", and {count} chart{'s' * (count > 1)} beside it" if count else ""
        console.print(f"\nPage: {files[0]}{charts}", soft_wrap=True)


def _leave_interrupted(kept: Path) -> NoReturn:
    from convoscope.cli.errors import INTERRUPTED, say

    say(f"Interrupted. Finished runs are saved in {kept}; the same command continues with them.")
    raise typer.Exit(INTERRUPTED)
