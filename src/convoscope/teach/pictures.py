"""A picture's bytes: checked as they come, and brought into the form that the network takes."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.datasets.images.sources import source_of
from convoscope.errors import ConvoscopeError, DataError
from convoscope.names import legible

Pixels = npt.NDArray[np.uint8]

LARGEST_FILE = 32_000_000  # bytes
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif")
_UNFIT = frozenset(':*?"<>|')  # no file can have these in its name on some system
_THUMBNAIL, _QUALITY = 96, 80


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as the network takes it.

    Attributes
    ----------
    pixels : array of uint8, shape (height, width, 3)
    thumbnail : bytes
        A small JPEG of that, for the page.
    """

    pixels: Pixels
    thumbnail: bytes


def read(content: bytes, name: str, preprocessing: Preprocessing) -> Prepared:
    """Read a picture's bytes.

    Parameters
    ----------
    content : bytes
    name : str
        What messages call it.
    preprocessing : Preprocessing
        How it becomes what the network takes.

    Raises
    ------
    DataError
        It is damaged, of no kind that is read, or too large; the message says which, and names it.
    """
    import PIL.Image

    try:
        pixels = preprocessing.prepare(source_of(content, name)).pixels
    except ConvoscopeError as error:
        raise DataError(str(error)) from error
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).resize((_THUMBNAIL, _THUMBNAIL)).save(file, "JPEG", quality=_QUALITY)
    return Prepared(pixels, file.getvalue())


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
        raise DataError(f"{name} is not a picture: their names end in {', '.join(ENDINGS)}.")
    return ending


def name_of(given: str) -> str:
    """Return the last part of a picture's name, as text that can be shown."""
    last = legible(given.replace("\\", "/").rpartition("/")[2])[-120:]
    return "".join("-" if each in _UNFIT or not each.isprintable() else each for each in last) or "picture"
