"""``convoscope filter``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convoscope.cli.filter_steps import InOrder
from convoscope.cli.options import read_path

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.filters.chain import Step

COMMAND = InOrder
HELP = "Pass filters over an image and pool it: one step after the other, in the order typed."
EXAMPLES = (
    "convoscope filter photograph --kernel sobel-x",
    'convoscope filter my.jpg --kernel "-1 0 1; -2 0 2; -1 0 1" --out edges.png',
    "convoscope filter my.jpg --kernel gaussian:5 --padding same --kernel outline --pool max:2 --steps",
    "convoscope filter drawing --kernel vertical-lines --padding same --explain 19,6",
    "convoscope filter drawing --kernel sobel-x --animate moving.gif",
    "convoscope filter my.jpg --open",
    "convoscope filter --list",
)
_DRAWN = 48  # characters, of each image side by side


def command(
    ctx: typer.Context,
    image: Annotated[
        Path | None,
        typer.Argument(
            parser=read_path,
            metavar="IMAGE",
            help="An image file, or a sample: photograph, drawing.",
            show_default=False,
        ),
    ] = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel",
            "-k",
            metavar="KERNEL",
            help='A name (see --list), gaussian:5, box:7, or rows of numbers: "-1 0 1; ...".',
        ),
    ] = None,
    pool: Annotated[
        list[str] | None,
        typer.Option("--pool", metavar="MODE:SIZE", help="max:2, average:2, min:3, or with stride max:3:2."),
    ] = None,
    stride: Annotated[
        list[str] | None, typer.Option("--stride", metavar="N", help="Pixels from window to window: 2, or 2,1.")
    ] = None,
    padding: Annotated[
        list[str] | None, typer.Option("--padding", metavar="PADDING", help="valid, same, full, 1, or 2,1.")
    ] = None,
    pad_mode: Annotated[
        list[str] | None, typer.Option("--pad-mode", metavar="MODE", help="zeros, reflect or edge.")
    ] = None,
    dilation: Annotated[
        list[str] | None, typer.Option("--dilation", metavar="N", help="Pixels between the kernel's cells.")
    ] = None,
    weight: Annotated[
        list[float] | None, typer.Option("--weight", metavar="NUMBER", help="What the sum is multiplied by.")
    ] = None,
    bias: Annotated[
        list[float] | None, typer.Option("--bias", metavar="NUMBER", help="What is added to the sum.")
    ] = None,
    channels: Annotated[
        list[str] | None,
        typer.Option("--channels", metavar="apart|sum", help="apart keeps colour; sum adds the channels' results."),
    ] = None,
    mode: Annotated[
        list[str] | None,
        typer.Option("--mode", metavar="MODE", help="correlate; or convolve, which turns the kernel round first."),
    ] = None,
    no_clip: Annotated[
        bool, typer.Option("--no-clip", metavar="", help="Keep negative values; grey then stands for zero.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            parser=read_path,
            metavar="PNG",
            help="The PNG to write. Default: IMAGE-KERNEL.png in this folder.",
        ),
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="ROW,COL", help="Show how the last step comes to this pixel.")
    ] = None,
    steps: Annotated[bool, typer.Option("--steps", metavar="", help="Show and write what each step makes.")] = False,
    animate: Annotated[
        Path | None,
        typer.Option(
            "--animate",
            parser=read_path,
            metavar="GIF",
            help="Write a GIF of the last step's window moving over a small image.",
        ),
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open", metavar="", help="Do it live, on a page in the browser.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", metavar="", help="With --open: print the address only.")
    ] = False,
    list_kernels: Annotated[bool, typer.Option("--list", metavar="", help="List the kernels that have names.")] = False,
) -> None:
    """Run ``convoscope filter``; `HELP` says what it does."""
    from convoscope.cli.errors import fail
    from convoscope.cli.filter_steps import steps_from

    if list_kernels:
        return _list()
    moves = {"stride": stride, "padding": padding, "pad_mode": pad_mode, "dilation": dilation}
    sums = {"weight": weight, "bias": bias, "channels": channels, "mode": mode}
    given = {"kernel": kernel, "pool": pool, **moves, **sums}
    chain = steps_from(ctx, {name: values or [] for name, values in given.items()}, False if no_clip else None)
    if open_page:
        from convoscope.cli.lab import serve

        return serve(image, chain, browser=not no_browser)
    if image is None:
        fail("Which image? Give a file, or a sample: convoscope filter photograph --kernel sobel-x.")
    if not chain:
        fail(f"What is to be done with {image}? Give a --kernel, such as sobel-x, or a --pool, such as max:2.")
    return _filter(image, chain, out, explain, steps, animate)


def _filter(
    path: Path, chain: list[Step], out: Path | None, place: str | None, every: bool, animation: Path | None
) -> None:
    from convoscope.cli import source
    from convoscope.cli.console import results
    from convoscope.filters.chain import run
    from convoscope.filters.showing import as_png
    from convoscope.storage import write_atomically

    target = out or Path("-".join([path.stem, *(step.name for step in chain)]) + ".png")
    places = [target.with_name(f"{target.stem}-{number}.png") for number in range(1, len(chain))] if every else []
    for file in (*places, target, *filter(None, [animation])):
        _check_target(file, path)
    row_and_column = _place(place) if place else None
    images = run(source.load(path), chain)
    arithmetic = chain[-1].explain(images[-2], *row_and_column) if row_and_column else ""
    console = results()
    _describe(console, path, images, chain)
    _draw(console, images if every else [images[0], images[-1]])
    if arithmetic:
        console.print(arithmetic, soft_wrap=True)
    for file, image in zip([*places, target], images[1:] if every else images[-1:], strict=True):
        write_atomically(file, [as_png(image)])
        console.print(f"Written: {file}", soft_wrap=True)
    if animation:
        from convoscope.filters.animation import animate

        write_atomically(animation, [animate(images[-2], chain[-1])])
        console.print(f"Written: {animation}", soft_wrap=True)


def _check_target(file: Path, image: Path) -> None:
    from convoscope.errors import ConfigurationError

    if file.exists() and image.exists() and file.samefile(image):
        raise ConfigurationError(f"{file} is the image itself, which is not overwritten. Give another name with --out.")


def _place(text: str) -> tuple[int, int]:
    from convoscope.errors import ConfigurationError

    words = text.split(",")
    if len(words) != 2 or not all(word.strip().isdecimal() for word in words):
        raise ConfigurationError(f"--explain takes a row and a column, such as 19,6, counted from 0; not {text!r}.")
    return int(words[0]), int(words[1])


def _describe(console: Console, path: Path, images: list[Any], chain: list[Step]) -> None:
    """Print the image's journey: each step, the sizes, and how they come about."""
    from rich.table import Table

    from convoscope.filters.chain import Filter
    from convoscope.filters.named import get
    from convoscope.filters.wording import middle_of

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("step", "size", "values", "how the size comes about"):
        table.add_column(heading, overflow="fold")
    for number, image in enumerate(images):
        words = (
            (path.name, "")
            if number == 0
            else (_name(chain[number - 1]), chain[number - 1].geometry(images[number - 1]).formula())
        )
        size = "×".join(map(str, image.shape))
        table.add_row(words[0], size, f"{image.min():g} to {image.max():g}", words[1])
    console.print(table)
    for shape in {get(step.kernel).shape: None for step in chain if isinstance(step, Filter)}:
        if note := middle_of(*shape):
            console.print(note, soft_wrap=True)


