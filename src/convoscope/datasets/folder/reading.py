"""Image files of any kind, read and brought to one size and colour: the same for training as for predicting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convoscope.datasets.folder.colours import MODES, edge_colour, fit_into, to_colours
from convoscope.datasets.folder.opening import DAMAGED
from convoscope.datasets.folder.orientation import UPRIGHT, orientation_of, swaps_sides, turned
from convoscope.datasets.folder.sharing import ROOM
from convoscope.datasets.images.sources import Source, source_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

#: Bytes a pixel that decoding takes at its highest: what is decoded, and what is made of it.
_BYTES, _BYTES_OF = 8, {"JPEG2000": 24, "AVIF": 16, "HEIF": 16, "WEBP": 16}
_COEFFICIENTS = 8  # bytes a pixel of a progressive JPEG, which is decoded as a whole even if it is made smaller


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


def read_as(
    source: Path | Source, size: tuple[int, int], channels: int, background: int, max_pixels: int | None = None
) -> tuple[Image, list[str]]:
    """Read an image, and bring it to `size` (width, height) in grey (1 channel) or colour (3).

    Parameters
    ----------
    source : Path or Source
        A file, or what else holds one.
    size : (width, height)
    channels : {1, 3}
    background : int
        0 to 255: what is put behind transparent parts.
    max_pixels : int, optional
        See `convoscope.datasets.folder.opening.as_max_pixels`.

    Returns
    -------
    (Image, list of str)
        The image, and what was done to it, in order.

    Raises
    ------
    MissingFileError, FileFormatError, DataError
        See `read_colours`.
    """
    read = read_colours(source, channels, background, at_least=max(size), max_pixels=max_pixels)
    if read.image.size == size:
        return read.image, read.notes
    return fit_into(read.image, size, edge_colour(read.image), read.notes, read.proportions), read.notes


def read_colours(
    source: Path | Source, channels: int, background: int, at_least: int | None = None, max_pixels: int | None = None
) -> Read:
    """Read an image in grey or colour, of 8 bits and upright.

    Parameters
    ----------
    source, channels, background, max_pixels
        As in `read_as`.
    at_least : int, optional
        Pixels a side that are needed. A much larger JPEG is then decoded at half, a quarter or an eighth of its size,
        with no side below twice that, which takes a fraction of the time; other images are made smaller before they
        take more memory, see `to_colours`.

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
    with _decoded(source, at_least, max_pixels) as (image, orientation, notes):
        transparent = "A" in image.getbands() or "transparency" in image.info
        proportions = image.size[::-1] if swaps_sides(orientation) else image.size
        found = turned(to_colours(image, channels, background, notes, source.name, at_least), orientation)
        return Read(found.copy() if found is image else found, proportions, notes, transparent)


def read_image(source: Path | Source, max_pixels: int | None = None) -> tuple[Image, list[str]]:
    """Read an image file whole, in its own mode, and turn it upright.

    Parameters
    ----------
    source, max_pixels
        As in `read_as`.

    Returns
    -------
    (Image, list of str)
        The image, and notes on what it was.

    Raises
    ------
    MissingFileError, FileFormatError
        See `read_colours`.
    """
    with _decoded(source_of(source), None, max_pixels) as (image, orientation, notes):
        found = turned(image, orientation)
        return found.copy() if found is image else found, notes


@contextmanager
def _decoded(source: Source, at_least: int | None, max_pixels: int | None) -> Iterator[tuple[Image, int, list[str]]]:
    """Decode a file, and give the image, its orientation, and notes on what it was."""
    with source.opened(max_pixels) as file:
        # A TIFF's size is here that of the turned image in some versions of Pillow: as people see it, in any case.
        width, height = file.size
        notes = [f"read {file.format}, {width}×{height}, {MODES.get(file.mode, file.mode)}"]
        if _is_animated(file):
            notes.append("first of several frames taken")
        if at_least is not None and file.format == "JPEG":
            file.draft(file.mode, (2 * at_least, 2 * at_least))
        with ROOM.taken(_bytes_of(file, width * height)):
            orientation = UPRIGHT
            if file.format == "TIFF":
                # Pillow turns a TIFF itself, and reads all of its metadata for that, which must not be able to fail.
                orientation = orientation_of(file)
                file.load_end = _nothing  # type: ignore[method-assign]
            file.load()
            if file.format != "TIFF":
                orientation = orientation_of(file)  # a PNG's metadata may lie behind its pixels
            if orientation != UPRIGHT:
                notes.append("turned upright, as its EXIF orientation says")
            yield file.copy() if file.size != file.im.size else file, orientation, notes


def _bytes_of(file: ImageFile, pixels: int) -> int:
    whole = _COEFFICIENTS * pixels if "progressive" in file.info else 0
    return whole + _BYTES_OF.get(file.format or "", _BYTES) * file.width * file.height


def _is_animated(file: ImageFile) -> bool:
    try:
        return bool(getattr(file, "is_animated", False))
    except DAMAGED:  # further frames that cannot be read do not matter
        return False


def _nothing() -> None:
    """Do nothing, in the place of a hook of Pillow's."""
