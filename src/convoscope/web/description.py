"""What the explorer's page is told of a model and its images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.explore.sections import class_count, class_names
from convoscope.models.sequential import Sequential
from convoscope.web.exhibits import Packed, choose, pack, tally, value_range
from convoscope.web.explored import Explored


def describe(explored: Explored, room: int) -> tuple[dict[str, Any], Packed]:
    """Return what the page is told, as JSON has it, and the images that go with it: at most `room` bytes."""
    model, images, found, labels = explored.model, explored.images, explored.found, explored.labels
    classes = len(found.names) if found else max(2, class_count(model))
    low, high = value_range(explored.x, (model.preprocessing or {}).get("max_value"))
    chosen = np.zeros(0, np.int64)
    shown: dict[str, Any] = {"labels": None, "predicted": [], "confusion": None, "accuracy": None}
    if found is not None:
        each = int(np.prod(images.shape[1:])) * (1 if pack(images[:8]).kind == "uint8" else 4)
        surest = np.argsort(-found.scores.max(axis=1), kind="stable")
        wanted = None if explored.comparison is None else explored.comparison.listed
        chosen = choose(labels, found.predicted, surest, classes, max(1, room // each), wanted)
        shown["predicted"] = found.predicted[chosen].tolist()
    if found is not None and labels is not None:
        shown |= {"labels": labels[chosen].tolist(), **tally(labels, found.predicted, classes)}
    packed = pack(images[chosen])
    asks = [
        *(["accuracy", "epoch"] if labels is not None else []),
        *(["nearest"] if explored.x_train is not None else []),
    ]
    description: dict[str, Any] = {
        "title": explored.title,
        "note": explored.note,
        "names": class_names(model, classes),
        "range": [low, high],
        "edge": _edge(model, images, low, high),
        "shapes": [list(layer.output_shape[1:]) for layer in model.layers],
        "count": len(images),
        "indices": chosen.tolist(),
        "packed": {"kind": packed.kind, "divisor": packed.divisor},
        "asks": asks,
        **shown,
    }
    if explored.beside is not None:
        told: dict[str, Any] = {"predicted": [], "accuracy": None, "apart": [], "apartCount": 0, "rightApart": None}
        if explored.comparison is not None:
            told = explored.comparison.described(chosen)
        description["beside"] = {"title": explored.beside.title, "note": explored.beside.note, **told}
    return description, packed


def _edge(model: Sequential, images: npt.NDArray[Any], low: float, high: float) -> float:
    """Return how light the edges of images are, 0 to 1: it tells what to draw with, and on what."""
    told = (model.preprocessing or {}).get("edge")
    if told is not None:
        return float(told)
    if images.ndim < 3 or not len(images):
        return 0.0
    some = images[:256]
    border = np.concatenate([some[:, 0].ravel(), some[:, -1].ravel(), some[:, :, 0].ravel(), some[:, :, -1].ravel()])
    return float((border.mean() - low) / (high - low or 1.0))
