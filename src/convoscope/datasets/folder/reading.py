"""Images of any kind, read in grey or colour and upright: the same for training as for predicting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convoscope.datasets.folder.colours import to_colours
from convoscope.datasets.folder.orientation import swaps_sides, turned
from convoscope.datasets.images.sources import Source, source_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from convoscope.datasets.images.fitting import Fit


@dataclass(frozen=True, eq=False)
class Read:
    """An image that was read.

    Attributes
    ----------
    image : Image
        Upright, 8 bits, grey or in colour.
    proportions : (width, height)
        Those that it has to keep; it may have been made smaller, with rounded sides.
    notes : list of str
        What was done to it, in order.
    transparent : bool
        Whether it can have transparent parts.
    """

    image: Image
    proportions: tuple[int, int]
    notes: list[str]
    transparent: bool


def read_colours(
    source: Path | Source, channels: int, background: int, fit: Fit | None = None, max_pixels: int | None = None
) -> Read:
    """Read an image in grey or colour, of 8 bits and upright.

    Parameters
    ----------
    source : Path or Source
        A file, or what else an image is taken from.
    channels : {1, 3}
        Grey or colour.
    background : int
        0 to 255: what is put behind transparent parts.
    fit : Fit, optional
        How it is then scaled to a size. A much larger JPEG is decoded at half, a quarter or an eighth of its size,
        with no side below twice what is needed, which takes a fraction of the time; other images are made smaller
        before they take more memory, see `to_colours`.
    max_pixels : int, optional
        See `convoscope.datasets.folder.opening.as_max_pixels`.

    Raises
    ------
    MissingFileError
        There is no such file, or it is a folder, a pipe or a device.
    FileFormatError
        It is no image of a kind that is read, a damaged one, or a too large one.
    DataError
        It has values that are no numbers.
    """
    source = source_of(source)
    with source.pixels(None if fit is None else fit.least, max_pixels) as found:
        image, orientation = found.image, found.orientation
        transparent = "A" in image.getbands() or "transparency" in image.info
        proportions = image.size[::-1] if swaps_sides(orientation) else image.size
        upright = turned(to_colours(image, channels, background, found.notes, source.name, fit), orientation)
        shared = upright is image and not found.own
        return Read(upright.copy() if shared else upright, proportions, found.notes, transparent)


def read_image(source: Path | Source, max_pixels: int | None = None) -> tuple[Image, list[str]]:
    """Read an image file whole, in its own mode, and turn it upright.

    Parameters
    ----------
    source, max_pixels
        As in `read_colours`.

    Returns
    -------
    (Image, list of str)
        The image, and notes on what it was.

    Raises
    ------
    MissingFileError, FileFormatError
        See `read_colours`.
    """
    with source_of(source).pixels(None, max_pixels) as found:
        image = turned(found.image, found.orientation)
        return image.copy() if image is found.image else image, found.notes
