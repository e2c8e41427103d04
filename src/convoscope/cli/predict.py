"""``convoscope predict``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convoscope.cli.options import read_path

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.cli.images import Prepared

HELP = "Say what images show, or write the images that the model makes of them. They are scaled as in training."
EXAMPLES = (
    "convoscope predict runs/digits-cnn-2-1 my_image.png",
    "convoscope predict runs/digits-cnn-2-1 scans/*.jpg --invert --verbose",
    "convoscope predict runs/digits-cnn-2-1 scans",
    "convoscope predict model.safetensors my_image.png --json",
)
_DRAWN = 24  # characters


def command(
    trained: Annotated[
        Path, typer.Argument(parser=read_path, metavar="RUN|MODEL", help="A run's folder or a model's file.")
    ],
    images: Annotated[
        list[Path],
        typer.Argument(
            parser=read_path, metavar="IMAGE...", help="Image files of any size and colour, or folders of them."
        ),
    ],
    top: Annotated[int, typer.Option(help="How many classes to name.", min=1)] = 3,
    invert: Annotated[
        bool, typer.Option("--invert", metavar="", help="Exchange dark and light, for dark ink on light paper.")
    ] = False,
    max_pixels: Annotated[
        int | None,
        typer.Option(help="Refuse images with more pixels than this. Default: 50 million.", min=1, show_default=False),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", metavar="", help="Say what was done to each image.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print what is found as JSON.")] = False,
) -> None:
    """Run ``convoscope predict``; `HELP` says what it does."""
    from convoscope.cli.console import print_json
    from convoscope.cli.errors import FAILED, complain
    from convoscope.cli.images import prepare
    from convoscope.cli.trained import load
    from convoscope.datasets.folder.opening import as_max_pixels
    from convoscope.errors import ConvoscopeError
    from convoscope.explore.image_outputs import has_image_outputs

    max_pixels = as_max_pixels(max_pixels)
    model, _ = load(trained)
    preprocessing = _preprocessing_of(trained, model)
    images = _files(images)
    prepared: dict[int, Prepared] = {}
    problems: dict[int, str] = {}
    for index, path in enumerate(images):
        try:
            prepared[index] = prepare(path, preprocessing, invert=invert, max_pixels=max_pixels)
        except ConvoscopeError as error:
            problems[index] = str(error)
    given = [(images[index], each) for index, each in prepared.items()]
    found = _images(model, given) if has_image_outputs(model) else _classes(model, given, top)
    predictions = dict(zip(prepared, found, strict=True))
    findings = [
        {"file": str(path), "error": problems[index]}
        if index in problems
        else {"file": str(path), **predictions[index], **_remarks(prepared[index])}
        for index, path in enumerate(images)
    ]
    if as_json:
        print_json(findings)
    else:
        _print(findings, prepared, float(preprocessing["max_value"]), verbose)
    for problem in problems.values():
        complain(problem)
    if problems:
        raise typer.Exit(FAILED)


def _files(images: list[Path]) -> list[Path]:
    """Give the files in the place of folders."""
    from convoscope.cli.errors import say
    from convoscope.datasets.folder.listing import files_below
    from convoscope.errors import DataError

    files: list[Path] = []
    for path in images:
        found, left_out = files_below(path) if path.is_dir() else ([path], {})
        for name, what in left_out.items():
            say(f"{path / name} was left out: {what}.", title="Note: ", style="bold yellow")
        if not found:
            raise DataError(f"The folder {path} has no images. Give image files, or a folder of them.")
        files += found
    return files


def _preprocessing_of(trained: Path, model: Any) -> dict[str, Any]:
    """Give the model's preprocessing; a model made without a run takes 8-bit images by its input's shape."""
    from convoscope.errors import ConfigurationError

    if model.preprocessing is not None:
        return dict(model.preprocessing)
    shape = model.plan_input_shape
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise ConfigurationError(f"The model in {trained} takes inputs of shape {shape}, which are not images.")
    return {"height": shape[0], "width": shape[1], "channels": shape[2], "max_value": 255}


def _classes(model: Any, given: list[tuple[Path, Prepared]], top: int) -> list[dict[str, Any]]:
    """Find the best classes of images."""
    import numpy as np

    from convoscope.explore.predictions import predictions_of
    from convoscope.explore.submodels import class_count

    class_count(model)
    if not given:
        return []
    found = predictions_of(model, model.predict(np.stack([image.pixels for _, image in given]), verbose=0))
    return [{"classes": _best(scores, found.names, top)} for scores in found.scores]


def _images(model: Any, given: list[tuple[Path, Prepared]]) -> list[dict[str, Any]]:
    """Write what comes out of images."""
    from convoscope.cli.predict_images import write_images

    return [{"image": str(path)} for path in write_images(model, given)]


def _remarks(image: Prepared) -> dict[str, Any]:
    return {"done": image.notes, **({"hint": image.hint} if image.hint else {})}


def _best(probabilities: Any, names: Sequence[str], top: int) -> list[dict[str, Any]]:
    order = (-probabilities).argsort(kind="stable")[:top]
    return [{"class": names[index], "index": int(index), "probability": float(probabilities[index])} for index in order]


def _print(findings: list[dict[str, Any]], prepared: dict[int, Prepared], max_value: float, verbose: bool) -> None:
    from convoscope.cli.console import results
    from convoscope.names import for_terminal
    from convoscope.report.terminal import percent

    console = results()
    for index, finding in enumerate(findings):
        if "error" in finding:
            continue
        if "classes" in finding and console.is_terminal and console.encoding.startswith("utf"):
            _print_picture(console, finding, prepared[index], max_value, verbose)
            continue
        said = finding.get("image") or ", ".join(
            f"{best['class']} {percent(best['probability'])}" for best in finding["classes"]
        )
        hint = f" ({finding['hint']})" if "hint" in finding else ""
        console.print(for_terminal(f"{finding['file']}: {said}{hint}"), soft_wrap=True)
        if verbose:
            console.print(f"  {', '.join(finding['done'])}", soft_wrap=True)


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
    notes = [Text(note, "dim") for note in finding["done"]] if verbose else []
    hints = [Text(f"Note: {finding['hint']}", "yellow")] if "hint" in finding else []
    grid = Table.grid(padding=(0, 3, 0, 0))
    name = Text(for_terminal(finding["file"]), "bold")
    grid.add_row(Group(*picture), Group(name, Text(), classes, Text(), *notes, *hints))
    console.print(grid)
    console.print()
