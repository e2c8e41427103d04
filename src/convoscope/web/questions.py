"""What the explorer's page asks the running Python, and the answers."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore.image_outputs import mean_squared_error
from convoscope.explore.interventions import WeightChange, intervene, with_interventions
from convoscope.web.exhibits import bytes_of_each, pack, written
from convoscope.web.explored import Explored

_LARGEST = float(np.finfo(np.float32).max)
_OF_A_CELL = 24  # images, or as many as have room
_ROOM = 4_000_000  # bytes


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
        raise ConfigurationError("Without target images there is no mean squared error.")
    run = with_interventions(explored.model, *interventions(question))
    return {"error": mean_squared_error(run, explored.inputs, explored.targets), "count": len(explored.images)}


def image(explored: Explored, question: dict[str, Any]) -> bytes:
    """Answer with a test image that the page was not given: its label, its prediction if that is known, its values.

    Those of all inputs stand one after the other. The form is that of `convoscope.web.exhibits.written`.
    """
    number = test_image(explored, question.get("image"))
    values = np.concatenate([np.ravel(images[number]).astype(np.float32) for images in explored.all_images])
    found = explored.found if explored.counting is None else None
    return written(
        {
            "label": None if explored.labels is None else int(explored.labels[number]),
            "predicted": None if found is None else int(found.predicted[number]),
            "images": pack(values),
        }
    )


def cell(explored: Explored, question: dict[str, Any]) -> bytes:
    """Answer with test images of one cell of the confusion matrix, those first of which the model is surest.

    The form is that of `convoscope.web.exhibits.written`: the images' numbers, and their values for all inputs.
    """
    found = explored.found
    if explored.labels is None or found is None:
        raise ConfigurationError("Without labelled test images there is no confusion matrix.")
    true, predicted = whole(question.get("label"), "a class"), whole(question.get("predicted"), "a class")
    own = np.flatnonzero((np.asarray(explored.labels) == true) & (found.predicted == predicted))
    most = max(1, min(_OF_A_CELL, _ROOM // sum(map(bytes_of_each, explored.all_images))))
    chosen = own[np.argsort(-found.scores[own].max(axis=-1, initial=-np.inf), kind="stable")][:most]
    values = [np.ravel(images[number]).astype(np.float32) for number in chosen for images in explored.all_images]
    return written({"numbers": chosen.tolist(), "images": pack(np.concatenate([np.zeros(0, np.float32), *values]))})


def interventions(question: dict[str, Any]) -> tuple[dict[int, list[int]], list[WeightChange]]:
    """Read which filters are off and which numbers are changed."""
    silenced, changes = question.get("silenced"), question.get("changes")
    if not isinstance(silenced, dict) or not isinstance(changes, list):
        raise ConfigurationError("Filters that are off must be given by layer, changed numbers as a list.")
    off = {whole(index, "a layer's number"): _channels(channels) for index, channels in silenced.items()}
    return off, [_change(each) for each in changes]


def _channels(told: Any) -> list[int]:
    if not isinstance(told, list):
        raise ConfigurationError(f"The filters of a layer that are off must be a list, but got {told!r}.")
    return [whole(each, "a filter's number") for each in told]


def _change(told: Any) -> WeightChange:
    if not isinstance(told, dict):
        raise ConfigurationError(f"A changed number must be an object, but got {told!r}.")
    value = told.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _LARGEST:
        raise ConfigurationError(f"A changed weight must be a finite number, but is {value!r}.")
    position, index = whole(told.get("position"), "a layer's number"), whole(told.get("index"), "a weight's index")
    return WeightChange(position, str(told.get("weight")), index, float(value))


def whole(told: Any, what: str) -> int:
    """Read a whole number; as the name of something in an object of JSON it is a text."""
    if isinstance(told, str) and re.fullmatch(r"[0-9]{1,9}", told):
        return int(told)
    if isinstance(told, bool) or not isinstance(told, int) or told < 0:
        raise ConfigurationError(f"Expected {what}, but got {told!r}.")
    return told


def test_image(explored: Explored, told: Any) -> int:
    """Read the number of a test image."""
    number = whole(told, "an image's number")
    if number >= len(explored.images):
        raise ConfigurationError(f"There is no image {number}: there are {len(explored.images)}.")
    return number


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
        raise ShapeError(f"The image must be sent as base64 of its {count} values in float32.") from error
    if len(content) != 4 * count:
        raise ShapeError(f"The image must have {count} numbers, but has {len(content) / 4:g}.")
    values: Array = np.frombuffer(content, "<f4").reshape(shape)
    if not np.isfinite(values).all():
        raise ShapeError(f"The image must have {count} finite numbers.")
    return values
