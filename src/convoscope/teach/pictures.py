"""A picture's bytes: checked as they come, and brought into the form that the network takes."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convoscope.datasets.folder.reading import read_colours
from convoscope.errors import ConvoscopeError, DataError
from convoscope.names import legible

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = npt.NDArray[np.uint8]

LARGEST_FILE = 32_000_000  # bytes
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif")
_UNFIT = frozenset(':*?"<>|')  # no name of a file on some system
_BACKGROUND = 255  # behind what is transparent: white
_THUMBNAIL, _QUALITY = 96, 80


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as the network takes it.

    Attributes
    ----------
    pixels : array of uint8, shape (size, size, 3)
        The largest square in its middle.
    thumbnail : bytes
        A small JPEG of that, for the page.
    """

    pixels: Pixels
    thumbnail: bytes


def read(path: Path, name: str, size: int) -> Prepared:
    """Read a picture's file.

    Parameters
    ----------
    path : Path
    name : str
        What messages call it.
    size : int
        Pixels a side that the network takes.

    Raises
    ------
    DataError
        It is damaged, of no kind that is read, or too large; the message says which, and names it.
    """
    try:
        image = read_colours(path, 3, _BACKGROUND, at_least=size).image
    except ConvoscopeError as error:
        raise DataError(str(error).replace(str(path), name)) from error
    square = cropped(image, size)
    file = io.BytesIO()
    square.resize((_THUMBNAIL, _THUMBNAIL)).save(file, "JPEG", quality=_QUALITY)
    return Prepared(np.asarray(square, np.uint8).reshape(size, size, 3), file.getvalue())


def cropped(image: Image, size: int) -> Image:
    """Return the largest square in an image's middle at (size, size) pixels."""
    import PIL.Image

    width, height = image.size
    side = min(width, height)
    if (width, height) == (size, size):
        return image
    left, top = (width - side) / 2, (height - side) / 2
    return image.resize((size, size), PIL.Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def ending_of(name: str) -> str:
    """Return the ending of a picture's name, for the file that it is kept in.

    Raises
    ------
    DataError
        Pictures do not end like that.

    Examples
    --------
    >>> ending_of("IMG_1.JPG")
    '.jpg'
    """
    ending = Path(name).suffix.lower()
    if ending not in ENDINGS:
        raise DataError(f"{name} is not a picture: those end in {', '.join(ENDINGS)}.")
    return ending


def name_of(given: str) -> str:
    """Return the last part of a picture's name, as text that can be shown."""
    last = legible(given.replace("\\", "/").rpartition("/")[2])[-120:]
    return "".join("-" if each in _UNFIT or not each.isprintable() else each for each in last) or "picture"
