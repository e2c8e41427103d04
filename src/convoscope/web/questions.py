"""What the explorer's page asks the running Python, and the answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore.altered import Change, altered, altered_run
from convoscope.explore.embedding import hidden
from convoscope.explore.made_images import mean_squared_error
from convoscope.explore.sections import as_batch
from convoscope.web.explored import Explored

_NEIGHBOURS = 6


def accuracy(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer how well the model does with filters off and numbers changed, on all test images."""
    if explored.labels is None:
        raise ConfigurationError("Without labelled test images there is no accuracy.")
    silenced, changes = _alterations(question)
    result = altered(explored.model, silenced, changes, explored.images, explored.labels)
    by_class = [None if np.isnan(share) else float(share) for share in result.class_accuracy]
    return {"accuracy": result.accuracy, "classes": by_class, "count": len(explored.images)}


def error(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer how far the images are from what they should be with filters off and numbers changed."""
    if explored.targets is None:
        raise ConfigurationError("Without the images that should come out there is no mean squared error.")
    run = altered_run(explored.model, *_alterations(question))
    return {"error": mean_squared_error(run, explored.images, explored.targets), "count": len(explored.images)}


def _alterations(question: dict[str, Any]) -> tuple[dict[int, list[int]], list[Change]]:
    """Read which filters are off and which numbers are changed."""
    if not isinstance(question["silenced"], dict) or not isinstance(question["changes"], list):
        raise ConfigurationError("Filters that are off are told by layer, changed numbers as a list.")
    silenced = {int(place): [int(each) for each in channels] for place, channels in question["silenced"].items()}
    changes = [
        Change(int(each["place"]), str(each["weight"]), int(each["index"]), float(each["value"]))
        for each in question["changes"]
    ]
    return silenced, changes


def nearest(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer which training images the network finds most like an image, by its last hidden layer."""
    if explored.collection is None:
        raise ConfigurationError("Without training images there are none to compare with.")
    shape = explored.model.plan_input_shape
    image = np.asarray(question["image"], np.float32)
    if image.size != int(np.prod(shape)) or not np.isfinite(image).all():
        raise ShapeError(f"The image must have {int(np.prod(shape))} numbers, but has {image.size}.")
    known, features, labels = explored.collection
    own = hidden(explored.model, as_batch(explored.model, image.reshape(shape)))[0]
    distances = np.sqrt(((features.astype(np.float64) - own.astype(np.float64)) ** 2).sum(axis=1))
    best = np.argsort(distances, kind="stable")[:_NEIGHBOURS]
    return {
        "images": [known[index].ravel().astype(float).tolist() for index in best],
        "distances": distances[best].tolist(),
        "labels": None if labels is None else [labels[index] for index in best],
    }
