"""Images that come with the package, for a model that is opened without data: if it takes any."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from convoscope.datasets import digits
from convoscope.filters import samples
from convoscope.web.explored import Explored
from convoscope.web.own_image import preparation, takes_images

Pixels = npt.NDArray[np.uint8]


def with_samples(explored: Explored) -> Explored:
    """Return what is explored with sample images, where it has no images and its model takes some.

    A grey image is a handwritten digit, one of each; in colour it is the package's photograph, and its four quarters.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(28, 28, 1)), cs.layers.Dense(3)])
    >>> found = with_samples(Explored(model))
    >>> found.images.shape, found.part
    ((10, 28, 28, 1), 'sample')
    """
    if explored.x is not None or not takes_images(explored):
        return explored
    shape = explored.model.plan_input_shape
    told = preparation(explored)
    in_colour = told.channels == 3
    images = told.prepare_all(_photographs() if in_colour else _digits()).reshape(-1, *shape)
    what = "a photograph and its quarters" if in_colour else "handwritten digits"
    note = f"{explored.note} Opened without data: the sample images are {what}.".strip()
    beside = None if explored.beside is None else replace(explored.beside, x=images)
    return replace(explored, x=images, part="sample", note=note, beside=beside)


def _digits() -> list[Pixels]:
    """Return an image (8, 8) of each digit, 0 to 255."""
    _, (x, y) = digits.load_data()
    return [np.asarray(x[np.flatnonzero(y == digit)[0]] * 15.9375, np.uint8) for digit in range(10)]


def _photographs() -> list[Pixels]:
    """Return the photograph (512, 512, 3) and its quarters."""
    whole = samples.photograph()
    height, width = (side // 2 for side in whole.shape[:2])
    return [whole, *(whole[y : y + height, x : x + width] for y in (0, height) for x in (0, width))]
