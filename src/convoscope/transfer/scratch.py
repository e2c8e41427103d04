"""A small network from scratch: for images that are uniform, and unlike the photos that backbones were trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.applications import Backbone
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.models import Sequential
from convoscope.recipes import Recipe, suggest
from convoscope.transfer.calibration import Array
from convoscope.transfer.features import Images
from convoscope.transfer.head import fit_head
from convoscope.transfer.photos import Photos
from convoscope.transfer.rows import AnyImages

SIDE = 64
_CELLS = 16  # a side, of the pictures that tell whether images are uniform
_AS_GOOD = 3.0  # times as many mistakes, which pixels alone may make
_PENALTIES = (1.0, 0.1)


def are_uniform(photos: Photos, frozen_right: float, seed: int = 0) -> bool:
    """Say whether images are so much alike that a network from scratch may do better than a backbone.

    Parameters
    ----------
    photos : Photos
    frozen_right : float
        The share of held-out images that the frozen backbone gets right.
    seed : int

    Notes
    -----
    A logistic regression on pictures of 16 × 16 pixels is cross-validated: on five kinds of flowers it makes four times
    the mistakes of the backbone, on ten hand signs before one wall twice as many, and there training from scratch wins.
    """
    small = tiny(photos.images)
    head = fit_head(small, photos.labels, len(photos.class_names), seed=seed, penalties=_PENALTIES)
    judged = head.folds >= 0
    right = float(np.mean((head.held_out.argmax(axis=1) == photos.labels)[judged]))
    return 1 - right <= _AS_GOOD * (1 - frozen_right)


def tiny(images: AnyImages) -> Array:
    """Shrink images (N, height, width, 3) to 16 × 16 means of their pixels, in a row: (N, 768)."""
    count, height, width, channels = images.shape
    rows, columns = (np.linspace(0, side, _CELLS + 1).astype(int)[:-1] for side in (height, width))
    found = np.zeros((count, _CELLS, _CELLS, channels))
    areas = np.outer(np.diff(rows, append=height), np.diff(columns, append=width))[..., None]
    for index in range(count):  # one by one: they may be mapped from the disk
        sums = np.add.reduceat(np.add.reduceat(images[index].astype(np.float64), rows, axis=0), columns, axis=1)
        found[index] = sums / areas / 255
    return np.asarray(found.reshape(count, -1))


def preprocessing(backbone: Backbone) -> dict[str, Any]:
    """Return how images are prepared: as for the backbone, but smaller."""
    given = backbone.preprocessing
    resize = round(given.get("resize", given["height"]) * SIDE / given["height"])
    return {**given, "height": SIDE, "width": SIDE, "resize": resize}


def prepared(photos: Photos, backbone: Backbone) -> Images:
    """Prepare images (N, 64, 64, 3): from their files, or else from those at hand."""
    how = Preprocessing.from_dict(preprocessing(backbone))
    if photos.files is not None:
        return how.prepare_all(photos.files, threads=photos.threads)
    whole = Preprocessing.from_dict({**how.as_dict(), "resize": SIDE})
    return whole.prepare_all(list(photos.images), threads=photos.threads)


def recipe_for(images: int, *, mirrored: bool) -> Recipe:
    """Return the recipe for so many images."""
    return suggest("fast", (SIDE, SIDE, 3), images, mirrored=mirrored)


def train_scratch(
    images: Images, labels: npt.NDArray[np.integer], classes: int, *, balanced: bool, mirrored: bool, seed: int
) -> Sequential:
    """Train a network by the recipe for so many images."""
    recipe = recipe_for(len(images), mirrored=mirrored)
    model = recipe.model(images.shape[1:], classes, seed=seed)
    recipe.fit(model, images, labels, class_weight="auto" if balanced else None, verbose=0)
    return model
