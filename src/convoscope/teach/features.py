"""The features of pictures, computed once each by a worker, while a person goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from convoscope.applications import Backbone
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.errors import ConvoscopeError, DataError, NotReadyError
from convoscope.teach import pictures
from convoscope.teach.board import Picture
from convoscope.teach.pictures import Pixels
from convoscope.transfer import Extractor, FeatureStore, View
from convoscope.transfer.photos import views_of

Array = npt.NDArray[np.float32]

_TOGETHER = 8  # pictures: a live frame waits for no more than these
_MOST_PIXELS = 1_000  # pictures that are kept as the network takes them, so that none is decoded twice: 150 MB
_PATIENCE = 600.0  # seconds to wait for the backbone, which may have to be downloaded


class Features:
    """A worker that has the backbone: it computes the features of pictures as they come.

    Parameters
    ----------
    load : function
        Returns the backbone. It is called once, in the worker, because it takes a moment.
    wanted : function
        Returns the pictures whose features are wanted, at any moment.
    file : function
        Returns where a picture is kept.
    store : FeatureStore
        Where features are kept for the next time, and for ``convoscope train``.
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
        load: Callable[[], Backbone],
        wanted: Callable[[], Sequence[Picture]],
        file: Callable[[Picture], Path],
        store: FeatureStore,
        refuse: Callable[[Picture, str], None],
    ) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.failure: str | None = None
        self.file = file
        self._load, self._wanted, self._refuse = load, wanted, refuse
        self._remembered = _Remembering(store)
        self._extractor: SharedExtractor | None = None
        self._computing = threading.Lock()  # the worker and whoever trains do not compute the same
        self._pixels: dict[str, Pixels] = {}  # by the pictures' digests
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

    # ---- the backbone

    @property
    def loaded(self) -> bool:
        """Whether the backbone is there."""
        return self._extractor is not None

    @property
    def extractor(self) -> SharedExtractor:
        """What computes features; it is waited for.

        Raises
        ------
        NotReadyError
            It is not available.
        """
        with self.changed:
            self.changed.wait_for(lambda: self._extractor or self.failure or self._ended, _PATIENCE)
            if self._extractor is None:
                raise NotReadyError(self.failure or "The network could not be loaded. Restart the program.")
            return self._extractor

    # ---- the pictures

    def missing(self, some: Sequence[Picture]) -> list[Picture]:
        """Return those of some pictures that lack the features of a view: few pictures are looked at in more ways."""
        if self._extractor is None:
            return list(some)
        lacking = {each.id for view in self._views(some) for each in self._lacking(view, some)}
        return [each for each in some if each.id in lacking]

    def complete(self, some: Sequence[Picture]) -> None:
        """See to it that the features of pictures are there, whatever the worker looks at meanwhile.

        Raises
        ------
        NotReadyError
            There is no backbone.
        DataError
            A picture cannot be read any more.
        """
        for view in self._views(some):
            while lacking := self._lacking(view, some):
                self._compute(view, lacking[-_TOGETHER:])  # the worker begins with the first

    def pixels(self, some: Sequence[Picture]) -> Pixels:
        """Return pictures as the network takes them, (N, height, width, 3).

        Raises
        ------
        DataError
            One cannot be read any more.
        """
        return np.stack([self._kept(each) for each in some])

    def add(self, picture: Picture, prepared: pictures.Prepared) -> None:
        """Keep what was made of a picture, and have its features computed."""
        with self.changed:
            self._thumbnails[picture.digest] = prepared.thumbnail
            if len(self._pixels) < _MOST_PIXELS:
                self._pixels[picture.digest] = prepared.pixels
            self.changed.notify_all()

    def read(self, content: bytes, name: str) -> pictures.Prepared:
        """Read a picture's bytes; see `convoscope.teach.pictures.read`."""
        return pictures.read(content, name, Preprocessing.from_dict(self.extractor.backbone.preprocessing))

    def thumbnail(self, picture: Picture) -> bytes:
        """Return a picture's thumbnail, a JPEG."""
        if picture.digest not in self._thumbnails:
            self.add(picture, self._read_file(picture))
        return self._thumbnails[picture.digest]

    def _kept(self, picture: Picture) -> Pixels:
        kept = self._pixels.get(picture.digest)
        if kept is not None:
            return kept
        prepared = self._read_file(picture)
        self.add(picture, prepared)
        return prepared.pixels

    def _read_file(self, picture: Picture) -> pictures.Prepared:
        try:
            content = self.file(picture).read_bytes()
        except OSError as error:
            raise DataError(f"{picture.name} cannot be read any more: {error.strerror or error}.") from error
        return self.read(content, picture.name)

    # ---- the worker

    def _work(self) -> None:
        try:
            extractor = SharedExtractor(self._load(), self._remembered)
            extractor.warm_up()
            with self.changed:
                self._extractor = extractor
                self.changed.notify_all()
            while (work := self._next()) is not None:
                try:
                    self._compute(*work)
                except ConvoscopeError:
                    if not self._refuse_unreadable(work[1]):
                        raise
        except Exception as error:  # the page says it, instead of waiting for ever
            with self.changed:
                self.failure = str(error) if isinstance(error, ConvoscopeError) else f"{type(error).__name__}: {error}"
                self.changed.notify_all()

    def _next(self) -> tuple[View, list[Picture]] | None:
        """Wait for a view of pictures whose features are missing, and return it with some of them; None at the end."""

        def waiting() -> tuple[View, list[Picture]] | None:
            some = self._wanted()
            for view in self._views(some):  # first one view of them all: each can be learned from then
                if lacking := self._lacking(view, some):
                    return view, lacking[:_TOGETHER]
            return None

        with self.changed:
            self.changed.wait_for(lambda: self._ended or waiting())
            return None if self._ended else waiting()

    def _compute(self, view: View, some: Sequence[Picture]) -> None:
        extractor = self.extractor
        own = view.preprocessing == extractor.backbone.preprocessing
        preprocessing = Preprocessing.from_dict(view.preprocessing)

        def images(indices: Sequence[int]) -> Pixels:
            wanted = [some[index] for index in indices]
            return self.pixels(wanted) if own else preprocessing.prepare_all(map(self.file, wanted))

        with self._computing:
            some = self._lacking(view, some)
            extractor.features(view, [each.digest for each in some], images)
        with self.changed:
            self.changed.notify_all()

    def _refuse_unreadable(self, some: Sequence[Picture]) -> bool:
        """Refuse pictures whose files were changed behind our back, and say whether there are any."""
        refused = False
        for picture in some:
            try:
                self._read_file(picture)
            except ConvoscopeError as error:
                self._refuse(picture, str(error))
                refused = True
        return refused

    def _views(self, some: Sequence[Picture]) -> list[View]:
        return views_of(self.extractor.backbone, len(some))

    def _lacking(self, view: View, some: Sequence[Picture]) -> list[Picture]:
        recipe = view.recipe(self.extractor.backbone.digest)
        return [each for each in some if (recipe, each.digest) not in self._remembered]


