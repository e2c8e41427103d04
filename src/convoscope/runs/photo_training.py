"""Train a classifier of photos in a run's folder, on a pretrained backbone."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from convoscope.applications import backbone as find_backbone
from convoscope.datasets import Dataset, FolderDataset
from convoscope.errors import ConfigurationError
from convoscope.locks import alone_in
from convoscope.models.files import save_model
from convoscope.quality import Findings
from convoscope.report import classification_report
from convoscope.report.calibration import calibration_error
from convoscope.report.interval import interval_of
from convoscope.runs.folder import RunFolder
from convoscope.runs.from_scratch import from_scratch, undecided
from convoscope.runs.photos import CROSS_VALIDATION, load_photos, origin
from convoscope.runs.reporting import Outcome, describe, write_report
from convoscope.runs.settings import TrainSettings
from convoscope.runs.suspects import examined, write_findings
from convoscope.tracking import kept_open, trackers_in
from convoscope.training.callbacks import Callback
from convoscope.transfer import Choice, Extractor, FeatureStore, Photos, View, Wishes, digest_of_features, train
from convoscope.transfer.choosing import FROZEN, MINUTES, as_dict
from convoscope.transfer.features import Progress

_CHOSEN = (
    "There are no test images. The held-out images were also used to choose how to train, so expect a lower accuracy "
    "on new images."
)


def train_photos(
    folder: RunFolder,
    settings: TrainSettings,
    data: Dataset,
    callbacks: Sequence[Callback] = (),
    *,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Train, test, and keep everything in the run's folder.

    Parameters
    ----------
    folder : RunFolder
    settings : TrainSettings
        With a `backbone`, or with one that an interrupted run has `compared_with`.
    data : FolderDataset
        From `convoscope.runs.photos.load_photos`.
    callbacks : sequence of Callback
        Trackers get the report.
    progress : callable, optional
        ``progress(done, total, what)``.
    say : callable
        Is told in a sentence what happens next, where that takes long.

    Notes
    -----
    What a kill interrupts is done again: the features are kept, so that this takes little time.
    """
    asked = settings.for_backbone
    if not isinstance(data, FolderDataset) or asked is None:
        raise ConfigurationError("A pretrained backbone needs your own images: give a folder or a table of images.")
    if settings.compared_with is not None:
        settings = undecided(settings)
        data = load_photos(settings, split=data.split())
    with alone_in(folder.path), kept_open(callbacks):
        _begin(folder, settings, data)
        began = time.perf_counter()
        extractor = Extractor(find_backbone(asked), FeatureStore())
        choice = _chosen(settings, data, extractor, progress, say)
        seconds = time.perf_counter() - began
        findings = examined(choice, data, extractor)
        write_findings(folder, findings, data)
        shown = data
        if choice.recipe is not None:  # from here on, the run is one without a backbone, on smaller images
            settings = from_scratch(settings, choice.recipe, len(data.class_names))
            shown = load_photos(settings, split=data.split())
            folder.write_config(describe(settings, shown))
            folder.write_data(shown.record())
        outcome = _conclude(folder, settings, shown, choice, extractor, findings, seconds)
        for each in trackers_in(callbacks):
            each.conclude(outcome.model, outcome.data.x_test, outcome.data.y_test, outcome.report)
    return outcome


def keep_trained(
    folder: RunFolder,
    settings: TrainSettings,
    data: FolderDataset,
    choice: Choice,
    extractor: Extractor,
    seconds: float,
    *,
    right: Collection[str] = (),
) -> Outcome:
    """Make a run of a classifier that has been trained elsewhere.

    Parameters
    ----------
    folder : RunFolder
    settings : TrainSettings
        With a `backbone`: what `train_photos` would have trained with.
    data : FolderDataset
        From `convoscope.runs.photos.load_photos`.
    choice : Choice
        Trained on the training images, in their order.
    extractor : Extractor
        What made their features.
    seconds : float
        How long training took.
    right : collection of str
        Files that somebody has looked at: nothing is wrong with them.
    """
    with alone_in(folder.path):
        _begin(folder, settings, data)
        findings = examined(choice, data, extractor).without(right)
        write_findings(folder, findings, data)
        return _conclude(folder, settings, data, choice, extractor, findings, seconds)


