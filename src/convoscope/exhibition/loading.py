"""A run as the explorer opens it: its model, its epochs, and the images that it was tested and trained with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.datasets import Dataset, FolderDataset
from convoscope.datasets.registry import source
from convoscope.exhibition.explored_run import find_model
from convoscope.explore.image_outputs import has_image_outputs
from convoscope.models import Sequential
from convoscope.models.value_range import largest_value_of
from convoscope.runs import RunFolder
from convoscope.runs.preparation import load_data, with_channels
from convoscope.runs.reporting import TRAINED
from convoscope.runs.training import knows_classes, settings_of, what_changed
from convoscope.web.epochs import Epochs
from convoscope.web.explored import Explored, Files

_PARTS = {"validation": "validation", "cross-validation": "training"}
_VALIDATING = "These are the validation images: there are no test images."


def load_run(
    run: RunFolder, trained: Path, *, title: str, data: str | None = None, data_dir: Path | None = None
) -> Explored:
    """Load a run's model and what it was tested and trained with. Of a run that has not ended, load what there is.

    Parameters
    ----------
    run : RunFolder
    trained : Path
        The run's folder, or one of the models in it.
    title : str
        What the page calls it.
    data : str, optional
        Another data set to look at it with.
    data_dir : Path, optional
        A folder to look for the data set first.

    Raises
    ------
    ConvoscopeError
        A file is missing or damaged, or the data set is not to be found.
    """
    found = find_model(run, trained)
    settings = settings_of(run, data_dir=None if data_dir is None else str(data_dir))
    # A head on a frozen backbone has no epochs to look at.
    epochs, note = None if settings.for_backbone else found.epochs, found.note
    if data is None or source(data).key == settings.dataset:
        images = load_data(settings)
        note = f"{note} {what_changed(run, images) or ''}"
    else:
        images = source(data).load_to_test(settings.data_dir, found.model.preprocessing or {})
    return explored_with(found.model, images, title=title, epochs=epochs, note=note)


def explored_with(
    model: Sequential, images: Dataset, *, title: str, epochs: Epochs | None = None, note: str = ""
) -> Explored:
    """Put a model together with a data set's images, and with their labels if they are the model's classes."""
    part = _PARTS.get(images.test_part, "test")
    if part == "validation":
        note = f"{note} {_VALIDATING}".strip()
    if part == "training":
        note = f"{note} {TRAINED}".strip()
    if has_image_outputs(model):
        return Explored(model, _as_taken(model, images), title=title, epochs=epochs, note=note.strip())
    labelled = knows_classes(model, images.info.class_names)
    if not labelled:
        note = f"{note} {images.info.name} has other classes than the model, so its labels are not shown."
    # Images that are shown are their own nearest.
    trained_with = labelled and images.test_part not in ("all", "cross-validation")
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
    return Files(images.train_digests, images.preprocessing) if isinstance(images, FolderDataset) else None


def _as_taken(model: Sequential, images: Dataset) -> npt.NDArray[Any]:
    """Return the test images in the values that a model takes whose file may not say which these are."""
    factor = largest_value_of(model) / images.info.max_value
    x = with_channels(images.x_test)
    return x if factor == 1 else x.astype(np.float32) * np.float32(factor)
