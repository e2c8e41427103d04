"""Where an image comes from: a file, or its bytes. Whoever reads it need not know."""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from convoscope.datasets.folder.opening import named, opened, opened_content
from convoscope.paths import open_regular

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_KEPT = 1 << 24  # bytes of a file that are read at once; larger than most photos
_PIECE = 1 << 20


class Source(ABC):
    """Something that holds one image file.

    Attributes
    ----------
    name : Path
        What messages call it.
    """

    name: Path

    @abstractmethod
    def opened(self, max_pixels: int | None) -> AbstractContextManager[ImageFile]:
        """Open it and read its head; see `convoscope.datasets.folder.opening.opened`."""


class FileSource(Source):
    """A file by its path."""

    def __init__(self, path: Path) -> None:
        self.name = path

    def opened(self, max_pixels: int | None) -> AbstractContextManager[ImageFile]:
        return opened(self.name, max_pixels)


class ContentSource(Source):
    """The content of a file, to be read from its beginning."""

    def __init__(self, content: BinaryIO, name: Path) -> None:
        self.content, self.name = content, name

    def opened(self, max_pixels: int | None) -> AbstractContextManager[ImageFile]:
        self.content.seek(0)
        return opened_content(self.content, self.name, max_pixels)


def source_of(given: Path | Source) -> Source:
    """Give the source that is meant."""
    return given if isinstance(given, Source) else FileSource(given)


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
