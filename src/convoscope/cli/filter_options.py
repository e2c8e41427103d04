"""The options of ``convoscope filter``, in groups."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from convoscope.cli.options import read_path


@dataclass(frozen=True)
class ChainOptions:
    """What is done to the image; each may be given once for every step."""

    kernel: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel",
            "-k",
            metavar="KERNEL",
            help='A name (see --list), gaussian:5, box:7, or rows of numbers: "-1 0 1; ...".',
        ),
    ] = None
    pool: Annotated[
        list[str] | None,
        typer.Option("--pool", metavar="MODE:SIZE", help="max:2, average:2, min:3, or max:3:2 with a stride."),
    ] = None
    stride: Annotated[
        list[str] | None,
        typer.Option("--stride", metavar="N", help="Pixels between windows: 2, or 2,1 for rows and columns."),
    ] = None
    padding: Annotated[
        list[str] | None, typer.Option("--padding", metavar="PADDING", help="valid, same, full, 1, or 2,1.")
    ] = None
    pad_mode: Annotated[
        list[str] | None, typer.Option("--pad-mode", metavar="MODE", help="zeros, reflect or edge.")
    ] = None
    dilation: Annotated[
        list[str] | None, typer.Option("--dilation", metavar="N", help="Distance in pixels between the kernel's cells.")
    ] = None
    weight: Annotated[list[float] | None, typer.Option("--weight", metavar="NUMBER", help="Factor for the sum.")] = None
    bias: Annotated[list[float] | None, typer.Option("--bias", metavar="NUMBER", help="Bias added to the sum.")] = None
    channels: Annotated[
        list[str] | None,
        typer.Option(
            "--channels",
            metavar="apart|sum",
            help="apart filters each channel by itself; sum adds the channels' results.",
        ),
    ] = None
    mode: Annotated[
        list[str] | None,
        typer.Option(
            "--mode", metavar="MODE", help="correlate, or convolve, which rotates the kernel by 180 degrees first."
        ),
    ] = None
    no_clip: Annotated[
        bool, typer.Option("--no-clip", metavar="", help="Keep negative values; zero is then shown as grey.")
    ] = False

    def words(self) -> dict[str, list[Any]]:
        """Give what was typed for each option that belongs to a step."""
        return {name: values or [] for name, values in asdict(self).items() if name != "no_clip"}


@dataclass(frozen=True)
class OutputOptions:
    """What is written and shown of it."""

    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            parser=read_path,
            metavar="PNG",
            help="The PNG to write. Default: IMAGE-KERNEL.png in this folder.",
        ),
    ] = None
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="ROW,COL", help="Show how the last step computes this pixel.")
    ] = None
    steps: Annotated[bool, typer.Option("--steps", metavar="", help="Show and write the result of each step.")] = False
    animate: Annotated[
        Path | None,
        typer.Option(
            "--animate",
            parser=read_path,
            metavar="GIF",
            help="Write a GIF of the last step's window moving over a small image.",
        ),
    ] = None


@dataclass(frozen=True)
class PageOptions:
    """The page that does it live."""

    open_page: Annotated[
        bool,
        typer.Option("--open", metavar="", help="Open the filter lab in the browser with this image and these steps."),
    ] = False
    no_browser: Annotated[
        bool, typer.Option("--no-browser", metavar="", help="With --open: only print the address.")
    ] = False
