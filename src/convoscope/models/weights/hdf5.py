"""HDF5 files, read as hostile and written whole. The library, h5py, is an extra.

An HDF5 file may point at other files, declare arrays of any size that take no room in it, or be damaged so that the
library says something else each time. So only what lies in the file itself is read, of arrays only those that somebody
has a place for, and whatever is wrong comes as one kind of error.
"""

from __future__ import annotations

import io
import math
import mmap
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, ConvoscopeError, FileFormatError
from convoscope.paths import open_regular
from convoscope.types import Shape
from convoscope.wording import installing

SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: The file within Keras' archives.
MEMBER = "model.weights.h5"
_HEAP = b"GCOL\x01\0\0\0"  # where a heap of texts begins
_LARGEST_MEMBER = 1 << 33
_LARGEST_CHUNK = 1 << 28
_LONGEST_LIST = 1 << 16
# All that h5py raises for what is wrong in a file.
_DAMAGED = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
)


def library() -> Any:
    """Return h5py, or say how to install it."""
    try:
        import h5py
    except ImportError:
        raise ConfigurationError(
            f"Keras' files, .h5 and .keras, need h5py, which is not installed. Install it: {installing('h5')}. Files "
            "that end in .safetensors do not need it."
        ) from None
    return h5py


def archived(path: Path) -> bool:
    """Return whether a file is an archive of Keras, which has the weights in a file of its own."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MEMBER in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open an HDF5 file, or the one in an archive of Keras, for reading.

    Raises
    ------
    FileFormatError
        If the file, or anything that is read of it, is damaged.
    """
    h5py = library()
    try:
        with _content(path) as content:
            _check_heaps(content, path)
            with h5py.File(content, "r") as file:
                yield file
    except ConvoscopeError:
        raise
    except (*_DAMAGED, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        reason = str(error).strip("'\"") or type(error).__name__
        raise FileFormatError(f"{path} is damaged: {reason}. Download or save it again.") from error


@contextmanager
def _content(path: Path) -> Iterator[Any]:
    with open_regular(path) as file:
        if file.read(len(SIGNATURE)) == SIGNATURE:
            file.seek(0)
            yield file
            return
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(MEMBER).file_size
        # What stands in archives is not compressed by Keras, or not much: numbers do not compress.
        if size > min(_LARGEST_MEMBER, 100 * os.path.getsize(path)):
            raise FileFormatError(f"{path} claims to contain {size:,} bytes of weights, more than its size allows.")
        with archive.open(MEMBER) as member:
            yield io.BytesIO(member.read(size))


def _check_heaps(content: Any, path: Path) -> None:
    """Refuse a file whose heap of texts has no end: the library would look for it for ever.

    A heap is a row of objects, each with its number (2 bytes, 0 for the room that is left), 6 bytes, and its length (8
    bytes). The library goes on by the length of what is left, also if that is 0.
    """
    with _mapped(content) as view:
        # A file of Keras has lengths and addresses of 8 bytes.
        sizes = bytes(view[13:15]) if view[8] < 2 else bytes(view[9:11])
        if sizes != b"\x08\x08":
            raise FileFormatError(f"{path} is damaged: it is not a valid HDF5 file of Keras.")
        at = view.find(_HEAP)
        while at >= 0:
            place, end = at + 16, min(at + int.from_bytes(view[at + 8 : at + 16], "little"), len(view))
            while place + 16 <= end:
                length = int.from_bytes(view[place + 8 : place + 16], "little")
                if view[place : place + 2] != b"\0\0":
                    place += 16 + -(-length // 8) * 8
                    continue
                if length < 16:
                    raise FileFormatError(
                        f"{path} is damaged: its heap of strings never ends. Download or save it again."
                    )
                place += length
            at = view.find(_HEAP, at + 1)


@contextmanager
def _mapped(content: Any) -> Iterator[Any]:
    """Look at the bytes of a file, or of an archive's member, without reading those that nobody asks for."""
    if isinstance(content, io.BytesIO):
        yield content.getvalue()
        return
    with mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as view:
        yield view


def group_in(group: Any, path: str) -> Any:
    """Return the group at a path below another one, or None where there is none.

    Raises
    ------
    FileFormatError
        If something on the way is a link, or is not a group.
    """
    for part in path.split("/"):
        group = _entry(group, part)
        if group is None:
            return None
        if not isinstance(group, library().Group):
            raise FileFormatError(
                f"{group.file.filename or 'The file'} has numbers instead of a group at {group.name!r}."
            )
    return group


def shape_of(group: Any, name: str) -> Shape | None:
    """Return the shape of an array in a group; None if there is none, or none that can be read as weights."""
    found = _entry(group, name)
    h5py = library()
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        return None
    if found.dtype.kind not in "fiu" or found.shape is None:
        return None
    if found.chunks is not None and math.prod(found.chunks) * found.dtype.itemsize > _LARGEST_CHUNK:
        return None
    return tuple(map(int, found.shape))


def array_in(group: Any, name: str) -> Array:
    """Return an array, of which `shape_of` has told the shape, as float32."""
    with np.errstate(over="ignore"):
        return np.asarray(_entry(group, name)[()]).astype(np.float32, copy=False)


def whole_number_in(group: Any, name: str) -> int:
    """Return a number that stands alone, of which `shape_of` has told that it does."""
    return int(_entry(group, name)[()])


def names_in(group: Any, attribute: str) -> list[str]:
    """Return the list of names that an attribute has; a long one is split over several, as Keras writes them."""
    if attribute in group.attrs:
        return _texts(group.attrs[attribute])
    names: list[str] = []
    number = 0
    while f"{attribute}{number}" in group.attrs and len(names) < _LONGEST_LIST:
        names += _texts(group.attrs[f"{attribute}{number}"])
        number += 1
    return names


def _texts(values: Any) -> list[str]:
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in np.ravel(values)]


def _entry(group: Any, name: str) -> Any:
    """Return what a group has under a name, if that lies in the file itself."""
    for part in name.split("/"):
        if not part or part not in group:
            return None
        link = group.get(part, getlink=True)
        if not isinstance(link, library().HardLink):
            raise FileFormatError(f"{part!r} in {group.name!r} is a link to another place, and links are not followed.")
        group = group[part]
    return group


def write_names(group: Any, attribute: str, names: list[str]) -> None:
    """Write a list of names as an attribute, split over several where it is long: an attribute has 64 KB at most."""
    values = np.array([name.encode() for name in names], dtype=np.bytes_) if names else np.zeros(0)
    pieces = max(1, math.ceil(values.nbytes / 60_000))
    if pieces == 1:
        group.attrs[attribute] = values
        return
    for number, piece in enumerate(np.array_split(values, pieces)):
        group.attrs[f"{attribute}{number}"] = piece


@contextmanager
def written(content: io.BytesIO) -> Iterator[Any]:
    """Write an HDF5 file into memory, from where it goes to the disk whole."""
    with library().File(content, "w") as file:
        yield file
