"""The images that a classifier is trained on, as the ways to train one need them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from convoscope.applications import Backbone
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.transfer.features import Extractor, Images, Progress, View
from convoscope.transfer.rows import AnyImages, Rows
from convoscope.transfer.store import Features

#: With few images, more views of each make the head right more often: by two points with five images a class.
_SIX_VIEWS, _TWO_VIEWS = 120, 400


@dataclass(frozen=True, eq=False)
class Photos:
    """Images to train on.

    Attributes
    ----------
    images : array of uint8, shape (N, height, width, 3), or Rows
        Prepared for the backbone: its own view. They may be mapped from the disk.
    labels : array of int, shape (N,)
    digests : sequence of str
        Of the files.
    class_names : tuple of str
    files : sequence of Path or None
        Where the images can be read again, to look at them in other ways; None where they cannot.
    threads : int
        To read them with.
    groups : array of int, shape (N,), or None
        Images with the same number, such as those of one recording, are held out together; None: each on its own.
    """

    images: AnyImages
    labels: npt.NDArray[np.integer]
    digests: Sequence[str]
    class_names: tuple[str, ...]
    files: Sequence[Path] | None = None
    threads: int = 2
    groups: npt.NDArray[np.integer] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: npt.NDArray[np.integer]) -> Photos:
        """Return some of them; no image is copied."""
        files = None if self.files is None else [self.files[index] for index in indices]
        digests = [self.digests[index] for index in indices]
        groups = None if self.groups is None else self.groups[indices]
        images = Rows(self.images, indices)
        return Photos(images, self.labels[indices], digests, self.class_names, files, self.threads, groups)

    def features(self, extractor: Extractor, views: Sequence[View], progress: Progress | None = None) -> list[Features]:
        """Return the features (N, D) of each view."""
        own = extractor.backbone.preprocessing
        return [
            extractor.features(view, self.digests, self._reader(view, view.preprocessing == own), progress)
            for view in views
        ]

    def views(self, backbone: Backbone) -> list[View]:
        """Return the views of an image; see `views_of`."""
        return views_of(backbone, len(self), from_files=self.files is not None)

    def _reader(self, view: View, own: bool) -> Callable[[Sequence[int]], Images]:
        """Return what gives images in a view: those at hand, or read again from their files."""
        if own or self.files is None:
            return lambda indices: np.asarray(self.images[np.asarray(indices, np.intp)])
        files, preprocessing = self.files, Preprocessing.from_dict(view.preprocessing)
        return lambda indices: preprocessing.prepare_all([files[each] for each in indices], threads=self.threads)


def views_of(backbone: Backbone, count: int, *, from_files: bool = True) -> list[View]:
    """Return the views of each of `count` images: the fewer images, the more.

    The first view is the one that the backbone was trained with; the second, if there is one, is its mirror image.
    Other croppings are used only if the images can be read again from their files (`from_files`).

    Examples
    --------
    >>> from convoscope.applications import backbone
    >>> [len(views_of(backbone("efficientnet-lite0"), count)) for count in (120, 400, 401)]
    [6, 2, 1]
    """
    own = backbone.preprocessing
    if count > _TWO_VIEWS:
        return [View(own)]
    both = [View(own), View(own, mirrored=True)]
    if count > _SIX_VIEWS or not from_files:
        return both
    whole = {name: value for name, value in own.items() if name != "resize"}
    others = [whole, {**whole, "fit": "stretch"}]
    return both + [View(each, mirrored) for each in others for mirrored in (False, True)]
