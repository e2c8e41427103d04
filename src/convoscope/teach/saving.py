"""What a session leaves behind: a folder of pictures, a model, and a page that classifies without a network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain, count
from pathlib import Path
from typing import Any

from convoscope.errors import StorageError
from convoscope.report.interval import with_interval
from convoscope.storage import remedy, write_atomically
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
    model : Path
        The model's file.
    page : Path
        One file of HTML.
    """

    pictures: Path
    model: Path
    page: Path

    def told(self) -> dict[str, Any]:
        """Return what the page says of it."""
        size = self.page.stat().st_size / 1e6
        rows = [
            ["Pictures", str(self.pictures)],
            ["Model", str(self.model)],
            ["Page", f"{self.page} ({size:.1f} MB)"],
        ]
        return {"rows": rows, "page": "saved/classifier.html"}


def save(session: Session, out: Path) -> Saved:
    """Save what a session has and has learned, in the first folder ``out/saved-1``, ``-2`` and so on that is not there.

    If pictures have changed since it was trained, it is trained again first: the folder, the model and the page belong
    together.

    Raises
    ------
    NotReadyError
        It cannot be trained.
    StorageError
        Something cannot be written.
    """
    trained, some = session.to_save()
    model = session.learner.model(trained.head, trained.class_names)
    model.rejection = trained.rejection
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = _new_folder(out)
        _keep_pictures(folder / "pictures", some)
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror or error}. {remedy(error)}.") from error
    saved = Saved(folder / "pictures", folder / "model.safetensors", folder / "classifier.html")
    model.save(saved.model)
    write_atomically(saved.page, [offline(model, words(trained)).encode()])
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


def _keep_pictures(folder: Path, some: Iterable[tuple[str, str, Path]]) -> None:
    """Put (class, name, file) into a folder for each class, under their names as far as these differ."""
    taken: set[tuple[str, str]] = set()
    for group, name, file in some:
        stem, ending = os.path.splitext(name)
        numbered = (f"{stem}-{number}{ending}" for number in count(2))
        fit = next(each for each in chain([name], numbered) if (group, each.casefold()) not in taken)
        taken.add((group, fit.casefold()))
        (folder / group).mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, folder / group / fit)  # a picture is never changed: both names may stand for the same bytes
        except OSError:  # another disk, or a system without links
            shutil.copyfile(file, folder / group / fit)
