"""``convoscope plot``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convoscope.cli.options import read_path

HELP = "Plot a run as PNG and SVG figures: curves, confusion matrix, classes, mistakes, filters, feature maps."
EXAMPLES = (
    "convoscope plot runs/digits-cnn-2-1",
    "convoscope plot runs/digits-cnn-2-1 --out figures",
    "convoscope plot runs/digits-cnn-2-1 --faithfulness",
)


def command(
    run: Annotated[Path, typer.Argument(parser=read_path, help="A run's folder.", metavar="RUN")],
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, help="The folder to write to. Default: plots in the run's folder.", metavar="FOLDER"
        ),
    ] = None,
    faithfulness: Annotated[
        bool, typer.Option("--faithfulness", help="Also plot how faithful Grad-CAM's heat maps are, on 32 test images.")
    ] = False,
) -> None:
    """Run ``convoscope plot``; `HELP` says what it does."""
    from convoscope.cli.console import messages, results
    from convoscope.drawing import require_matplotlib

    require_matplotlib()
    import matplotlib

    matplotlib.use("agg")  # files, never windows
    from convoscope.plots import draw_run

    drawn = draw_run(run, out, ["faithfulness"] if faithfulness else [])
    console = results()
    for file in drawn.files:
        console.print(str(file), soft_wrap=True)
    for name, reason in drawn.missing.items():
        messages().print(f"No {name}: {reason}", style="yellow", soft_wrap=True)
    if not drawn.files:
        raise typer.Exit(1)
