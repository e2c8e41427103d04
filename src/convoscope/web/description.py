"""What the explorer's page is told of a model and its images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.explore.predictions import Predictions
from convoscope.explore.submodels import class_count, class_names
from convoscope.models.network import Network
from convoscope.transfer.making import how_made
from convoscope.web.exhibits import Indices, Packed, bytes_of_each, choose, pack, tally, unpacking
from convoscope.web.explored import Explored
from convoscope.web.image_outputs import describe_images
from convoscope.web.own_image import preparation, takes_images
from convoscope.web.tours import with_images_of


@dataclass(frozen=True)
class Described:
    """What the page is given to begin with.

    Attributes
    ----------
    told : dict
        What it is told, as JSON has it; ``outputs`` is ``"classes"`` or ``"images"``.
    images : bytes
        The images that go with it, those of each input after the other.
    targets : Packed or None
        The images that should come out of them, if the outputs are images and that is known.
    """

    told: dict[str, Any]
    images: bytes
    targets: Packed | None = None


def describe(explored: Explored, room: int, *, waits: bool = True) -> Described:
    """Return what the page is told, and the images that go with it: at most `room` bytes.

    What takes long is counted first, or, unless it `waits`, when the page asks for it.
    """
    model, images = explored.model, explored.images
    if explored.has_image_outputs:
        chosen, told, told_beside = describe_images(explored, room)
    else:
        chosen, told, told_beside = _describe_classes(explored, room, waits)
    low, high = explored.input_range
    packed = [pack(each[chosen]) for each in explored.all_images]
    targets = None if explored.targets is None else pack(explored.targets[chosen])
    description: dict[str, Any] = {
        "title": explored.title,
        "note": explored.note,
        "made": how_made(model.origin),
        "range": [low, high],
        "ranges": [list(each) for each in explored.input_ranges],
        "edge": _edge(explored, low, high),
        "shapes": _shapes(model),
        "preparation": preparation(explored).as_dict() if takes_images(explored) else None,
        "multiplyAdds": explored.multiply_adds,
        "count": len(images),
        "part": explored.part,
        "tour": explored.tour,
        "indices": chosen.tolist(),
        "packed": [unpacking(each) for each in packed],
        "packedTargets": None if targets is None else unpacking(targets),
        **told,
    }
    description["asks"] += ["own-image"] if takes_images(explored) else []
    description["asks"] += ["rejection"] if model.rejection is not None else []
    if explored.beside is not None:
        beside = explored.beside
        description["beside"] = {
            "title": beside.title,
            "note": beside.note,
            "shapes": _shapes(beside.model),
            "multiplyAdds": beside.multiply_adds,
            **told_beside,
        }
    return Described(description, b"".join(each.content for each in packed), targets)


def _shapes(model: Network) -> list[list[int]]:
    """Return the shapes of what each call of a layer makes."""
    return [list(call.output_shape) for call in model.graph.calls]


def _describe_classes(explored: Explored, room: int, waits: bool) -> tuple[Indices, dict[str, Any], dict[str, Any]]:
    """Return which images the page is given, and what it is told of the model and of the one beside it."""
    model, labels = explored.model, explored.labels
    both = [explored] if explored.beside is None else [explored, explored.beside]
    counted = len(both) > 1 and not any(each.is_large for each in both)  # where they disagree is what the page is for
    later = explored.counting is not None and not waits and not counted
    found = None if later else explored.found
    classes = max(2, class_count(model))
    told: dict[str, Any] = {
        "outputs": "classes",
        "names": class_names(model, classes),
        "labels": None,
        "predicted": [],
        "confusion": None,
        "accuracy": None,
        "asks": [
            *(["accuracy", "cell", "epoch"] if labels is not None else []),
            *(["count"] if later else []),
            *(["nearest"] if explored.training_images is not None else []),
        ],
    }
    beside: dict[str, Any] = {"predicted": [], "accuracy": None, "apart": [], "apartCount": None, "rightApart": None}
    chosen = with_images_of(explored.tour, _chosen(explored, found, room))
    if found is not None:
        told["predicted"] = found.predicted[chosen].tolist()
    if labels is not None:
        told["labels"] = labels[chosen].tolist()
    if found is not None and labels is not None:
        told |= tally(labels, found.predicted, classes)
    if not later and explored.comparison is not None:
        beside = explored.comparison.described(chosen)
    return chosen, told, beside


def _chosen(explored: Explored, found: Predictions | None, room: int) -> Indices:
    """Return the images that the page is given: of each class, and of each kind of mistake, if these are known."""
    images, labels = len(explored.images), explored.labels
    most = max(1, room // sum(map(bytes_of_each, explored.all_images)))
    if found is None and labels is None:
        return np.arange(min(images, most))
    classes = max(2, class_count(explored.model))
    if found is None:
        return choose(labels, np.asarray(labels), np.arange(images), classes, most)
    surest = np.argsort(-found.scores.max(axis=1), kind="stable")
    wanted = None if explored.comparison is None else explored.comparison.listed
    return choose(labels, found.predicted, surest, classes, most, wanted)


def _edge(explored: Explored, low: float, high: float) -> float:
    """Return how light the edges of images are, 0 to 1: it tells what to draw with, and on what."""
    told = (explored.model.preprocessing or {}).get("edge")
    if told is not None:
        return float(told)
    if explored.images.ndim < 3 or not len(explored.images):
        return 0.0
    some: npt.NDArray[Any] = explored.images[:256]
    border = np.concatenate([some[:, 0].ravel(), some[:, -1].ravel(), some[:, :, 0].ravel(), some[:, :, -1].ravel()])
    return float((border.mean() - low) / (high - low or 1.0))
