"""``convoscope export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convoscope.cli.options import read_path

_LARGE = 10_000_000  # bytes of a page
HELP = "Write a trained model as one HTML file, in which everything in it can be seen."
EXAMPLES = (
    "convoscope export runs/digits-cnn-2-1 --html page.html",
    "convoscope export runs/digits-cnn-2-1 runs/digits-cnn-1-1 --html both.html",
    "convoscope export runs/digits-cnn-2-1 --quantise --html small.html",
    "convoscope export runs/digits-cnn-2-1 --snapshots --html page.html",
    "convoscope export model.safetensors --data fashion-mnist --html page.html",
)


def command(
    trained: Annotated[
        Path, typer.Argument(parser=read_path, metavar="RUN|MODEL", help="A run's folder or a model's file.")
    ],
    html: Annotated[
        Path,
        typer.Option(
            "--html", parser=read_path, help="The file to write: the explorer's page, which needs no network."
        ),
    ],
    beside: Annotated[
        Path | None,
        typer.Argument(
            parser=read_path, metavar="OTHER", help="Another, to see both side by side.", show_default=False
        ),
    ] = None,
    data: Annotated[str | None, typer.Option(help="The data set to show images of. Default: the run's own.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(parser=read_path, help="A folder to look for the data set first.")
    ] = None,
    quantise: Annotated[
        bool,
        typer.Option(
            "--quantise", metavar="", help="Write large kernels in 8 bits: a smaller file. Says what that changes."
        ),
    ] = False,
    snapshots: Annotated[
        bool,
        typer.Option(
            "--snapshots",
            metavar="",
            help="Put in the weights of every epoch that was kept: 3 bytes a weight and epoch.",
        ),
    ] = False,
) -> None:
    """Run ``convoscope export``; `HELP` says what it does."""
    from convoscope.cli.console import results
    from convoscope.cli.explore import load
    from convoscope.storage import write_atomically
    from convoscope.web.explorer import in_eight_bits, left_out, offline

    explored = load(trained, data, data_dir, beside)
    if quantise:
        explored = in_eight_bits(explored)
    page = offline(explored, snapshots=snapshots).encode()
    write_atomically(html, [page])
    console = results()
    console.print(f"Written: {html} ({len(page) / 1e6:.1f} MB)", soft_wrap=True)
    missing = left_out(explored)
    if missing:
        console.print(missing, soft_wrap=True)
    if len(page) > _LARGE and not quantise:
        console.print("--quantise writes large kernels in 8 bits: a quarter of their size.", soft_wrap=True)
    for each in (explored, explored.beside):
        if each is not None and each.note:
            console.print(f"{each.title}: {each.note}", soft_wrap=True, markup=False, highlight=False)
