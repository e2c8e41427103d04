"""What a frozen backbone makes of images: computed once, then kept."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.applications import Backbone
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.transfer.network import feature_network
from convoscope.transfer.store import Features, FeatureStore

if TYPE_CHECKING:
    from convoscope.models import Model

_MADE_BY = 1  # to be counted up when the network or the decoding of images changes: features are then computed anew
#: Images whose features are computed and kept together: a kill loses no more.
TOGETHER = 64
_AT_ONCE = 16  # images through the backbone, two threads sharing them: more would leave the cache

Images = npt.NDArray[np.uint8]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class View:
    """One way to look at an image: how it gets into the backbone's size, and whether it is mirrored.

    Attributes
    ----------
    preprocessing : dict
        What `convoscope.Preprocessing.from_dict` takes.
    mirrored : bool
    """

    preprocessing: dict[str, Any]
    mirrored: bool = False

    @classmethod
    def of(cls, preprocessing: Mapping[str, Any]) -> View:
        """Take what a data set or a model says of its images, without what is only known of these.

        >>> View.of({"height": 64, "width": 64, "fit": "stretch", "edge": 0.81}).preprocessing["fit"]
        'stretch'
        """
        whole = Preprocessing.from_dict(preprocessing).as_dict()
        return cls({name: value for name, value in whole.items() if name not in ("edge", "background")})

    def recipe(self, digest: str) -> str:
        """Give a text that is the same where the features of an image are the same.

        Parameters
        ----------
        digest : str
            Of the network that makes them: `Backbone.digest`, or what `convoscope.transfer.digest_of_features` returns.
        """
        told = json.dumps([_MADE_BY, digest, self.preprocessing, self.mirrored], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:32]


class Extractor:
    """A backbone that turns images into features: see `convoscope.transfer.network.feature_network`.

    Parameters
    ----------
    backbone : Backbone
    store : FeatureStore, optional
        Where features are kept by the digest of the image; None keeps nothing.

    Attributes
    ----------
    seconds_an_image : float or None
        How long the backbone took for one, if it had to compute any.

    Examples
    --------
    >>> from convoscope.applications import backbone
    >>> extractor = Extractor(backbone("efficientnet-lite0"))
    >>> extractor.compute(np.zeros((2, 224, 224, 3), np.uint8)).shape
    (2, 1280)
    """

    def __init__(self, backbone: Backbone, store: FeatureStore | None = None) -> None:
        self.backbone = backbone
        self.store = store
        self._model: Model | None = None
        self.seconds_an_image: float | None = None

    @property
    def model(self) -> Model:
        """The network that makes features; it is built when it is first needed."""
        if self._model is None:
            self._model = feature_network(self.backbone)
        return self._model

    def compute(self, images: Images) -> Features:
        """Compute the features (N, D) of images (N, height, width, 3) with values from 0 to 255."""
        return np.asarray(self.model.predict(images, batch_size=_AT_ONCE, verbose=0), np.float32)

    def measure(self, images: Images) -> Features:
        """Do as `compute`, and note how long an image took."""
        began = time.perf_counter()
        vectors = self.compute(images)
        self.seconds_an_image = (time.perf_counter() - began) / len(images)
        return vectors

    def features(
        self,
        view: View,
        digests: Sequence[str],
        images_at: Callable[[Sequence[int]], Images],
        progress: Progress | None = None,
    ) -> Features:
        """Return the features of images: those that are kept, and the others computed.

        Parameters
        ----------
        view : View
        digests : sequence of str
            Of the files of the images.
        images_at : callable
            Prepares the images at some indices, not yet mirrored: (n, height, width, 3). It is only asked for those
            whose features are not kept.
        progress : callable, optional
            ``progress(done, total, what)``.

        Returns
        -------
        array of float32, shape (N, D)
        """
        recipe = view.recipe(self.backbone.digest)
        known = {} if self.store is None else self.store.get(recipe, digests)
        missing = [index for index, digest in enumerate(digests) if digest not in known]
        computed: dict[int, Features] = {}
        for start in range(0, len(missing), TOGETHER):
            indices = missing[start : start + TOGETHER]
            images = images_at(indices)
            vectors = self.measure(images[:, :, ::-1] if view.mirrored else images)
            computed.update(zip(indices, vectors, strict=True))
            if self.store is not None:
                self.store.put(recipe, [digests[index] for index in indices], vectors)
            if progress is not None:
                progress(min(start + TOGETHER, len(missing)), len(missing), "images processed")
        rows = [known[digest] if digest in known else computed[index] for index, digest in enumerate(digests)]
        return np.stack(rows) if rows else np.zeros((0, 0), np.float32)
