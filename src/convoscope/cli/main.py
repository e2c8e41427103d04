"""The command ``convoscope``: its commands, put together."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Annotated

import typer

from convoscope.cli import (
    alone,
    classroom,
    compare,
    convert,
    datasets,
    doctor,
    evaluate,
    exercises,
    explore,
    export,
    filter,
    gallery,
    import_model,
    lab,
    lessons,
    plot,
    predict,
    runs,
    serve,
    summary,
    teach,
    train,
)
from convoscope.cli.console import forget_impossible_sizes
from convoscope.cli.errors import INTERRUPTED, FriendlyCommand, FriendlyGroup, status_with_output
from convoscope.cli.interrupts import lost_interrupts_come_again
from convoscope.streams import Output, open_missing_descriptors, show

_HELP = {"help_option_names": ["-h", "--help"]}
_COMMANDS = (
    gallery,
    train,
    teach,
    compare,
    lessons,
    runs,
    plot,
    evaluate,
    predict,
    serve,
    explore,
    export,
    import_model,
    convert,
    summary,
    filter,
    lab,
    exercises,
    classroom,
    datasets,
    doctor,
)
_EXAMPLES = (
    "convoscope",
    "convoscope train",
    "convoscope train fashion-mnist --epochs 5",
    "convoscope teach",
    "convoscope summary cnn-2 --details",
    "convoscope filter photograph --kernel sobel-x",
    "convoscope doctor",
)


app = typer.Typer(
    name="convoscope",
    cls=FriendlyGroup,
    epilog="\n".join(_EXAMPLES),
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings=_HELP,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        import convoscope

        show(f"convoscope {convoscope.__version__}")
        raise typer.Exit


@app.callback(help="Train convolutional image classifiers on a plain CPU, and see inside them.")
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", metavar="", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
    traceback: Annotated[
        bool, typer.Option("--traceback", metavar="", help="Show the traceback of an error, for a bug report.")
    ] = False,
) -> None:
    """Take the options that stand before a command; without one, open the gallery or print the help."""
    if context.invoked_subcommand is None:
        alone.run(context)


def _add(module: ModuleType) -> None:
    name = getattr(module, "NAME", module.__name__.rpartition(".")[2])
    app.command(
        name,
        help=module.HELP,
        cls=getattr(module, "COMMAND", FriendlyCommand),
        epilog="\n".join(module.EXAMPLES),
        context_settings=_HELP,
    )(module.command)


for _module in _COMMANDS:
    _add(_module)


def main() -> None:
    """Run the command line and exit with its status."""
    open_missing_descriptors()
    forget_impossible_sizes()
    given = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Output(sys.stdout), Output(sys.stderr)
    try:
        with lost_interrupts_come_again():
            app(prog_name="convoscope")
    except KeyboardInterrupt:  # before a command had begun
        sys.exit(INTERRUPTED)
    except SystemExit as ended:
        sys.exit(status_with_output(ended.code))
    finally:
        sys.stdout, sys.stderr = given
