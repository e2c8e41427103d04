"""``convoscope import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from convoscope.cli.options import read_path
from convoscope.wording import file_size

NAME = "import"
HELP = "Convert another program's model file into a Convoscope model."
EXAMPLES = (
    "convoscope import network.onnx",
    "convoscope import network.onnx --output models/network.safetensors",
)


def command(
    file: Annotated[Path, typer.Argument(parser=read_path, metavar="FILE", help="The model file to import.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            parser=read_path,
            help="The file to write, or a folder to put it in. Default: the current folder, named after FILE.",
            show_default=False,
        ),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option(
            "--input-shape",
            metavar="HxWxC",
            help="The size of its images, such as 224x224x3, for an ONNX or LiteRT file that leaves it open.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run ``convoscope import``; `HELP` says what it does."""
    from convoscope.cli.console import results
    from convoscope.interchange.formats import format_of, read

    target = _target(file, output)
    title = format_of(file).title
    model = read(file, **({} if input_shape is None else {"input_shape": _sizes(input_shape)}))
    model.save(target)
    console = results()
    for line in (_told(model, title), f"Written: {target} ({file_size(target.stat().st_size)})"):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    console.print(f"See inside it: convoscope explore {target}", soft_wrap=True, markup=False, highlight=False)


def _sizes(text: str) -> tuple[int, ...]:
    """Return the sizes that a text such as 224x224x3 says."""
    from convoscope.checks import shape
    from convoscope.errors import ConfigurationError

    parts = text.lower().replace("×", "x").split("x")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ConfigurationError(f"--input-shape takes whole numbers, as in 224x224x3, but got {text!r}.")
    return shape(tuple(map(int, parts)), "--input-shape", "import")


def _target(file: Path, output: Path | None) -> Path:
    """Return the file to write. Without --output none is replaced: nobody named it."""
    from convoscope.errors import StorageError
    from convoscope.paths import is_there

    name = f"{file.stem}.safetensors"
    if output is None and is_there(Path(name)):
        raise StorageError(f"{name} already exists. Give another name: --output OTHER.safetensors")
    if output is None:
        return Path(name)
    return output / name if output.is_dir() else output


def _told(model: Any, title: str) -> str:
    from convoscope.wording import counted

    inputs = ", ".join(_shape(symbol.shape) for symbol in model.input_symbols)
    told = [
        counted(len(model.leaf_layers), "layer"),
        counted(model.count_params(), "parameter"),
        f"input {inputs}",
        *([counted(len(model.class_names), "class", "classes")] if model.class_names else []),
    ]
    return f"Read: {title}, {', '.join(told)}"


def _shape(shape: tuple[int | None, ...]) -> str:
    return "×".join("any" if size is None else str(size) for size in shape[1:])
