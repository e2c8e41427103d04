"""What the explorer's page asks the running Python, and the answers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore.embedding import hidden
from convoscope.explore.image_outputs import mean_squared_error
from convoscope.explore.interventions import WeightChange, intervene, with_interventions
from convoscope.explore.submodels import as_batch
from convoscope.web.explored import Explored

_NEIGHBOURS = 6
_LARGEST = float(np.finfo(np.float32).max)


def accuracy(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer how well the model does with filters off and numbers changed, on all test images."""
    if explored.labels is None:
        raise ConfigurationError("Without labelled test images there is no accuracy.")
    silenced, changes = _interventions(question)
    result = intervene(explored.model, silenced, changes, explored.inputs, explored.labels)
    by_class = [None if np.isnan(share) else float(share) for share in result.class_accuracy]
    return {"accuracy": result.accuracy, "classes": by_class, "count": len(explored.images)}


def error(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer how far the images are from what they should be with filters off and numbers changed."""
    if explored.targets is None:
        raise ConfigurationError("Without the images that should come out there is no mean squared error.")
    run = with_interventions(explored.model, *_interventions(question))
    return {"error": mean_squared_error(run, explored.inputs, explored.targets), "count": len(explored.images)}


def _interventions(question: dict[str, Any]) -> tuple[dict[int, list[int]], list[WeightChange]]:
    """Read which filters are off and which numbers are changed."""
    silenced, changes = question.get("silenced"), question.get("changes")
    if not isinstance(silenced, dict) or not isinstance(changes, list):
        raise ConfigurationError("Filters that are off are told by layer, changed numbers as a list.")
    off = {_whole(index, "a layer's number"): _channels(channels) for index, channels in silenced.items()}
    return off, [_change(each) for each in changes]


def _channels(told: Any) -> list[int]:
    if not isinstance(told, list):
        raise ConfigurationError(f"The filters of a layer that are off are told as a list, but {told!r} came.")
    return [_whole(each, "a filter's number") for each in told]


def _change(told: Any) -> WeightChange:
    if not isinstance(told, dict):
        raise ConfigurationError(f"A changed number is told as an object, but {told!r} came.")
    value = told.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _LARGEST:
        raise ConfigurationError(f"A weight becomes a finite number, but is to become {value!r}.")
    position, index = _whole(told.get("position"), "a layer's number"), _whole(told.get("index"), "a weight's index")
    return WeightChange(position, str(told.get("weight")), index, float(value))


def _whole(told: Any, what: str) -> int:
    """Read a whole number; as the name of something in an object of JSON it is a text."""
    if isinstance(told, str) and re.fullmatch(r"[0-9]{1,9}", told):
        return int(told)
    if isinstance(told, bool) or not isinstance(told, int):
        raise ConfigurationError(f"Expected {what}, but {told!r} came.")
    return told


def nearest(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer which training images the network finds most like an image, by its last hidden layer."""
    if explored.collection is None:
        raise ConfigurationError("Without training images there are none to compare with.")
    shape = explored.model.plan_input_shape
    try:
        with np.errstate(over="ignore"):  # what is beyond float32 is refused below, as infinite
            image = np.asarray(question.get("image"), np.float32)
    except (ValueError, TypeError, OverflowError) as error:
        raise ShapeError(f"The image must be a list of {int(np.prod(shape))} numbers.") from error
    if image.size != int(np.prod(shape)) or not np.isfinite(image).all():
        raise ShapeError(f"The image must have {int(np.prod(shape))} numbers, but has {image.size}.")
    known, features, labels = explored.collection
    own = hidden(explored.model, as_batch(explored.model, image.reshape(shape), "nearest"))[0]
    distances = np.sqrt(((features.astype(np.float64) - own.astype(np.float64)) ** 2).sum(axis=1))
    best = np.argsort(distances, kind="stable")[:_NEIGHBOURS]
    return {
        "images": [known[index].ravel().astype(float).tolist() for index in best],
        "distances": distances[best].tolist(),
        "labels": None if labels is None else [labels[index] for index in best],
    }
