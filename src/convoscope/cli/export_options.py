"""The options of ``convoscope export``: the page's, the files that are to be written, and each format's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, make_dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from convoscope.cli.options import read_path
from convoscope.errors import ConfigurationError
from convoscope.interchange.formats import Format, written


@dataclass(frozen=True)
class PageFile:
    """The explorer's page as one file."""

    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            parser=read_path,
            help="A page that shows everything inside the model and works offline.",
            show_default=False,
        ),
    ] = None
    data: Annotated[
        str | None, typer.Option("--data", help="The data set whose images the page shows. Default: the run's own.")
    ] = None
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", parser=read_path, help="The folder to search first for the data set.")
    ] = None
    quantize: Annotated[
        bool,
        typer.Option(
            "--quantize",
            metavar="",
            help="Store the page's large kernels in 8 bits for a smaller file. Reports what that changes.",
        ),
    ] = False
    snapshots: Annotated[
        bool,
        typer.Option(
            "--snapshots",
            metavar="",
            help="Include the saved weights of every epoch in the page: 3 bytes per weight and epoch.",
        ),
    ] = False

    tour: Annotated[
        Path | None,
        typer.Option(
            "--tour",
            parser=read_path,
            help="Your own tour of the page, as a JSON file (see docs/tours.md).",
            show_default=False,
        ),
    ] = None

    def require(self) -> None:
        """Check that options of the page have one to be for."""
        given = [f"--{name.replace('_', '-')}" for name, value in asdict(self).items() if name != "html" and value]
        if given and self.html is None:
            raise ConfigurationError(f"{given[0]} applies to the HTML page. Give the file to write: --html page.html")


_Raw = Annotated[
    bool,
    typer.Option(
        "--raw",
        metavar="",
        help="Take floats and return the last layer's values, instead of bytes and probabilities.",
    ),
]
_Size = Annotated[
    int | None,
    typer.Option("--size", help="Height and width of the images, for a model that takes any size.", show_default=False),
]


@dataclass(frozen=True)
class OnnxOptions:
    """Those of ONNX files."""

    opset: Annotated[
        int | None,
        typer.Option("--opset", help="The version of ONNX's operators, 13 to 22. Default: 17.", show_default=False),
    ] = None
    nchw: Annotated[
        bool,
        typer.Option("--nchw", metavar="", help="Take images with channels first, as in PyTorch."),
    ] = False
    raw: _Raw = False
    size: _Size = None


@dataclass(frozen=True)
class LitertOptions:
    """Those of LiteRT files."""

    int8: Annotated[
        bool,
        typer.Option(
            "--int8",
            metavar="",
            help="Quantize to 8-bit integers, for a quarter of the size. Reports how the predictions change.",
        ),
    ] = False
    calibration: Annotated[
        str | None,
        typer.Option(
            "--calibration",
            metavar="DATA",
            help="A data set, or a folder of images, for --int8. Default: the run's own data.",
            show_default=False,
        ),
    ] = None
    raw: _Raw = False
    size: _Size = None


#: The options of each format, by its name; those that are not None or False are handed to its writer.
#: In place of ``--int8`` and ``--calibration`` it gets the images themselves.
OPTIONS: dict[str, type[Any]] = {"onnx": OnnxOptions, "litert": LitertOptions}


def _field(format: Format) -> tuple[str, Any, Any]:
    option = typer.Option(f"--{format.name}", parser=read_path, help=format.help, show_default=False)
    return format.name, Annotated[Path | None, option], field(default=None)


#: Where to write a file of each format that is written.
Files: Any = make_dataclass("Files", [_field(each) for each in written()], frozen=True)


def _own_options() -> Any:
    """Return one group of all options; formats may share one."""
    members = {
        name: (name, hint, field(default=group.__dataclass_fields__[name].default))
        for group in OPTIONS.values()
        for name, hint in get_type_hints(group, include_extras=True).items()
    }
    return make_dataclass("FormatOptions", members.values(), frozen=True)


#: All options of all formats in one group.
FormatOptions: Any = _own_options()


def chosen(files: Any, options: Any) -> list[tuple[str, Path, dict[str, Any]]]:
    """Return what is to be written: each format's name, the file, and the options for its writer.

    Raises
    ------
    ConfigurationError
        If an option is given without a file that it is for.
    """
    paths = {name: path for name, path in asdict(files).items() if path is not None}
    given = {name: value for name, value in asdict(options).items() if value is not None and value is not False}
    for name in given:
        takers = [format for format, group in OPTIONS.items() if name in group.__dataclass_fields__]
        if not any(format in paths for format in takers):
            wanted = " or ".join(f"--{format}" for format in takers)
            raise ConfigurationError(f"--{name.replace('_', '-')} needs {wanted}. Give the file to write.")
    return [(format, path, _of(format, given)) for format, path in paths.items()]


def _of(format: str, given: dict[str, Any]) -> dict[str, Any]:
    known = OPTIONS[format].__dataclass_fields__ if format in OPTIONS else {}
    return {name: value for name, value in given.items() if name in known}
