"""A session: classes, pictures, what was learned from them, and a worker that computes features as pictures come."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.applications import Backbone
from convoscope.datasets.folder.listing import list_folder, natural_key
from convoscope.errors import ConfigurationError, ConvoscopeError, DataError, NotReadyError
from convoscope.teach import pictures
from convoscope.teach.board import Board, Change, Picture
from convoscope.teach.features import Features, SharedExtractor
from convoscope.teach.journal import Journal
from convoscope.teach.learning import Trained, learn
from convoscope.transfer import FeatureStore
from convoscope.wording import counted

CAMERA = "camera-"
_TRIES = 5  # to save while pictures come


class Session:
    """Classes and pictures that outlive the page and the program, and a classifier of them.

    All methods may be called from any thread.

    Parameters
    ----------
    folder : path
        Where everything is kept; see `Journal`. What an earlier session left there is there again.
    load : function
        Returns the backbone. It is called once, in the worker, because it takes a moment.

    Examples
    --------
    ::

        with Session(Path("session"), lambda: backbone("efficientnet-lite0")) as session:
            cup = session.change({"do": "add class"})["classes"][0]["id"]
            session.add(cup, "cup.jpg", content)
    """

    def __init__(self, folder: Path, load: Callable[[], Backbone]) -> None:
        self._journal = Journal(folder)
        self._features = Features(load, self._shown, self._journal.file, FeatureStore(), self._refuse)
        self._changed = self._features.changed
        self._training = threading.Lock()
        self._problems: list[str] = []
        self._version = 1
        self._trained: Trained | None = None
        self._features.start()

    def close(self) -> None:
        """End the worker, and let others open the session."""
        self._features.close()
        self._journal.close()

    def __enter__(self) -> Session:
        """Use it in a ``with`` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    # ---- what there is

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self._journal.folder

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return len(self._shown())

    @property
    def summary(self) -> str:
        """Say how many pictures and classes there are: ``12 pictures of 3 classes``."""
        with self._changed:
            classes = counted(len(self._board.names), "class", "classes")
            return f"{counted(self.count, 'picture')} of {classes}"

    @property
    def trained(self) -> Trained | None:
        """What was learned last."""
        return self._trained

    @property
    def _board(self) -> Board:
        return self._journal.board

    def state(self, known: int = 0) -> dict[str, Any]:
        """Return all that the page shows; only the version and what is under way if `known` is the present version."""
        with self._changed:
            told: dict[str, Any] = {"version": self._version, **self._progress(), "problems": list(self._problems)}
            if known == self._version:
                return told
            board = self._board
            classes = [
                {
                    "id": group,
                    "name": name,
                    "pictures": [[each.id, each.name, int(each.checked)] for each in board.of_class(group)],
                }
                for group, name in board.names.items()
            ]
            return {
                **told,
                "classes": classes,
                "canUndo": board.can_go_back,
                "trained": None if self._trained is None else self._trained.told(board),
            }

    def picture(self, id_: int) -> tuple[bytes, str]:
        """Return a picture's bytes and its file's ending."""
        found = self._found(id_)
        return self._journal.file(found).read_bytes(), found.ending

    def thumbnail(self, id_: int) -> bytes:
        """Return a picture's thumbnail, a JPEG."""
        return self._features.thumbnail(self._found(id_))

    # ---- changes

    def change(self, change: Change) -> dict[str, Any]:
        """Make a change of the board, keep it, and return the new state.

        Parameters
        ----------
        change : dict
            As `Board.apply` takes it; ``"add class"`` needs no id, and ``{"do": "undo"}`` undoes the last change.
        """
        with self._changed:
            board = self._board
            if change.get("do") == "undo":
                change = board.back()
            elif change.get("do") == "add class":
                change = board.adding_class(change.get("name"))
            elif change.get("do") == "add pictures":
                raise ConfigurationError("Pictures must be added with their bytes.")
            else:
                change = {name: value for name, value in change.items() if name != "back"}
            self._keep(change)
            return self.state()

    def add(self, group: int, name: str, content: bytes, burst: str = "") -> dict[str, Any]:
        """Add a picture to a class.

        Parameters
        ----------
        group : int
            The class's id.
        name : str
            Its file's name.
        content : bytes
        burst : str
            What all pictures of one recording or one drop have in common: they are undone together. Of a recording
            it begins with `CAMERA`.

        Returns
        -------
        dict
            ``id``, or ``same``: the id of the picture of that class that has the same bytes already.

        Raises
        ------
        DataError
            It cannot be used; the message names it.
        """
        name = pictures.name_of(name)
        if len(content) > pictures.LARGEST_FILE:
            raise DataError(
                f"{name} has {len(content) / 1e6:.0f} MB, but a picture may have at most "
                f"{pictures.LARGEST_FILE / 1e6:.0f}."
            )
        ending, digest = pictures.ending_of(name), pictures.digest_of(content)
        with self._changed:
            same = [each.id for each in self._board.of_class(group) if each.digest == digest]
            if same:
                return {"same": same[0], "version": self._version}
            if group not in self._board.names:
                raise ConfigurationError("That class no longer exists: perhaps it was removed in another tab.")
            recording = burst if burst.startswith(CAMERA) else ""
            picture = Picture(self._board.new_id(), group, name, digest, ending, recording)
        # Decoded and written without the lock: others may come meanwhile.
        prepared = self._features.read(content, name)
        self._journal.keep(picture, content)
        try:
            with self._changed:
                self._keep({"do": "add pictures", "pictures": [vars(picture)]} | ({"burst": burst} if burst else {}))
                self._features.add(picture, prepared)
        except BaseException:
            with suppress(OSError):
                self._journal.file(picture).unlink()
            raise
        return {"id": picture.id, "version": self._version}

    def add_folder(self, folder: Path) -> list[str]:
        """Add a folder with a subfolder for each class; return what could not be read, and why."""
        listing = list_folder(folder)
        refused = [f"{name} {why}" for name, why in listing.skipped.items()]
        by_name = {name.casefold(): group for group, name in self._board.names.items()}
        for name in listing.class_names:
            if name.casefold() not in by_name:
                made = self.change({"do": "add class", "name": name})["classes"][-1]
                by_name[name.casefold()] = made["id"]
        for entry in listing.entries:
            try:
                content = (listing.root / entry.name).read_bytes()
                self.add(by_name[entry.label.casefold()], entry.name, content, burst="folder")
            except (ConvoscopeError, OSError) as error:
                refused.append(str(error))
        return refused

    # ---- learning

    def train(self) -> dict[str, Any]:
        """Fit the classifier, and return the new state.

        Raises
        ------
        NotReadyError
            There are too few classes or pictures, or the network is not available.
        """
        with self._training:
            with self._changed:
                shown, groups = self._trainable()
                names = tuple(self._board.names[group] for group in groups)
            trained = learn(self._features, shown, groups, names)
            with self._changed:
                self._trained = trained
                self._version += 1
                return self.state()

    def predict(self, pixels: npt.NDArray[np.uint8], group: int | None = None) -> dict[str, Any]:
        """Classify one image.

        Parameters
        ----------
        pixels : array of uint8, shape (size, size, 3)
        group : int, optional
            The id of the class whose evidence is wanted; that of the likeliest if it is not given.

        Returns
        -------
        dict
            ``classes``: their ids; ``probabilities``; ``none``: whether it is none of them; ``evidence``: rows of
            numbers; ``of``: the id of its class; ``milliseconds``; ``version``: the session's.
        """
        trained = self._trained
        if trained is None:
            raise NotReadyError("Train first: there is no classifier yet.")
        began = time.perf_counter()
        with self.extractor.lock:
            seen = trained.classifier.look(pixels)
        index = trained.groups.index(group) if group in trained.groups else int(seen.probabilities.argmax())
        return {
            "classes": trained.groups,
            "probabilities": seen.probabilities.tolist(),
            "none": seen.none,
            "evidence": np.round(seen.evidence(index), 5).tolist(),
            "of": trained.groups[index],
            "milliseconds": round(1000 * (time.perf_counter() - began), 1),
            "version": self._version,
        }

    def to_save(self) -> tuple[Trained, list[Picture]]:
        """Return what was learned, with present names of classes in natural order, and its pictures in its order.

        It is learned again if the pictures, or the order of the names, have changed since.
        """
        for _ in range(_TRIES):
            with self._changed:
                board, trained = self._board, self._trained
                if trained is not None and trained.told(board)["upToDate"]:
                    names = tuple(board.names[group] for group in trained.groups)
                    if list(names) == sorted(names, key=natural_key):
                        return replace(trained, class_names=names), [board.pictures[id_] for id_ in trained.ids]
            self.train()
        raise NotReadyError("Pictures arrived while saving. Wait until they have all arrived, and try again.")

    def file(self, picture: Picture) -> Path:
        """Return where a picture is kept."""
        return self._journal.file(picture)

    @property
    def extractor(self) -> SharedExtractor:
        """The backbone, and what computes features with it; it is waited for."""
        return self._features.extractor

    # ---- within

    def _found(self, id_: int) -> Picture:
        with self._changed:
            found = self._board.pictures.get(id_)
        if found is None:
            raise ConfigurationError("That picture no longer exists.")
        return found

    def _shown(self) -> list[Picture]:
        return self._board.shown

    def _keep(self, change: Change) -> None:
        self._journal.change(change)
        self._version += 1
        self._changed.notify_all()

    def _refuse(self, picture: Picture, why: str) -> None:
        """Take out a picture whose file can no longer be read."""
        with self._changed:
            self._problems.append(why)
            if picture.id in self._board.pictures:
                self._keep({"do": "remove pictures", "ids": [picture.id]})

    def _progress(self) -> dict[str, Any]:
        features, shown = self._features, self._shown()
        waiting = len(features.missing(shown))
        return {"count": len(shown), "waiting": waiting, "ready": features.loaded, "failure": features.failure}

    def _trainable(self) -> tuple[list[Picture], tuple[int, ...]]:
        names, shown = self._board.names, self._shown()
        counts = Counter(each.group for each in shown)
        groups = tuple(sorted((group for group in names if counts[group]), key=lambda group: natural_key(names[group])))
        if len(groups) < 2:
            raise NotReadyError(
                f"Training needs two classes with pictures, and {counted(len(groups), 'class has', 'classes have')} "
                "some. Record pictures for another class, or drop some into it."
            )
        few = [names[group] for group in groups if counts[group] < 2]
        if few:
            raise NotReadyError(
                f"“{few[0]}” has one picture, but a class needs at least two: one for training and one for testing. "
                "Add some."
            )
        return shown, groups