class SharedExtractor(Extractor):
    """An extractor for several threads.

    Attributes
    ----------
    lock : threading.Lock
        Held while a network computes: one computation at a time has all cores.
    """

    def __init__(self, backbone: Backbone, store: FeatureStore) -> None:
        super().__init__(backbone, store)
        self.lock = threading.Lock()

    def compute(self, images: Pixels) -> Array:
        """Compute the features (N, D) of images; see `Extractor.compute`."""
        with self.lock:
            return super().compute(images)

    def warm_up(self) -> None:
        """Compute something: the first time takes longer."""
        self.compute(np.zeros((1, *Preprocessing.from_dict(self.backbone.preprocessing).shape), np.uint8))


class _Remembering(FeatureStore):
    """A store that remembers what went through it: none is asked for twice, and a full disk loses nothing."""

    def __init__(self, store: FeatureStore) -> None:
        self._store = store
        self._known: dict[tuple[str, str], Array] = {}

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self._known

    def get(self, recipe: str, images: Sequence[str]) -> dict[str, Array]:
        unknown = [image for image in images if (recipe, image) not in self._known]
        found = self._store.get(recipe, unknown) if unknown else {}
        self._known.update({(recipe, image): vector for image, vector in found.items()})
        return {image: self._known[recipe, image] for image in images if (recipe, image) in self._known}

    def put(self, recipe: str, images: Sequence[str], vectors: Array) -> None:
        self._store.put(recipe, images, vectors)
        self._known.update({(recipe, image): vector for image, vector in zip(images, vectors, strict=True)})

    def link(self, recipe: str, kept_as: str) -> None:
        self._store.link(recipe, kept_as)
