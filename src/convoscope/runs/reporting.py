"""What a run writes about itself: what it was begun with, and its closing report with its pictures."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np

import convoscope
from convoscope.datasets import Dataset
from convoscope.models import Model, Sequential
from convoscope.models.summary import summarize
from convoscope.report import WORST
from convoscope.runs.folder import RunFolder
from convoscope.runs.following import launch_name
from convoscope.runs.settings import TrainSettings

_MOST_CLASSES_IN_A_PICTURE = 60
TRAINED = (
    "The model was trained on these images, so this result does not apply to new ones. The cross-validated estimate "
    "for new images is in the run's report.json."
)
CAVEAT = (
    "There are no test images. The validation images were also used to choose the epoch, so expect a lower accuracy "
    "on new images."
)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run came to.

    Attributes
    ----------
    settings : TrainSettings
    data : Dataset
    model : Sequential or Model
        The model that was kept, read back from its file.
    report : dict
        What ``report.json`` says.
    """

    settings: TrainSettings
    data: Dataset
    model: Sequential | Model
    report: dict[str, Any]


def describe(settings: TrainSettings, data: Dataset) -> dict[str, Any]:
    """Give what ``config.json`` says: what to train, on what, and with which versions."""
    launch = launch_name()
    return {
        **({} if launch is None else {"launch": launch}),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "settings": settings.as_dict(),
        "data": {
            "name": data.info.name,
            "where": data.info.where,
            "train_images": len(data.x_train),
            "test_images": len(data.x_test),
            "class_names": list(data.info.class_names),
            "digest": data.digest(),
        },
        "versions": {
            "convoscope": convoscope.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "platform": platform.platform(),
        },
    }


def write_report(
    folder: RunFolder,
    label: str,
    data: Dataset,
    model: Sequential | Model,
    tested: dict[str, Any],
    measured: Mapping[str, Any],
) -> dict[str, Any]:
    """Write the report of a run and its pictures; ``report.json`` last, for it ends the run.

    Parameters
    ----------
    folder : RunFolder
    label : str
        What the run is called by.
    data : Dataset
        Its test images are those that `tested` is about.
    model : Sequential or Model
        The one that was kept.
    tested : dict
        From `convoscope.report.classification_report`, with all mistakes.
    measured : mapping
        What else is known of the training.

    Returns
    -------
    dict
        What ``report.json`` says.
    """
    from PIL import Image

    from convoscope.report.pixels import to_rgb
    from convoscope.report.sheet import confusion_picture, mistakes_sheet

    if data.test_files is not None:
        folder.write_mistakes(tested)
    tested = {**tested, "worst_mistakes": tested["worst_mistakes"][:WORST]}
    report = {
        "data": data.test_subject,
        **tested,
        **measured,
        "parameters": model.count_params(),
        "multiply_adds": summarize(model).multiply_adds,
    }
    title = f"{data.info.name}, {label}"
    max_value = data.info.max_value
    folder.write_picture(
        folder.mistakes, mistakes_sheet(tested, data.x_test, max_value, f"{title}: the worst mistakes")
    )
    if len(data.info.class_names) <= _MOST_CLASSES_IN_A_PICTURE:
        folder.write_picture(folder.confusion, confusion_picture(tested, f"{title}: confusion matrix"))
    folder.write_picture(folder.example, Image.fromarray(to_rgb(data.x_test[0], max_value)))
    folder.write_report(report)
    return report
