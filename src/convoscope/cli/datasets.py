"""``convoscope datasets``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convoscope.cli.options import read_path

if TYPE_CHECKING:
    from convoscope.datasets import DatasetInfo

HELP = "List the data sets and where they are stored."
EXAMPLES = (
    "convoscope datasets",
    "convoscope datasets --download fashion-mnist",
    "convoscope datasets --data-dir ~/data",
)


def command(
    download: Annotated[
        str | None, typer.Option(help="Download a data set, unless it is already here.", metavar="NAME")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(parser=read_path, help="The folder to search first, and to download into.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the list as JSON.")] = False,
) -> None:
    """Run ``convoscope datasets``; `HELP` says what it does."""
    from dataclasses import asdict

    from convoscope import datasets
    from convoscope.cli.console import print_json, results

    if download is not None:
        info = datasets.load(download, data_dir).info
        results().print(
            f"{info.name} is in {info.where}" if info.files and info.urls else f"{info.name} is in the package"
        )
        return
    infos = [datasets.info(name, data_dir) for name in datasets.names()]
    if as_json:
        print_json([asdict(info) for info in infos])
    else:
        _print_table(infos)


def _print_table(infos: list[DatasetInfo]) -> None:
    from rich.padding import Padding
    from rich.table import Table

    from convoscope.cli.console import results

    console = results()
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("name", style="bold", no_wrap=True)
    table.add_column("size", no_wrap=True)
    table.add_column("train", justify="right")
    table.add_column("test", justify="right")
    table.add_column("classes", justify="right")
    table.add_column("licence", overflow="fold")
    for info in infos:
        height, width, channels = info.image_shape
        size = f"{height}×{width}" + (f"×{channels}" if channels > 1 else "")
        counts = (f"{info.train_count:,}", f"{info.test_count:,}", f"{len(info.class_names)}")
        table.add_row(info.name, size, *counts, info.licence)
    console.print(table)
    console.print()
    for info in infos:
        console.print(f"{info.name}: {info.title}", style="bold", soft_wrap=True)
        console.print(Padding(", ".join(info.class_names), (0, 0, 0, 2)))
        console.print(f"  {_where(info)}", style="dim", soft_wrap=True)


def _where(info: DatasetInfo) -> str:
    if info.where == "bundled":
        return "in the package"
    if info.where != "not on disk":
        return f"in {info.where}"
    megabytes = sum(file.size for file in info.files) / 1e6
    return f"not here yet: train downloads it when needed ({megabytes:.0f} MB)"
