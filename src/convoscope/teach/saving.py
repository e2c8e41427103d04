"""What a session leaves behind: a folder of pictures, a run on it, and a page that classifies without a network."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np

from convoscope.datasets import FolderDataset
from convoscope.engine.select import current, told_of
from convoscope.engine.threads import get_threads
from convoscope.errors import DataError, StorageError
from convoscope.names import portable_path
from convoscope.report.interval import with_interval
from convoscope.runs import RunFolder, TrainSettings
from convoscope.runs.checking import unread
from convoscope.runs.photo_training import keep_trained
from convoscope.runs.photos import load_photos
from convoscope.storage import remedy, write_atomically
from convoscope.teach.board import Picture
from convoscope.teach.learning import Trained
from convoscope.teach.offline import offline
from convoscope.teach.session import Session
from convoscope.wording import counted


@dataclass(frozen=True)
class Saved:
    """Where things were saved.

    Attributes
    ----------
    pictures : Path
        A folder with a subfolder for each class, as ``convoscope train`` takes it.
    run : Path
        The folder of a run on these pictures, as ``convoscope train`` makes it.
    page : Path
        One file of HTML.
    """

    pictures: Path
    run: Path
    page: Path

    def told(self) -> dict[str, Any]:
        """Return what the page says of it."""
        size = self.page.stat().st_size / 1e6
        pictures, run = shlex.quote(str(self.pictures)), shlex.quote(str(self.run))
        return {
            "rows": [
                ["Pictures", str(self.pictures)],
                ["Run", str(self.run)],
                ["Page", f"{self.page} ({size:.0f} MB)"],
            ],
            "commands": [
                ["Classify pictures", f"convoscope predict {run} IMAGE..."],
                ["Look inside", f"convoscope explore {run}"],
                ["Add pictures to the folder, and continue training", f"convoscope train {pictures} --from {run}"],
            ],
            "page": "saved/classifier.html",
        }


def save(session: Session, out: Path) -> Saved:
    """Save what a session has and has learned, in the first folder ``out/saved-1``, ``-2`` and so on that is not there.

    If pictures have changed since it was trained, it is trained again first: the folder, the run and the page belong
    together.

    Raises
    ------
    NotReadyError
        It cannot be trained.
    StorageError
        Something cannot be written.
    """
    trained, some = session.to_save()
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = _new_folder(out)
        saved = Saved(*(folder / name for name in ("pictures", "run", "classifier.html")))
        files = list(_keep_pictures(session, saved.pictures, trained, some))
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror or error}. {remedy(error)}.") from error
    checked = [file for file, picture in zip(files, some, strict=True) if picture.checked]
    run = _keep_run(session, saved, trained, files, checked)
    write_atomically(saved.page, [offline(run.model, words(trained)).encode()])
    return saved


def words(trained: Trained) -> str:
    """Say what a classifier is of."""
    return (
        f"{counted(len(trained.groups), 'class', 'classes')}, learned from {counted(len(trained.ids), 'picture')} on "
        f"{date.today().isoformat()}. In cross-validation {with_interval(trained.right, len(trained.ids))} of them "
        "were right."
    )


def _new_folder(out: Path) -> Path:
    for number in count(1):
        folder = out / f"saved-{number}"
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise AssertionError("count() does not end")


def _keep_pictures(session: Session, folder: Path, trained: Trained, some: Sequence[Picture]) -> Iterator[str]:
    """Put pictures into a folder for each class, under their names as far as these differ; give what each is called."""
    names = dict(zip(trained.groups, trained.class_names, strict=True))
    taken: set[tuple[str, str]] = set()
    for picture in some:
        name = names[picture.group]
        stem, ending = os.path.splitext(picture.name)
        numbered = (f"{stem}-{number}{ending}" for number in count(2))
        fit = next(each for each in chain([picture.name], numbered) if (name, each.casefold()) not in taken)
        taken.add((name, fit.casefold()))
        (folder / name).mkdir(parents=True, exist_ok=True)
        file = session.file(picture)
        try:
            os.link(file, folder / name / fit)  # a picture is never changed: both names may stand for the same bytes
        except OSError:  # another disk, or a system without links
            shutil.copyfile(file, folder / name / fit)
        yield f"{name}/{fit}"


def _keep_run(
    session: Session, saved: Saved, trained: Trained, files: Sequence[str], checked: Sequence[str]
) -> RunFolder:
    """Write a run's folder, as if the saved pictures had been trained on.

    Parameters
    ----------
    files : sequence of str
        The saved pictures, in the order of what was trained.
    checked : sequence of str
        Those that somebody has called right: nothing is wrong with them.
    """
    settings = TrainSettings.with_defaults(
        unread(str(saved.pictures.absolute())),
        get_threads(),
        current().name,
        backbone=session.extractor.backbone.source,
        minutes=0.0,
        seed=0,
        test_split=0.0,
        class_weight="auto" if trained.balanced else "none",
        **told_of(current()),
    )
    data = load_photos(settings, progress=lambda *_: None)
    names = list(map(portable_path, data.train_files))
    if set(names) != set(files) or data.class_names != trained.class_names:
        raise _not_as_saved(data, files, names)
    position = {file: index for index, file in enumerate(files)}
    choice = trained.choice.take(np.array([position[name] for name in names]))
    choice.classified.model.class_names = list(trained.class_names)  # they may have other names by now
    run = RunFolder.create(saved.run)
    keep_trained(run, settings, data, choice, session.extractor, trained.seconds, right=set(checked))
    return run


def _not_as_saved(data: FolderDataset, files: Sequence[str], names: Sequence[str]) -> DataError:
    lost = next(iter({*files} - {*names}), "")
    why = data.report.skipped.get(lost, "a class name is not allowed as a folder name")
    return DataError(f"{data.root} was saved, but cannot be trained on: {lost} {why}. Change it, and save again.")
