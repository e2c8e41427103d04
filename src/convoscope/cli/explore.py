"""``convoscope explore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from convoscope.web.explorer import Explored

EXAMPLES = (
    "convoscope explore runs/digits-cnn-2-1",
    "convoscope explore model.safetensors --data fashion-mnist",
    "convoscope explore runs/digits-cnn-2-1 --no-browser --port 8800",
)


def command(
    trained: Annotated[Path, typer.Argument(metavar="RUN|MODEL", help="A run's folder or a model's file.")],
    data: Annotated[
        str | None, typer.Option(help="The data set to look at it with. Default: the run's own; without, drawings.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="A folder to look for the data set first.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Where to listen. Default: 8760, or a free port.")] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", metavar="", help="Print the address, and open no browser.")
    ] = False,
) -> None:
    """Open a trained model in the browser, and see everything in it. Ctrl-C ends it."""
    from convoscope.cli.errors import say
    from convoscope.web.explorer import site
    from convoscope.web.opening import open_page

    explored = load(trained, data, data_dir)
    if explored.note:
        say(explored.note, title="Note: ", style="bold yellow")
    open_page(site(explored), "The explorer", port=port, browser=not no_browser, wait=True)


def load(trained: Path, data: str | None, data_dir: Path | None) -> Explored:
    """Load a model and what it was tested and trained with. Of a run that has not ended, load what there is."""
    from convoscope import datasets
    from convoscope.cli.explored_run import find_model, run_of
    from convoscope.cli.trained import load as load_trained
    from convoscope.runs.preparation import load_data, with_channels
    from convoscope.runs.training import settings_of
    from convoscope.web.explorer import Explored

    run = run_of(trained)
    title = trained.name if run is None or trained.is_dir() else trained.parent.name
    if run is not None:
        found = find_model(run, trained)
        model, epochs, note = found.model, found.epochs, found.note
        settings = settings_of(run, data_dir=None if data_dir is None else str(data_dir))
        images = load_data(settings) if data is None else datasets.load(data, settings.data_dir)
    else:
        (model, _), epochs, note = load_trained(trained), None, ""
        if data is None:
            return Explored(model, title=title)
        images = datasets.load(data, data_dir)
    return Explored(
        *(model, with_channels(images.x_test), images.y_test, with_channels(images.x_train), images.y_train),
        title=title,
        epochs=epochs,
        note=note,
    )
