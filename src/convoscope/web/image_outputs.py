"""What the explorer's page is told of a model whose outputs are images, and how two of them differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope.explore.submodels import input_batches, main_run
from convoscope.web.exhibits import Indices, bytes_of_each
from convoscope.web.explored import Explored
from convoscope.web.tours import with_images_of

_MOST = 200  # images that the page is given


def describe_images(explored: Explored, room: int) -> tuple[Indices, dict[str, Any], dict[str, Any]]:
    """Return which images the page is given, and what it is told of the model and of the one beside it.

    The images that should come out have to find room too: they go with those that go in.
    """
    each = sum(map(bytes_of_each, explored.all_images)) + (
        0 if explored.targets is None else bytes_of_each(explored.targets)
    )
    chosen = with_images_of(explored.tour, np.arange(min(len(explored.images), _MOST, max(1, room // each))))
    told: dict[str, Any] = {
        "outputs": "images",
        "names": [],
        "labels": None,
        "predicted": [],
        "outputRange": list(explored.output_range),
        "error": explored.error,
        "asks": [] if explored.targets is None else ["error", "epoch"],
    }
    return chosen, told, {"error": None if explored.beside is None else explored.beside.error}


def apart(was: Explored, now: Explored) -> list[str] | None:
    """Say how far the images of two models are from each other, and from what should come out; None without images."""
    if not len(was.images):
        return None
    furthest = 0.0
    for _, inputs in input_batches(was.inputs):
        one, other = (main_run(each.model)(inputs) for each in (was, now))
        furthest = max(furthest, float(np.abs(one - other).max()))
    parts = [f"a value of an output image differs by at most {furthest:.2g}"]
    if was.error is not None and now.error is not None:
        parts.append(f"mean squared error {was.error:.4g} before, {now.error:.4g} after")
    return parts
