"""``convoscope convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convoscope.cli.options import read_path
from convoscope.wording import file_size

HELP = "Convert a model from one file format to another. The file extensions choose the formats."
EXAMPLES = (
    "convoscope convert model.safetensors model.onnx",
    "convoscope convert model.onnx model.safetensors",
)


def command(
    source: Annotated[
        Path, typer.Argument(parser=read_path, metavar="FROM", help="A model file of any format, or a run's folder.")
    ],
    target: Annotated[Path, typer.Argument(parser=read_path, metavar="TO", help="The file to write.")],
) -> None:
    """Run ``convoscope convert``; `HELP` says what it does."""
    from convoscope.cli.console import results
    from convoscope.interchange.formats import writer_for
    from convoscope.models import load_model

    writer = writer_for(target)  # before a large file is read for nothing
    writer.write(load_model(source), target)
    written = f"Written: {target} ({writer.title}, {file_size(target.stat().st_size)})"
    results().print(written, soft_wrap=True, markup=False, highlight=False)
