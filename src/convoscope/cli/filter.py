"""``convoscope filter``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convoscope.cli.filter_options import ChainOptions, OutputOptions, PageOptions
from convoscope.cli.filter_steps import InOrder
from convoscope.cli.options import grouped, read_path

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.filters.chain import Step

COMMAND = InOrder
HELP = "Filter and pool an image, step by step, in the order of the options."
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


@grouped
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
    *,
    steps: ChainOptions,
    output: OutputOptions,
    page: PageOptions,
    list_kernels: Annotated[bool, typer.Option("--list", metavar="", help="List the named kernels.")] = False,
) -> None:
    """Run ``convoscope filter``; `HELP` says what it does."""
    from convoscope.cli.errors import fail
    from convoscope.cli.filter_steps import steps_from

    if list_kernels:
        return _list()
    chain = steps_from(ctx, steps.words(), False if steps.no_clip else None)
    if page.open_page:
        from convoscope.cli.lab import serve

        return serve(image, chain, browser=not page.no_browser)
    if image is None:
        fail("No image given. Give a file or a sample, as in convoscope filter photograph --kernel sobel-x.")
    if not chain:
        fail(f"There is nothing to do with {image}. Give a --kernel, such as sobel-x, or a --pool, such as max:2.")
    return _filter(image, chain, output)


def _filter(path: Path, chain: list[Step], output: OutputOptions) -> None:
    from convoscope.cli import source
    from convoscope.cli.console import results
    from convoscope.filters.chain import run
    from convoscope.filters.showing import as_png
    from convoscope.storage import write_atomically

    every, animation = output.steps, output.animate
    target = output.out or Path("-".join([path.stem, *(step.name for step in chain)]) + ".png")
    numbered = [target.with_name(f"{target.stem}-{number}.png") for number in range(1, len(chain))] if every else []
    for file in (*numbered, target, *filter(None, [animation])):
        _check_target(file, path)
    row_and_column = _position(output.explain) if output.explain else None
    images = run(source.load(path), chain)
    arithmetic = chain[-1].explain(images[-2], *row_and_column) if row_and_column else ""
    console = results()
    _describe(console, path, images, chain)
    _draw(console, images if every else [images[0], images[-1]])
    if arithmetic:
        console.print(arithmetic, soft_wrap=True)
    for file, image in zip([*numbered, target], images[1:] if every else images[-1:], strict=True):
        write_atomically(file, [as_png(image)])
        console.print(f"Written: {file}", soft_wrap=True)
    if animation:
        from convoscope.filters.animation import animate

        write_atomically(animation, [animate(images[-2], chain[-1])])
        console.print(f"Written: {animation}", soft_wrap=True)


def _check_target(file: Path, image: Path) -> None:
    from convoscope.errors import ConfigurationError

    if file.exists() and image.exists() and file.samefile(image):
        raise ConfigurationError(
            f"{file} is the input image, which is never overwritten. Give another name with --out."
        )


def _position(text: str) -> tuple[int, int]:
    from convoscope.errors import ConfigurationError

    words = text.split(",")
    if len(words) != 2 or not all(word.strip().isdecimal() for word in words):
        raise ConfigurationError(f"--explain takes a row and a column, such as 19,6, counted from 0, but got {text!r}.")
    return int(words[0]), int(words[1])


def _describe(console: Console, path: Path, images: list[Any], chain: list[Step]) -> None:
    """Print the image's journey: each step, the sizes, and how they come about."""
    from rich.table import Table

    from convoscope.filters.chain import Filter
    from convoscope.filters.named import get
    from convoscope.filters.wording import middle_of

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("step", "size", "values", "how the size is computed"):
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
    for family, shows in (("gaussian:5", "A Gaussian blur of this size; gaussian:5:1.2 sets the standard deviation."),
                          ("box:7", "The average over a square of this size.")):  # fmt: skip
        table.add_row(family, "", shows)
    results().print(table)
