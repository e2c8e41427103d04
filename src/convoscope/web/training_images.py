"""What the explorer's page asks about training images: which are most like an image, and in which features are largest.

Both are among those images whose features are known yet: each question has some more of them computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError
from convoscope.web.exhibits import pack, reduced
from convoscope.web.explored import Explored, TrainingImages
from convoscope.web.gradually import SHARE
from convoscope.web.questions import whole
from convoscope.web.runs import Runs

_NEIGHBOURS = 6
_ROUNDING = 1e-5  # of squares in float32
_LARGEST_IN = 4  # training images for a feature
_MOST_FEATURES = 20


def nearest(explored: Explored, question: dict[str, Any], runs: Runs | None = None) -> dict[str, Any]:
    """Answer which training images the network finds most like an image, by its last hidden layer.

    Where that layer's values are not known yet for all training images, they are computed for some more of them:
    ``known`` says among how many of ``count`` it was looked. ``image`` is the number of a test image, or the values of
    another; what `runs` have computed of it already is taken from there.
    """
    training = _training(explored)
    own = (runs or Runs()).features(explored, question.get("image"))
    training.features.more(SHARE)
    best, distances = _nearest(training.features.known, own, training.features.order)
    return {**_shown(training, best), "distances": distances.tolist()}


def _nearest(known: Array, own: Array, order: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Array]:
    """Return the positions of the nearest rows, and how far they are, in double precision.

    Squares of distances in float32 say which rows could be among them.
    """
    norms = np.einsum("nd,nd->n", known, known)
    about = norms - 2 * (known @ own)
    last = min(_NEIGHBOURS, len(about)) - 1
    few = np.flatnonzero(about <= np.partition(about, last)[last] + _ROUNDING * (norms.max() + own @ own))
    exact = np.sqrt(((known[few].astype(np.float64) - own.astype(np.float64)) ** 2).sum(axis=1))
    first = np.lexsort((order[few], exact))[:_NEIGHBOURS]
    return few[first], exact[first]


def features(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer in which training images features, numbers that go into the last layer, are largest.

    Of each feature: where its images stand among those that are sent (``at``), and how large it is there.
    """
    training = _training(explored)
    training.features.more(SHARE)
    known = training.features.known
    told = question.get("features")
    if not isinstance(told, list) or len(told) > _MOST_FEATURES:
        raise ConfigurationError(f"Features must be a list of at most {_MOST_FEATURES} numbers, but got {told!r}.")
    best = {}
    for index in (whole(each, "a feature's number") for each in told):
        if index >= known.shape[1]:
            raise ConfigurationError(f"There is no feature {index}: there are {known.shape[1]}.")
        best[index] = np.argsort(-known[:, index], kind="stable")[:_LARGEST_IN]
    shown = list(dict.fromkeys(image for images in best.values() for image in images.tolist()))
    found = [
        {
            "feature": index,
            "at": [shown.index(image) for image in images.tolist()],
            "values": known[images, index].astype(float).tolist(),
        }
        for index, images in best.items()
    ]
    return {**_shown(training, np.array(shown, np.int64)), "features": found}


def _training(explored: Explored) -> TrainingImages:
    if explored.training_images is None:
        raise ConfigurationError("Without training images there are none to compare with.")
    return explored.training_images


def _shown(training: TrainingImages, best: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Return what the page is told of some training images, by their positions among those that are known."""
    numbers = training.features.order[best]
    images = reduced(training.images[numbers])
    return {
        "shape": list(images.shape[1:]),
        "images": pack(images),
        "labels": None if training.labels is None else [training.labels[number] for number in numbers],
        "known": training.features.done,
        "count": training.features.total,
    }
