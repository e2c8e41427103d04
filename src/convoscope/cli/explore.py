"""``convoscope explore``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convoscope.cli.options import grouped, read_path
from convoscope.cli.page_options import PageOptions

if TYPE_CHECKING:
    from convoscope.runs import RunFolder
    from convoscope.web.explored import Explored

HELP = "Open a trained model in the browser, and see everything in it. Press Ctrl-C to stop."
EXAMPLES = (
    "convoscope explore runs/digits-cnn-2-1",
    "convoscope explore runs/digits-cnn-2-1 runs/digits-cnn-1-1",
    "convoscope explore model.safetensors --data fashion-mnist",
    "convoscope explore runs/digits-cnn-2-1 --tour my-tour.json",
    "convoscope explore runs/digits-cnn-2-1 --no-browser --port 8800",
)


@grouped
def command(
    trained: Annotated[
        Path, typer.Argument(parser=read_path, metavar="RUN|MODEL", help="A run's folder or a model's file.")
    ],
    beside: Annotated[
        Path | None,
        typer.Argument(
            parser=read_path, metavar="OTHER", help="A second model, to see both side by side.", show_default=False
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="The data set to show images of. Default: the run's own; if there is none, your drawings."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(parser=read_path, help="The folder to search first for the data set.")
    ] = None,
    tour: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, help="Your own tour of the page, as a JSON file (see docs/tours.md).", show_default=False
        ),
    ] = None,
    *,
    page: PageOptions,
) -> None:
    """Run ``convoscope explore``; `HELP` says what it does."""
    from convoscope.cli.errors import say
    from convoscope.web.explorer import site, with_tour
    from convoscope.web.opening import open_page

    explored = with_tour(load(trained, data, data_dir, beside), tour)
    if explored.note:
        say(explored.note, title="Note: ", style="bold yellow")
    open_page(
        site(explored), "The explorer", port=page.port, browser=not page.no_browser, wait=True, hosts=page.host or ()
    )


def load(trained: Path, data: str | None, data_dir: Path | None, beside: Path | None = None) -> Explored:
    """Load a model and what it was tested and trained with, and the model that is to stand beside it."""
    from convoscope.cli.trained import load as load_trained
    from convoscope.web.explored import Explored

    explored = _loaded(trained, data, data_dir)
    if beside is None:
        return explored
    model, run = load_trained(beside)
    return replace(explored, beside=Explored(model, explored.x, explored.y, title=_title(beside, run)))


def _loaded(trained: Path, data: str | None, data_dir: Path | None) -> Explored:
    """Load a model and what it was tested and trained with. Of a run that has not ended, load what there is."""
    from convoscope.cli.trained import load as load_trained, other_images
    from convoscope.exhibition.explored_run import run_of
    from convoscope.exhibition.loading import explored_with, load_run
    from convoscope.web.explored import Explored
    from convoscope.web.sample_images import with_samples

    run = run_of(trained)
    title = _title(trained, run)
    if run is not None:
        return load_run(run, trained, title=title, data=data, data_dir=data_dir)
    model, _ = load_trained(trained)
    if data is None:
        return with_samples(Explored(model, title=title))
    return explored_with(model, other_images(model, data, data_dir), title=title)


def _title(trained: Path, run: RunFolder | None) -> str:
    from convoscope.names import for_terminal

    return for_terminal(trained.name if run is None or trained.is_dir() else trained.parent.name)
