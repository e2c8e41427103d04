"""``convoscope runs``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convoscope.cli.options import read_path

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from convoscope.experiments.listing import Listed

HELP = "List runs with their state, epochs and results."
EXAMPLES = (
    "convoscope runs",
    "convoscope runs --where dataset=fashion-mnist --sort validation",
    "convoscope runs --where state=training --live",
    "convoscope runs runs/compare-digits-1 --json",
)
_HEADINGS = ("run", "state", "data", "network", "epochs", "validation", "test", "seconds")
_NUMBERS = 4  # where the columns of numbers begin
_LEFT_OUT_FIRST = (7, 2, 3, 4)  # seconds, data, network, epochs; --json has them all
_EVERY = 1.0  # seconds between two looks
_STYLES = {"finished": "green", "training": "bold cyan", "failed": "red", "damaged": "red", "stopped": "yellow"}


def command(
    folder: Annotated[
        Path, typer.Argument(parser=read_path, help="The folder to search, with its subfolders and experiments.")
    ] = Path("runs"),
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Show only runs with this setting or state, such as dataset=digits, filters=8,16 or state=finished.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(help="Sort by name, created, validation, test, gap, epochs, seconds, parameters or images/s."),
    ] = "name",
    live: Annotated[
        bool, typer.Option("--live", metavar="", help="Keep the list up to date until you press Ctrl-C.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the list as JSON.")] = False,
) -> None:
    """Run ``convoscope runs``; `HELP` says what it does."""
    from convoscope.cli.console import results
    from convoscope.errors import ConfigurationError, MissingFileError
    from convoscope.paths import refuse_address

    if not folder.is_dir():
        refuse_address(folder)
        raise MissingFileError(
            f"There is no folder {folder}. Give a folder with runs in it, or train a model: convoscope train"
        )
    console = results()
    if live and not console.is_terminal:
        raise ConfigurationError("--live needs a terminal, but the output goes elsewhere. Leave it out.")
    if live:
        _follow(folder, where or [], sort)
    elif as_json:
        _print_json(_find(folder, where or [], sort))
    else:
        console.print(_table(_find(folder, where or [], sort), folder, console.width))


def _find(place: Path, where: list[str], sort: str) -> list[Listed]:
    from convoscope.experiments.listing import chosen, listed, ordered

    return ordered(chosen(listed(place), where), sort)


def _follow(place: Path, where: list[str], sort: str) -> None:
    import time
    from contextlib import suppress

    from rich.live import Live

    from convoscope.cli.console import results

    console = results()
    with (
        suppress(KeyboardInterrupt),  # which is how it ends
        Live(_table(_find(place, where, sort), place, console.width), console=console, auto_refresh=False) as shown,
    ):
        while True:
            time.sleep(_EVERY)
            shown.update(_table(_find(place, where, sort), place, console.width), refresh=True)


def _print_json(runs: list[Listed]) -> None:
    from convoscope.cli.console import print_json

    rows = [
        {
            "run": str(run.result.folder),
            "state": run.state,
            "created": run.created or None,
            "reason": run.result.reason,
            "epochs": run.result.epochs,
            "settings": run.result.settings,
            **run.result.figures,
        }
        for run in runs
    ]
    print_json(rows)


def _table(runs: list[Listed], place: Path, width: int) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from convoscope.names import for_terminal

    if not runs:
        return Text(f"No such runs in {for_terminal(str(place))}.")
    rows = [(Text(for_terminal(run.name)), Text(run.state, _STYLES.get(run.state, "")), *_cells(run)) for run in runs]
    columns = _columns_with_room(rows, width)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(
            _HEADINGS[column],
            style="bold" if column == 0 else "",
            justify="right" if column >= _NUMBERS else "left",
            overflow="fold",
            no_wrap=column > 0,
        )
    for row in rows:
        table.add_row(*(row[column] for column in columns))
    damaged = [run for run in runs if run.state == "damaged"]
    reasons = [Text(for_terminal(f"{run.name}: {run.result.reason}"), "red") for run in damaged]
    return Group(table, *reasons) if reasons else table


def _columns_with_room(rows: Sequence[Sequence[Text]], width: int) -> list[int]:
    """Choose the columns that a line has room for; the run, its state and its accuracies are always among them."""
    columns = list(range(len(_HEADINGS)))
    widths = [max(len(_HEADINGS[place]), *(row[place].cell_len for row in rows)) + 2 for place in columns]
    for place in _LEFT_OUT_FIRST:
        if sum(widths[column] for column in columns) > width:
            columns.remove(place)
    return columns


def _cells(run: Listed) -> list[Text]:
    from rich.text import Text

    from convoscope.names import for_terminal
    from convoscope.report.terminal import percent

    settings, figures = run.result.settings, run.result.figures
    accuracies = [figures.get("val_accuracy"), figures.get("test_accuracy")]
    cells = [
        Path(str(settings.get("dataset", "-"))).name,
        str(settings.get("recipe") or settings.get("model") or "-"),
        f"{run.result.epochs}/{settings.get('epochs', '?')}",
        *("-" if share is None else percent(share, 2) for share in accuracies),
        f"{figures['seconds']:,.1f}" if "seconds" in figures else "-",
    ]
    return [Text(for_terminal(cell)) for cell in cells]
