"""What a session leaves behind: a folder of pictures, a model, and a page that classifies without a network."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timezone
from itertools import chain, count
from pathlib import Path
from typing import Any

from convoscope.errors import StorageError
from convoscope.report.classification import classification_report
from convoscope.report.interval import with_interval
from convoscope.storage import remedy, write_atomically, write_json
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
    report : Path
        What cross-validation says of it, as JSON.
    page : Path
        One file of HTML.
    """

    pictures: Path
    model: Path
    report: Path
    page: Path

    def told(self) -> dict[str, Any]:
        """Return what the page says of it."""
        size = self.page.stat().st_size / 1e6
        rows = [
            ["Pictures", str(self.pictures)],
            ["Model", str(self.model)],
            ["Report", str(self.report)],
            ["Page", f"{self.page} ({size:.1f} MB)"],
            ["To use it", f"convoscope predict {shlex.quote(str(self.model))} IMAGE..."],
            ["To make a run of it", f"convoscope train {shlex.quote(str(self.pictures))}"],
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
    model.origin = {
        "trained": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "images": len(trained.ids),
        "right": trained.right,
        "interval": list(trained.interval),
        "part": "cross-validation",
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = _new_folder(out)
        files = _keep_pictures(folder / "pictures", some)
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror or error}. {remedy(error)}.") from error
    saved = Saved(*(folder / name for name in ("pictures", "model.safetensors", "report.json", "classifier.html")))
    model.save(saved.model)
    write_json(saved.report, report(trained, files))
    write_atomically(saved.page, [offline(model, words(trained)).encode()])
    return saved


def report(trained: Trained, files: Sequence[str]) -> dict[str, Any]:
    """Return the report of a training, in the form of a run's: of pictures that the classifier was not shown.

    Parameters
    ----------
    trained : Trained
    files : sequence of str
        What its pictures are called, in its order.
    """
    found = classification_report(trained.labels, trained.head.held_out, trained.class_names, files=files)
    return {**found, "part": "cross-validation", "interval": trained.interval, "seconds": trained.seconds}


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


def _keep_pictures(folder: Path, some: Iterable[tuple[str, str, Path]]) -> list[str]:
    """Put (class, name, file) into a folder for each class, under their names as far as these differ; return these."""
    kept = []
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
        kept.append(f"{group}/{fit}")
    return kept