def _begin(folder: RunFolder, settings: TrainSettings, data: FolderDataset) -> None:
    """Write what a run begins with; what an earlier start of it left goes."""
    folder.remove_leftovers()
    folder.forget_history()
    folder.write_config(describe(settings, data))
    folder.write_data(data.record())


def _conclude(
    folder: RunFolder,
    settings: TrainSettings,
    data: FolderDataset,
    choice: Choice,
    extractor: Extractor,
    findings: Findings,
    seconds: float,
) -> Outcome:
    """Test what was chosen, and write the model and the report."""
    model = choice.classified.model
    model.preprocessing = data.preprocessing
    tested, images = _tested(choice, data, settings)
    held_out = _held_out(choice)
    last = {"epoch": choice.epochs, "val_accuracy": held_out["accuracy"], "seconds": round(seconds, 3)}
    folder.append_epoch(last)
    measured = {
        "epochs": choice.epochs,
        "kept_epoch": choice.epochs,
        "stopped": None,
        "seconds": round(seconds, 3),
        "last_epoch": last,
        "training": as_dict(choice),
        "cross_validation": held_out,
        "temperature": choice.classified.temperature,
        "rejection": None if model.rejection is None else model.rejection.numbers(),
        "findings": findings.as_dict(),
    }
    model.origin = {
        **origin(settings, data.info, data.digest()),
        "way": choice.way,
        **({} if settings.compared_with is None else {"compared_with": settings.compared_with}),
        "temperature": choice.classified.temperature,
        "result": {name: tested[name] for name in ("part", "images", "accuracy", "interval")},
    }
    save_model(model, folder.model, include_optimizer=False)
    if choice.way == FROZEN and extractor.store is not None:
        # The explorer asks for its network's features, and they are the backbone's.
        view = View.of(model.preprocessing)
        extractor.store.link(view.recipe(digest_of_features(model)), view.recipe(extractor.backbone.digest))
    report = write_report(folder, settings.label, images, model, tested, measured)
    return Outcome(settings, images, model, report)


def _chosen(
    settings: TrainSettings,
    data: FolderDataset,
    extractor: Extractor,
    progress: Progress | None,
    say: Callable[[str], None],
) -> Choice:
    photos = Photos(
        data.x_train,
        data.y_train.astype(np.int64),
        data.train_digests,
        data.class_names,
        [data.root / name for name in data.train_files],
        settings.threads,
    )
    wishes = Wishes(
        MINUTES if settings.minutes is None else settings.minutes,
        settings.fine_tune,
        settings.class_weight == "auto",
        settings.seed,
    )
    return train(photos, extractor, wishes, progress=progress, say=say)


def _tested(choice: Choice, data: FolderDataset, settings: TrainSettings) -> tuple[dict[str, Any], FolderDataset]:
    """Report on the test images, or else on the images that were held out; and give the data set of just these."""
    images, found = data, choice.classified
    if data.test_part == CROSS_VALIDATION:
        judged = np.flatnonzero(found.judged)
        assert data.test_files is not None
        images = replace(
            data,
            x_test=data.x_test[judged],
            y_test=data.y_test[judged],
            test_files=tuple(data.test_files[index] for index in judged),
            test_digests=tuple(data.test_digests[index] for index in judged),
        )
        probabilities = found.held_out[judged]
    else:
        probabilities = found.model.predict(data.x_test, verbose=0)
    names = list(data.class_names)
    tested = classification_report(
        images.y_test, probabilities, names, worst=len(images.y_test), files=images.test_files
    )
    # Without a wish, the same images have chosen among the ways of training, and the best of several looks too good.
    chose = data.test_part == CROSS_VALIDATION and choice.way != FROZEN and settings.fine_tune is None
    return {**tested, "part": data.test_part, **({"caveat": _CHOSEN} if chose else {})}, images


def _held_out(choice: Choice) -> dict[str, Any]:
    """Give how the chosen classifier did on training images that it had not seen."""
    found = choice.classified
    labels, told = choice.labels[found.judged], found.held_out[found.judged]
    right = int(np.sum(told.argmax(axis=1) == labels))
    return {
        "images": len(labels),
        "accuracy": right / len(labels),
        "interval": list(interval_of(right, len(labels))),
        "calibration_error": calibration_error(told, labels),
    }
