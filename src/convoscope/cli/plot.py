"""``convoscope plot``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convoscope.cli.options import read_path

HELP = "Draw a run as figures, PNG and SVG: curves, confusion, classes, mistakes, filters, maps."
EXAMPLES = (
    "convoscope plot runs/digits-cnn-2-1",
    "convoscope plot runs/digits-cnn-2-1 --out figures",
)


def command(
    run: Annotated[Path, typer.Argument(parser=read_path, help="A run's folder.", metavar="RUN")],
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, help="Where to write them. Default: plots in the run's folder.", metavar="FOLDER"
        ),
    ] = None,
) -> None:
    """Run ``convoscope plot``; `HELP` says what it does."""
    from convoscope.cli.console import messages, results
    from convoscope.drawing import require_matplotlib

    require_matplotlib()
    import matplotlib

    matplotlib.use("agg")  # files, never windows
    from convoscope.plots import draw_run

    drawn = draw_run(run, out)
    console = results()
    for file in drawn.files:
        console.print(str(file), soft_wrap=True)
    for name, reason in drawn.missing.items():
        messages().print(f"No {name}: {reason}", style="yellow", soft_wrap=True)
    if not drawn.files:
        raise typer.Exit(1)
