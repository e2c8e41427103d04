"""``convoscope explore``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convoscope.cli.options import grouped, read_path
from convoscope.cli.page_options import PageOptions

if TYPE_CHECKING:
    import numpy.typing as npt

    from convoscope.datasets import Dataset
    from convoscope.models import Sequential
    from convoscope.runs import RunFolder
    from convoscope.web.explored import Explored, Files

HELP = "Open a trained model in the browser, and see everything in it. Ctrl-C ends it."
EXAMPLES = (
    "convoscope explore runs/digits-cnn-2-1",
    "convoscope explore runs/digits-cnn-2-1 runs/digits-cnn-1-1",
    "convoscope explore model.safetensors --data fashion-mnist",
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
            parser=read_path, metavar="OTHER", help="Another, to see both side by side.", show_default=False
        ),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="The data set to look at it with. Default: the run's own; without, drawings.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(parser=read_path, help="A folder to look for the data set first.")
    ] = None,
    *,
    page: PageOptions,
) -> None:
    """Run ``convoscope explore``; `HELP` says what it does."""
    from convoscope.cli.errors import say
    from convoscope.web.explorer import site
    from convoscope.web.opening import open_page

    explored = load(trained, data, data_dir, beside)
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
    from convoscope.cli.explored_run import find_model, run_of
    from convoscope.cli.trained import load as load_trained, other_images
    from convoscope.datasets.registry import source
    from convoscope.explore.image_outputs import has_image_outputs
    from convoscope.runs.preparation import load_data, with_channels
    from convoscope.runs.reporting import TRAINED
    from convoscope.runs.training import knows_classes, settings_of, what_changed
    from convoscope.web.explored import Explored

    run = run_of(trained)
    title = _title(trained, run)
    if run is not None:
        found = find_model(run, trained)
        settings = settings_of(run, data_dir=None if data_dir is None else str(data_dir))
        # A head on a frozen backbone has no epochs to look at.
        model, epochs, note = found.model, None if settings.for_backbone else found.epochs, found.note
        if data is None or source(data).key == settings.dataset:
            images = load_data(settings)
            note = f"{note} {what_changed(run, images) or ''}"
        else:
            images = other_images(model, data, settings.data_dir)
    else:
        (model, _), epochs, note = load_trained(trained), None, ""
        if data is None:
            return Explored(model, title=title)
        images = other_images(model, data, data_dir)
    part = {"validation": "validation", "cross-validation": "training"}.get(images.test_part, "test")
    if part == "validation":
        note = f"{note} These are the validation images: there are no test images.".strip()
    if part == "training":
        note = f"{note} {TRAINED}".strip()
    if has_image_outputs(model):
        return Explored(model, _as_taken(model, images), title=title, epochs=epochs, note=note.strip())
    labelled = knows_classes(model, images.info.class_names)
    if not labelled:
        note = f"{note} {images.info.name} has other classes than the model, so its labels are not shown."
    trained_with = labelled and images.test_part not in (
        "all",
        "cross-validation",
    )  # images that are shown are their own nearest
    return Explored(
        model,
        x=with_channels(images.x_test),
        y=images.y_test if labelled else None,
        x_train=with_channels(images.x_train) if trained_with else None,
        y_train=images.y_train if trained_with else None,
        title=title,
        epochs=epochs,
        note=note.strip(),
        part=part,
        files=_files(images) if trained_with else None,
    )


def _files(images: Dataset) -> Files | None:
    """Return what your own training images are read from."""
    from convoscope.datasets import FolderDataset
    from convoscope.web.explored import Files

    return Files(images.train_digests, images.preprocessing) if isinstance(images, FolderDataset) else None


def _as_taken(model: Sequential, images: Dataset) -> npt.NDArray[Any]:
    """Return the test images in the values that a model takes whose file may not say which these are."""
    import numpy as np

    from convoscope.models.value_range import largest_value_of
    from convoscope.runs.preparation import with_channels

    factor = largest_value_of(model) / images.info.max_value
    x = with_channels(images.x_test)
    return x if factor == 1 else x.astype(np.float32) * np.float32(factor)


def _title(trained: Path, run: RunFolder | None) -> str:
    from convoscope.names import for_terminal

    return for_terminal(trained.name if run is None or trained.is_dir() else trained.parent.name)
