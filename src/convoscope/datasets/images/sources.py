"""Where an image comes from: a file, its bytes, Pillow, or an array. Whoever reads it need not know."""

from __future__ import annotations

import hashlib
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import singledispatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from convoscope.datasets.folder.colours import MODES
from convoscope.datasets.folder.opening import named, opened, opened_content
from convoscope.datasets.folder.orientation import UPRIGHT, orientation_of
from convoscope.datasets.images import arrays
from convoscope.datasets.images.arrays import Array
from convoscope.datasets.images.files import Pixels, decoded
from convoscope.errors import ConfigurationError
from convoscope.paths import open_regular, user_path

if TYPE_CHECKING:
    from PIL.Image import Image

_KEPT = 1 << 24  # bytes of a file that are read at once; larger than most photos
_PIECE = 1 << 20


class Source(ABC):
    """Something that an image can be taken from.

    Attributes
    ----------
    name : Path
        What messages call it.
    """

    name: Path

    @abstractmethod
    def pixels(self, least: int | None, max_pixels: int | None) -> AbstractContextManager[Pixels]:
        """Give the image as it is stored.

        Parameters
        ----------
        least : int or None
            How many pixels a side are enough; None for all that there are.
        max_pixels : int or None
            How many it may have; see `convoscope.datasets.folder.opening.as_max_pixels`.

        Raises
        ------
        MissingFileError
            There is no such file, or it is a folder, a pipe or a device.
        FileFormatError
            It is no image of a kind that is read, a damaged one, or one with too many pixels.
        """

    def ready(self, shape: tuple[int, int, int], max_value: float) -> Array | None:
        """Give the image if it already has the form of a model's inputs."""
        return None


class FileSource(Source):
    """A file by its path."""

    def __init__(self, path: Path) -> None:
        self.name = path

    @contextmanager
    def pixels(self, least: int | None, max_pixels: int | None) -> Iterator[Pixels]:
        with opened(self.name, max_pixels, least) as file, decoded(file, least) as found:
            yield found


class ContentSource(Source):
    """The content of a file, to be read from its beginning."""

    def __init__(self, content: BinaryIO, name: Path) -> None:
        self.content, self.name = content, name

    @contextmanager
    def pixels(self, least: int | None, max_pixels: int | None) -> Iterator[Pixels]:
        self.content.seek(0)
        with opened_content(self.content, self.name, max_pixels, least) as file, decoded(file, least) as found:
            yield found


class PillowSource(Source):
    """An image of Pillow's.

    One that was only opened is read as its file is. One that was read since is turned as its file says. Of any other,
    such as a copy or what a filter made, the pixels count as they are.
    """

    def __init__(self, image: Image, name: Path) -> None:
        self.image, self.name = image, name

    @contextmanager
    def pixels(self, least: int | None, max_pixels: int | None) -> Iterator[Pixels]:
        from PIL.ImageFile import ImageFile

        if isinstance(self.image, ImageFile) and self.image.fp is not None and _is_unread(self.image):
            position = self.image.fp.tell()
            with ContentSource(io.BytesIO(_all_of(self.image.fp)), self.name).pixels(least, max_pixels) as found:
                self.image.fp.seek(position)
                yield found
            return
        with named(self.name):
            self.image.load()
            # Pillow has turned a TIFF itself as it read it.
            is_file = isinstance(self.image, ImageFile) and self.image.format != "TIFF"
            orientation = orientation_of(self.image) if is_file else UPRIGHT
            width, height = self.image.size
            mode = MODES.get(self.image.mode, self.image.mode)
            yield Pixels(self.image, orientation, [f"taken from Pillow, {width}×{height}, {mode}"])


class ArraySource(Source):
    """An array of values, (height, width) or (height, width, channels)."""

    def __init__(self, array: Array, name: Path) -> None:
        self.array, self.name = array, name

    @contextmanager
    def pixels(self, least: int | None, max_pixels: int | None) -> Iterator[Pixels]:
        import PIL.Image

        values = arrays.in_eight_bits(self.array, self.name)
        image = PIL.Image.fromarray(values)
        yield Pixels(image, UPRIGHT, [f"taken from an array, {image.width}×{image.height}, {MODES[image.mode]}"])

    def ready(self, shape: tuple[int, int, int], max_value: float) -> Array | None:
        return arrays.in_form(self.array, shape, max_value, self.name)


@singledispatch
def source_of(given: Any, name: str = "the image") -> Source:
    """Return what an image is taken from.

    Parameters
    ----------
    given : path, bytes, file, Image, array or Source
    name : str
        What messages call what has no name of its own.
    """
    import PIL.Image

    if isinstance(given, PIL.Image.Image):
        return PillowSource(given, Path(getattr(given, "filename", "") or name))
    if hasattr(given, "read") and hasattr(given, "seek"):
        return ContentSource(given, Path(str(getattr(given, "name", name))))
    if hasattr(given, "__array__"):
        return ArraySource(np.asarray(given), Path(name))
    raise ConfigurationError(
        f"An image is a path, the bytes of a file, a Pillow image or an array, but {name} is of type "
        f"{type(given).__name__}."
    )


@source_of.register
def _(given: Source, name: str = "") -> Source:
    return given


@source_of.register(str)
@source_of.register(os.PathLike)
def _(given: str | os.PathLike[str], name: str = "") -> Source:
    return FileSource(user_path(given))


@source_of.register(bytes)
@source_of.register(bytearray)
@source_of.register(memoryview)
def _(given: bytes, name: str = "the image") -> Source:
    return ContentSource(io.BytesIO(given), Path(name))


@source_of.register
def _(given: np.ndarray, name: str = "the image") -> Source:
    return ArraySource(given, Path(name))


@contextmanager
def with_digest(path: Path) -> Iterator[tuple[ContentSource, str]]:
    """Open a file, and give what is in it with the SHA-256 digest of its bytes; they are read from the disk once.

    Raises
    ------
    MissingFileError
        There is no such file, or it is a folder, a pipe or a device.
    FileFormatError
        It cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "abc")
    ...     _ = path.write_bytes(b"abc")
    ...     with with_digest(path) as (_, digest):
    ...         print(digest[:8])
    ba7816bf
    """
    with named(path), open_regular(path) as file:
        checksum = hashlib.sha256(start := file.read(_KEPT))
        if len(start) < _KEPT:
            yield ContentSource(io.BytesIO(start), path), checksum.hexdigest()
            return
        while piece := file.read(_PIECE):
            checksum.update(piece)
        yield ContentSource(file, path), checksum.hexdigest()  # what is read now is in the system's cache


def _is_unread(image: Image) -> bool:
    """Say whether an image was opened, and neither read nor moved to another frame."""
    core = image.__dict__.get("_im", image.__dict__.get("im"))  # its name changed with Pillow 11
    return core is None and image.tell() == 0


def _all_of(file: Any) -> bytes:
    file.seek(0)
    return bytes(file.read())
