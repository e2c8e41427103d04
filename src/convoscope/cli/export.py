"""``convoscope export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from convoscope.cli.export_options import Files, FormatOptions, PageFile, chosen
from convoscope.cli.options import grouped, read_path
from convoscope.wording import file_size

_LARGE = 10_000_000  # bytes of a page
HELP = "Export a trained model for other programs, or as one HTML file that shows everything inside it."
EXAMPLES = (
    "convoscope export runs/digits-cnn-2-1 --onnx model.onnx",
    "convoscope export model.safetensors --onnx model.onnx --opset 20 --nchw",
    "convoscope export runs/digits-cnn-2-1 --litert model.tflite --int8",
    "convoscope export runs/digits-cnn-2-1 --keras model.keras --pytorch net.py --c digits.c",
    "convoscope export runs/digits-cnn-2-1 --html page.html",
    "convoscope export runs/digits-cnn-2-1 runs/digits-cnn-1-1 --html both.html",
    "convoscope export runs/digits-cnn-2-1 --quantize --html small.html",
    "convoscope export runs/digits-cnn-2-1 --snapshots --html page.html",
    "convoscope export runs/digits-cnn-2-1 --tour my-tour.json --html page.html",
    "convoscope export model.safetensors --data fashion-mnist --html page.html",
)


@grouped
def command(
    trained: Annotated[
        Path, typer.Argument(parser=read_path, metavar="RUN|MODEL", help="A run's folder or a model's file.")
    ],
    beside: Annotated[
        Path | None,
        typer.Argument(
            parser=read_path,
            metavar="OTHER",
            help="A second model, to see both side by side on the page.",
            show_default=False,
        ),
    ] = None,
    *,
    page: PageFile,
    files: Files,
    options: FormatOptions,
) -> None:
    """Run ``convoscope export``; `HELP` says what it does."""
    from convoscope.errors import ConfigurationError

    page.require()
    if beside is not None and page.html is None:
        raise ConfigurationError(
            "Only an HTML page shows two models side by side. Give the file to write: --html both.html"
        )
    wanted = chosen(files, options)
    if page.html is None and not wanted:
        raise ConfigurationError(f"Choose what to write: {_targets()}. See: convoscope export --help")
    if page.html is not None:
        _write_page(trained, beside, page)
    for format, path, own in wanted:
        _write_file(trained, format, path, own)


def _targets() -> str:
    from convoscope.interchange.formats import written

    return ", ".join(["--html page.html", *(f"--{each.name} model{each.endings[0]}" for each in written())])


def _write_file(trained: Path, format: str, path: Path, options: dict[str, Any]) -> None:
    from convoscope.cli.console import results
    from convoscope.cli.export_int8 import int8_options
    from convoscope.cli.trained import load
    from convoscope.errors import ConfigurationError
    from convoscope.interchange.formats import write
    from convoscope.names import for_terminal

    model, run = load(trained)
    images = options.pop("calibration", None)
    if options.pop("int8", False):
        options |= int8_options(trained, model, run, images)
    elif images is not None:
        raise ConfigurationError("--calibration needs --int8. Give both or neither.")
    write(model, path, format, **options)
    written = for_terminal(f"Written: {path} ({file_size(path.stat().st_size)})")
    results().print(written, soft_wrap=True, markup=False, highlight=False)


def _write_page(trained: Path, beside: Path | None, page: PageFile) -> None:
    from convoscope.cli.console import results
    from convoscope.cli.explore import load
    from convoscope.storage import write_atomically
    from convoscope.web.explorer import in_eight_bits, left_out, offline, with_tour

    assert page.html is not None
    explored = with_tour(load(trained, page.data, page.data_dir, beside), page.tour)
    if page.quantize:
        explored = in_eight_bits(explored)
    content = offline(explored, snapshots=page.snapshots).encode()
    write_atomically(page.html, [content])
    console = results()
    console.print(f"Written: {page.html} ({file_size(len(content))})", soft_wrap=True)
    missing = left_out(explored)
    if missing:
        console.print(missing, soft_wrap=True)
    if len(content) > _LARGE and not page.quantize:
        console.print("--quantize stores large kernels in 8 bits, at a quarter of their size.", soft_wrap=True)
    for each in (explored, explored.beside):
        if each is not None and each.note:
            console.print(f"{each.title}: {each.note}", soft_wrap=True, markup=False, highlight=False)
