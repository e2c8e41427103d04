"""What the explorer's page asks the running Python, and the answers."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore.embedding import hidden
from convoscope.explore.image_outputs import mean_squared_error
from convoscope.explore.interventions import WeightChange, intervene, with_interventions
from convoscope.web.exhibits import pack, reduced, unpacking
from convoscope.web.explored import Explored, TrainingImages
from convoscope.web.gradually import SHARE

_NEIGHBOURS = 6
_LARGEST_IN = 4  # training images for a feature
_MOST_FEATURES = 20
_LARGEST = float(np.finfo(np.float32).max)


def accuracy(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer how well the model does with filters off and numbers changed, on all test images."""
    if explored.labels is None:
        raise ConfigurationError("Without labelled test images there is no accuracy.")
    silenced, changes = interventions(question)
    result = intervene(explored.model, silenced, changes, explored.inputs, explored.labels)
    by_class = [None if np.isnan(share) else float(share) for share in result.class_accuracy]
    return {"accuracy": result.accuracy, "classes": by_class, "count": len(explored.images)}


def error(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer how far the images are from what they should be with filters off and numbers changed."""
    if explored.targets is None:
        raise ConfigurationError("Without the images that should come out there is no mean squared error.")
    run = with_interventions(explored.model, *interventions(question))
    return {"error": mean_squared_error(run, explored.inputs, explored.targets), "count": len(explored.images)}


def interventions(question: dict[str, Any]) -> tuple[dict[int, list[int]], list[WeightChange]]:
    """Read which filters are off and which numbers are changed."""
    silenced, changes = question.get("silenced"), question.get("changes")
    if not isinstance(silenced, dict) or not isinstance(changes, list):
        raise ConfigurationError("Filters that are off are told by layer, changed numbers as a list.")
    off = {whole(index, "a layer's number"): _channels(channels) for index, channels in silenced.items()}
    return off, [_change(each) for each in changes]


def _channels(told: Any) -> list[int]:
    if not isinstance(told, list):
        raise ConfigurationError(f"The filters of a layer that are off are told as a list, but {told!r} came.")
    return [whole(each, "a filter's number") for each in told]


def _change(told: Any) -> WeightChange:
    if not isinstance(told, dict):
        raise ConfigurationError(f"A changed number is told as an object, but {told!r} came.")
    value = told.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _LARGEST:
        raise ConfigurationError(f"A weight becomes a finite number, but is to become {value!r}.")
    position, index = whole(told.get("position"), "a layer's number"), whole(told.get("index"), "a weight's index")
    return WeightChange(position, str(told.get("weight")), index, float(value))


def whole(told: Any, what: str) -> int:
    """Read a whole number; as the name of something in an object of JSON it is a text."""
    if isinstance(told, str) and re.fullmatch(r"[0-9]{1,9}", told):
        return int(told)
    if isinstance(told, bool) or not isinstance(told, int) or told < 0:
        raise ConfigurationError(f"Expected {what}, but {told!r} came.")
    return told


def nearest(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer which training images the network finds most like an image, by its last hidden layer.

    Where that layer's values are not known yet for all training images, they are computed for some more of them:
    ``known`` says among how many of ``count`` it was looked.
    """
    training = _training(explored)
    image = read_image(question.get("image"), explored.model.plan_input_shape)
    training.features.more(SHARE)
    known = training.features.known
    own = hidden(explored.model, image[None])[0]
    distances = np.sqrt(((known.astype(np.float64) - own.astype(np.float64)) ** 2).sum(axis=1))
    best = np.argsort(distances, kind="stable")[:_NEIGHBOURS]
    return {**_shown(training, best), "distances": distances[best].tolist()}


def features(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer in which training images features, numbers that go into the last layer, are largest.

    Of each feature: where its images stand among those that are sent (``at``), and how large it is there.
    """
    training = _training(explored)
    training.features.more(SHARE)
    known = training.features.known
    told = question.get("features")
    if not isinstance(told, list) or len(told) > _MOST_FEATURES:
        raise ConfigurationError(f"Features are told as a list of at most {_MOST_FEATURES} numbers, but {told!r} came.")
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
    packed = pack(images)
    return {
        "shape": list(images.shape[1:]),
        "images": base64.b64encode(packed.content).decode(),
        "packed": unpacking(packed),
        "labels": None if training.labels is None else [training.labels[number] for number in numbers],
        "known": training.features.done,
        "count": training.features.total,
    }


def read_image(told: Any, shape: Sequence[int]) -> Array:
    """Read an image that the page has sent: float32 values as base64.

    Examples
    --------
    >>> read_image("AACAPwAAAEA=", (2, 1, 1)).ravel().tolist()
    [1.0, 2.0]
    """
    count = int(np.prod(shape))
    try:
        content = base64.b64decode(told, validate=True)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"The image is sent as base64 of its {count} values, in float32.") from error
    if len(content) != 4 * count:
        raise ShapeError(f"The image must have {count} numbers, but has {len(content) / 4:g}.")
    values: Array = np.frombuffer(content, "<f4").reshape(shape)
    if not np.isfinite(values).all():
        raise ShapeError(f"The image must have {count} finite numbers.")
    return values