def _name(step: Step) -> str:
    from convoscope.filters.chain import Filter
    from convoscope.filters.named import get

    if not isinstance(step, Filter):
        return f"{step.mode} pooling {step.size}×{step.size}"
    return step.kernel if step.name != "kernel" else str(get(step.kernel))


def _draw(console: Console, images: list[Any]) -> None:
    """Print images side by side, where the terminal shows such characters."""
    if not (console.is_terminal and console.encoding.startswith("utf")):
        return
    from rich.columns import Columns
    from rich.console import Group
    from rich.text import Text

    from convoscope.filters.showing import as_bytes
    from convoscope.report.pixels import draw, resized, to_rgb

    width = min(_DRAWN, max(8, (console.width - 4) // 2))
    drawn = []
    for image in images:
        pixels = as_bytes(image)
        colours = to_rgb(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 2 else pixels, 255)
        fit = width if colours.shape[1] > width else colours.shape[1] * (width // colours.shape[1])
        drawn.append(
            Group(
                *draw(resized(colours, fit), in_colour=console.color_system is not None and not console.no_color),
                Text(),
            )
        )
    console.print(Columns(drawn, padding=(0, 4)))


def _list() -> None:
    from rich.table import Table

    from convoscope.cli.console import results
    from convoscope.filters import get, names

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("kernel", "numbers", "what it shows"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "kernel")
    for name in names():
        kernel = get(name)
        table.add_row(name, str(kernel) if kernel.values.size <= 9 else "5×5", kernel.shows)
    for family, shows in (("gaussian:5", "A soft blur of this size; gaussian:5:1.2 with its standard deviation."),
                          ("box:7", "The average of so many pixels each way.")):  # fmt: skip
        table.add_row(family, "", shows)
    results().print(table)
