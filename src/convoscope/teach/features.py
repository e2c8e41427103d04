"""The features of pictures, computed once each by a worker, while a person goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConvoscopeError, DataError, NotReadyError
from convoscope.teach import pictures
from convoscope.teach.board import Picture
from convoscope.teach.learning import Array, Learner
from convoscope.transfer.store import FeatureStore

_TOGETHER = 8  # pictures: a live frame waits for no more than these
_MOST_PREPARED = 128  # pictures whose pixels are kept until their features are there: 20 MB
_PATIENCE = 600.0  # seconds that training waits for features


class Features:
    """A worker that has the network: it computes the features of pictures as they come.

    Parameters
    ----------
    load : function
        Returns the `Learner`. It is called once, in the worker, because it takes a moment.
    wanted : function
        Returns the pictures whose features are wanted, at any moment.
    file : function
        Returns where a picture is kept.
    store : FeatureStore
        Where features are kept for the next time.
    refuse : function
        Is given a picture whose file cannot be read any more, and why.

    Attributes
    ----------
    changed : threading.Condition
        Held by whoever reads or changes what is shared, and told of every change.
    failure : str or None
        Why there are no features, and will be none.
    """

    def __init__(
        self,
        load: Callable[[], Learner],
        wanted: Callable[[], Sequence[Picture]],
        file: Callable[[Picture], Path],
        store: FeatureStore,
        refuse: Callable[[Picture, str], None],
    ) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.failure: str | None = None
        self._load, self._wanted, self._file, self._refuse = load, wanted, file, refuse
        self._store = store
        self._learner: Learner | None = None
        self._network = threading.Lock()  # one computation at a time has all cores
        self._known: dict[str, Array] = {}  # by the pictures' digests
        self._prepared: dict[str, pictures.Prepared] = {}
        self._thumbnails: dict[str, bytes] = {}
        self._ended = False
        self._worker = threading.Thread(target=self._work, name="convoscope-teach", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._worker.start()

    def close(self) -> None:
        """End the worker."""
        with self.changed:
            self._ended = True
            self.changed.notify_all()
        self._worker.join()

    # ---- the network

    @property
    def loaded(self) -> Learner | None:
        """The network, if it is there."""
        return self._learner

    @property
    def learner(self) -> Learner:
        """The network; it is waited for.

        Raises
        ------
        NotReadyError
            It cannot be had.
        """
        with self.changed:
            self.changed.wait_for(lambda: self._learner or self.failure or self._ended, _PATIENCE)
            if self._learner is None:
                raise NotReadyError(self.failure or "The network could not be loaded. Start the program again.")
            return self._learner

    def maps(self, images: npt.NDArray[np.uint8]) -> Array:
        """Return the last maps of images (N, size, size, 3)."""
        with self._network:
            return self.learner.maps(images)

    # ---- the pictures

    def missing(self, some: Sequence[Picture]) -> int:
        """Return how many of some pictures have no features yet."""
        return sum(each.digest not in self._known for each in some)

    def of(self, some: Sequence[Picture]) -> Array:
        """Return features (N, D) of some pictures; they are waited for.

        Raises
        ------
        NotReadyError
            There will be none.
        """
        with self.changed:
            self.changed.wait_for(lambda: self.failure or self._ended or not self.missing(some), _PATIENCE)
            if self.missing(some):
                raise NotReadyError(self.failure or "The pictures' features are not there yet. Try again.")
            return np.stack([self._known[each.digest] for each in some])

    def read(self, picture: Picture) -> pictures.Prepared:
        """Read a picture's file."""
        try:
            content = self._file(picture).read_bytes()
        except OSError as error:
            raise DataError(f"{picture.name} cannot be read any more: {error.strerror or error}.") from error
        return pictures.read(content, picture.name, self.learner.size)

    def remember(self, picture: Picture, prepared: pictures.Prepared) -> None:
        """Keep a picture's thumbnail, and its pixels until its features are computed."""
        with self.changed:
            self._thumbnails[picture.digest] = prepared.thumbnail
            if picture.digest not in self._known and len(self._prepared) < _MOST_PREPARED:
                self._prepared[picture.digest] = prepared
            self.changed.notify_all()

    def thumbnail(self, picture: Picture) -> bytes:
        """Return a picture's thumbnail, a JPEG."""
        if picture.digest not in self._thumbnails:
            self.remember(picture, self.read(picture))
        return self._thumbnails[picture.digest]

    # ---- the worker

    def _work(self) -> None:
        try:
            learner = self._load()
            with self.changed:
                self._known.update(self._store.get(learner.recipe, [each.digest for each in self._wanted()]))
                self._learner = learner
                self.changed.notify_all()
            while some := self._next():
                self._compute(some)
        except Exception as error:  # the page says it, instead of waiting for ever
            with self.changed:
                self.failure = str(error) if isinstance(error, ConvoscopeError) else f"{type(error).__name__}: {error}"
                self.changed.notify_all()

    def _next(self) -> list[Picture]:
        """Wait for pictures without features, and return some; none at the end."""

        def waiting() -> list[Picture]:
            return [each for each in self._wanted() if each.digest not in self._known][:_TOGETHER]

        with self.changed:
            self.changed.wait_for(lambda: self._ended or waiting())
            return [] if self._ended else waiting()

    def _compute(self, some: Sequence[Picture]) -> None:
        pixels: dict[str, npt.NDArray[np.uint8]] = {}
        for picture in some:
            try:
                prepared = self._prepared.get(picture.digest) or self.read(picture)
                pixels[picture.digest] = prepared.pixels
            except ConvoscopeError as error:  # a file that was changed behind our back
                self._refuse(picture, str(error))
        if not pixels:
            return
        features = self.maps(np.stack(list(pixels.values()))).mean(axis=(1, 2))  # (n, D)
        self._store.put(self.learner.recipe, list(pixels), features)
        with self.changed:
            for digest, each in zip(pixels, features, strict=True):
                self._known[digest] = each
                self._prepared.pop(digest, None)
            self.changed.notify_all()
