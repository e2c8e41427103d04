"""Image files, brought into the form that a model was trained on. What is done to them can be read in the notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.datasets.folder.colours import edge_colour, fit_into
from convoscope.datasets.folder.reading import read_colours

_LIGHT = 0.5
_CLEARLY_DIFFERENT = 0.5


@dataclass(frozen=True, eq=False)
class Prepared:
    """An image as a model takes it.

    Attributes
    ----------
    pixels : array of uint8, shape (height, width, channels)
        From 0 to the greatest value that the model knows.
    notes : list of str
        What was done to it, in order.
    hint : str or None
        What is unusual about it, and what to do.
    """

    pixels: npt.NDArray[np.uint8]
    notes: list[str] = field(default_factory=list)
    hint: str | None = None


def prepare(
    path: Path, preprocessing: Mapping[str, Any], *, invert: bool = False, max_pixels: int | None = None
) -> Prepared:
    """Read an image of any size and colour mode, and convert it.

    Parameters
    ----------
    path : Path
    preprocessing : mapping
        Of the model: ``height``, ``width``, ``channels``, ``max_value`` and ``edge``, how light the edges of the
        training images are (0 to 1).
    invert : bool
        Whether dark and light are to be exchanged.
    max_pixels : int, optional
        How many pixels an image may have: see `convoscope.datasets.folder.opening.as_max_pixels`.

    Returns
    -------
    Prepared

    Raises
    ------
    MissingFileError
        There is no such file, or it is a folder, a pipe or a device.
    FileFormatError
        It is no image, a damaged one, or one with too many pixels.
    DataError
        It has values that are no numbers.

    Notes
    -----
    The image keeps its proportions: what is missing at two sides is filled in the colour that its edges have.
    Transparent parts are put on the ``background`` of the preprocessing; without one on black or white, whichever the
    training images' edges are nearer to.
    """
    size = (int(preprocessing["width"]), int(preprocessing["height"]))
    light = 255 if preprocessing.get("edge", 0.0) >= _LIGHT else 0
    background = int(preprocessing.get("background", light))
    read = read_colours(path, int(preprocessing["channels"]), background, at_least=max(size), max_pixels=max_pixels)
    image, notes = read.image, read.notes
    if invert:
        from PIL import ImageOps

        image = ImageOps.invert(image)
        notes.append("inverted")
    edge = edge_colour(image)
    image = fit_into(image, size, edge, notes, read.proportions)
    pixels = np.asarray(image).reshape(image.height, image.width, -1)
    if (max_value := int(preprocessing["max_value"])) != 255:
        pixels = np.rint(pixels * (max_value / 255)).astype(np.uint8)
        notes.append(f"values brought from 0..255 to 0..{max_value}")
    return Prepared(pixels, notes, _hint(float(np.mean(edge)) / 255, preprocessing.get("edge")))


def _hint(edge: float, usual: float | None) -> str | None:
    if usual is None or abs(edge - usual) < _CLEARLY_DIFFERENT:
        return None
    return (
        f"its edges are {'light' if edge > usual else 'dark'}, where the training images' are "
        f"{'dark' if edge > usual else 'light'}: try --invert"
    )
