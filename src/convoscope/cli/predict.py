"""``convoscope predict``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convoscope.cli.options import read_path
from convoscope.errors import ConvoscopeError

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.datasets.images.preprocessing import Prepared

HELP = "Classify images, or save the images that the model outputs. Images are scaled as in training."
EXAMPLES = (
    "convoscope predict runs/digits-cnn-2-1 my_image.png",
    "convoscope predict runs/digits-cnn-2-1 scans/*.jpg --invert --verbose",
    "convoscope predict runs/digits-cnn-2-1 scans",
    "convoscope predict model.safetensors my_image.png --json",
    "convoscope predict runs/digits-cnn-2-1 scans --output scans.csv",
    "find scans -name '*.png' | convoscope predict runs/digits-cnn-2-1 - --output scans.jsonl",
)
_DRAWN = 24  # characters


def command(
    trained: Annotated[
        Path, typer.Argument(parser=read_path, metavar="RUN|MODEL", help="A run's folder or a model's file.")
    ],
    images: Annotated[
        list[Path],
        typer.Argument(
            parser=read_path,
            metavar="IMAGE...",
            help="Image files of any size and colour, or folders of images; - reads file names from standard input.",
        ),
    ],
    top: Annotated[int, typer.Option(help="Number of classes to show.", min=1)] = 3,
    invert: Annotated[
        bool, typer.Option("--invert", metavar="", help="Invert the images, for dark ink on light paper.")
    ] = False,
    max_pixels: Annotated[
        int | None,
        typer.Option(help="Reject images with more pixels than this. Default: 50 million.", min=1, show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            parser=read_path,
            help="Write one row per image to a .csv, .jsonl or .parquet file. After an interruption, the same command "
            "continues.",
            show_default=False,
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", metavar="", help="Show how each image was prepared.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON.")] = False,
) -> None:
    """Run ``convoscope predict``; `HELP` says what it does."""
    from convoscope.cli.console import print_json
    from convoscope.cli.errors import FAILED, complain
    from convoscope.cli.trained import load
    from convoscope.datasets.folder.opening import as_max_pixels
    from convoscope.explore.image_outputs import has_image_outputs
    from convoscope.explore.image_predictions import preprocessing_of

    if max_pixels is not None:
        as_max_pixels(max_pixels)
    model, _ = load(trained)
    preprocessing = preprocessing_of(model)
    if output is not None:
        from convoscope.cli.predict_output import write_output

        write_output(model, images, output, top=top, invert=invert, max_pixels=max_pixels)
        return
    files = _files(images)
    prepared = preprocessing.prepare_each(files, invert=invert, max_pixels=max_pixels, errors="return")
    pairs = _images(model, prepared) if has_image_outputs(model) else _classes(model, prepared, top)
    findings, problems = [], []
    for file, (image, found) in zip(files, pairs, strict=True):
        if isinstance(found, ConvoscopeError):
            problems.append(str(found))
            findings.append({"file": str(file), "error": str(found)})
            continue
        finding = {"file": str(file), **found, **_remarks(image)}
        findings.append(finding)
        if not as_json:
            _print(finding, image, preprocessing.max_value, verbose)
    if as_json:
        print_json(findings)
    for problem in problems:
        complain(problem)
    if problems:
        raise typer.Exit(FAILED)


def _files(images: list[Path]) -> list[Path]:
    """Give the files in the place of folders."""
    from convoscope.cli.errors import say
    from convoscope.cli.predict_output import STANDARD_INPUT, names_from_standard_input
    from convoscope.datasets.folder.listing import files_below
    from convoscope.errors import DataError

    files: list[Path] = []
    for path in images:
        if path == STANDARD_INPUT:
            files += names_from_standard_input()
            continue
        found, left_out = files_below(path) if path.is_dir() else ([path], {})
        for name, what in left_out.items():
            say(f"{path / name} was left out: {what}.", title="Note: ", style="bold yellow")
        if not found:
            raise DataError(f"The folder {path} contains no images. Give image files or a folder of images.")
        files += found
    return files


def _classes(model: Any, prepared: Iterable[Prepared | ConvoscopeError], top: int) -> Iterator[tuple[Any, Any]]:
    """Give each image with what is found of it: its best classes, or why it cannot be read."""
    from convoscope.explore.image_predictions import ImagePrediction, predict_prepared

    for image, found in predict_prepared(model, prepared, top=top):
        yield image, found.told() if isinstance(found, ImagePrediction) else found


def _images(model: Any, prepared: Iterable[Prepared | ConvoscopeError]) -> Iterator[tuple[Any, Any]]:
    """Write what comes out of images, and give each with the name of its file."""
    from convoscope.cli.predict_images import write_image

    for image in prepared:
        yield image, image if isinstance(image, ConvoscopeError) else {"image": str(write_image(model, image))}


def _remarks(image: Prepared) -> dict[str, Any]:
    return {"done": image.notes, **({"hint": image.hint} if image.hint else {})}


def _print(finding: dict[str, Any], image: Prepared, max_value: float, verbose: bool) -> None:
    from convoscope.cli.console import results
    from convoscope.names import for_terminal
    from convoscope.report.terminal import percent

    console = results()
    if "classes" in finding and console.is_terminal and console.encoding.startswith("utf"):
        _print_picture(console, finding, image, max_value, verbose)
        return
    said = finding.get("image") or ", ".join(
        f"{best['class']} {percent(best['probability'])}" for best in finding["classes"]
    )
    if finding.get("none_of_these"):
        said = f"{_none_of_these(finding)}; closest class: {said}"
    hint = f" ({finding['hint']})" if "hint" in finding else ""
    console.print(for_terminal(f"{finding['file']}: {said}{hint}"), soft_wrap=True)
    if verbose:
        console.print(f"  {', '.join(finding['done'])}", soft_wrap=True)


def _none_of_these(finding: dict[str, Any]) -> str:
    return f"none of these (score {finding['score']:.3g}, above {finding['threshold']:.3g})"


def _print_picture(console: Console, finding: dict[str, Any], image: Prepared, max_value: float, verbose: bool) -> None:
    """Print the image as the model sees it, with its classes beside it."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from convoscope.names import for_terminal
    from convoscope.report.pixels import draw, resized, to_rgb
    from convoscope.report.terminal import bar, percent

    pixels = image.pixels.shape[1]
    width = _DRAWN if pixels > _DRAWN else pixels * max(1, _DRAWN // pixels)
    in_colour = console.color_system is not None and not console.no_color
    picture = draw(resized(to_rgb(image.pixels, max_value), width), in_colour=in_colour)
    classes = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for index, best in enumerate(finding["classes"]):
        style = "green" if index == 0 else "dim"
        classes.add_row(
            Text(for_terminal(best["class"]), "bold green" if index == 0 else ""),
            Text(percent(best["probability"]).rjust(8), style),
            bar(best["probability"], 16, style),
        )
    refused = [Text(_none_of_these(finding), "bold yellow"), Text()] if finding.get("none_of_these") else []
    notes = [Text(note, "dim") for note in finding["done"]] if verbose else []
    hints = [Text(f"Note: {finding['hint']}", "yellow")] if "hint" in finding else []
    grid = Table.grid(padding=(0, 3, 0, 0))
    name = Text(for_terminal(finding["file"]), "bold")
    grid.add_row(Group(*picture), Group(name, Text(), *refused, classes, Text(), *notes, *hints))
    console.print(grid)
    console.print()
