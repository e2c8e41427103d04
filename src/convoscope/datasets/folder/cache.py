"""Decoded images on disk: whole or not at all, and used again as long as no file changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.datasets.locate import cache_dir as user_cache_dir
from convoscope.errors import ConvoscopeWarning, MissingFileError, StorageError
from convoscope.locks import locked
from convoscope.paths import open_regular, session_folder, user_path
from convoscope.storage import remedy

_IMAGES, _INDEX = "images.npy", "index.json"
_HALF = ".half-"
_HEAD_BYTES = 128
_SUMMED_BYTES = 1 << 22


@dataclass(frozen=True, eq=False)
class Stored:
    """What the cache holds of a folder.

    Attributes
    ----------
    images : array of uint8, shape (N, height, width, channels)
        Mapped from the disk, read-only: pages come into memory as they are used.
    index : dict
        What was written with them.
    """

    images: npt.NDArray[np.uint8]
    index: dict[str, Any]


def cache_folder(cache_dir: str | os.PathLike[str] | None) -> Path:
    """Give the folder for decoded images; it need not exist."""
    if cache_dir is not None:
        return user_path(cache_dir)
    folder = user_cache_dir()
    return session_folder() / "folders" if folder is None else folder.with_name("folders")


def stored(folder: Path, content: str, make: Callable[[Path], None]) -> Stored:
    """Open what is stored for a content, or make it first.

    Parameters
    ----------
    folder : Path
        The place of one data folder in the cache.
    content : str
        A checksum of what it is made from. What is stored for another content is removed.
    make : callable
        ``make(folder)`` writes ``images.npy`` and ``index.json`` into that folder.

    Raises
    ------
    StorageError
        The disk is full, or the folder is not writable. Nothing is left behind.

    Warns
    -----
    ConvoscopeWarning
        What is stored is damaged, and is made again.

    Notes
    -----
    What is opened is checked whole, by the CRC-32 of each block of 4 MB: on a core of 2025 that takes half a second a
    gigabyte, and brings into memory what training reads next.
    """
    place = folder / content
    if (found := _open(place)) is not None:
        return found
    if os.path.lexists(place):
        warnings.warn(
            f"The decoded images in {place} are damaged. They are decoded again from the image files.",
            ConvoscopeWarning,
            stacklevel=3,
        )
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder.with_name(f"{folder.name}.lock")):
            if (found := _open(place)) is not None:  # another process has made it meanwhile
                return found
            # Others' halves too: whoever holds the lock is the only one at work.
            for old in folder.iterdir():
                _remove(old)
            half = folder / f"{_HALF}{content}"
            half.mkdir()
            try:
                make(half)
                os.replace(half, place)
            finally:
                shutil.rmtree(half, ignore_errors=True)
    found = _open(place, check=False)
    if found is None:
        raise StorageError(f"The decoded images in {place} changed while being written. Try again.")
    return found


class ImagesFile:
    """Images written one after the other into a ``.npy`` file, of which nothing stays in memory.

    Written through the file and not through a memory map: a full disk is then an error and not the process's end.
    """

    def __init__(self, path: Path, sample: tuple[int, ...]) -> None:
        self._sample = sample
        self._count = 0
        self._file = open(path, "wb")  # noqa: SIM115 - closed by `close`
        self._file.write(_head((0, *sample)))

    def append(self, images: npt.NDArray[np.uint8]) -> None:
        """Write one image, or several (N, ...)."""
        self._count += images.size // int(np.prod(self._sample))
        self._file.write(np.ascontiguousarray(images).data)

    def close(self) -> None:
        """Put the number of images into the head, and everything on the disk."""
        with self._file:
            self._file.seek(0)
            self._file.write(_head((self._count, *self._sample)))
            self._file.flush()
            os.fsync(self._file.fileno())

    def __enter__(self) -> ImagesFile:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()


def write_index(folder: Path, index: dict[str, Any]) -> None:
    """Write what is to be known of the images, which are written already, with checksums of both."""
    images = images_file(folder)
    shape = np.load(images, mmap_mode="r", allow_pickle=False).shape
    content = {"shape": shape, "sums": _sums(images), "index": index}
    with open(folder / _INDEX, "w", encoding="utf-8") as file:
        json.dump({"checksum": _checksum(content), **content}, file)
        file.flush()
        os.fsync(file.fileno())


def images_file(folder: Path) -> Path:
    """Give the name of the file with the images."""
    return folder / _IMAGES


def _open(place: Path, *, check: bool = True) -> Stored | None:
    """Open what is stored; None if it is not there, or not what was written."""
    images = images_file(place)
    try:
        with open_regular(place / _INDEX) as file:
            content = json.loads(file.read().decode("utf-8"))
        if content.pop("checksum") != _checksum(content):
            return None
        shape, index = tuple(content["shape"]), content["index"]
        with open_regular(images) as file:
            if file.read(_HEAD_BYTES) != _head(shape):
                return None
        mapped = np.memmap(images, np.uint8, "r", _HEAD_BYTES, shape)
        if check and content["sums"] != _sums(images):
            return None
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    return Stored(mapped, index)


def _head(shape: tuple[int, ...]) -> bytes:
    """Give NumPy's format 1.0: magic, version, length and a dictionary, of 128 bytes whatever the count."""
    text = repr({"descr": "|u1", "fortran_order": False, "shape": shape})
    return b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + text.ljust(117).encode() + b"\n"


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()


def _sums(path: Path) -> list[int]:
    """Give a checksum of each block of a file. Threads compute them: zlib lets go of Python's lock."""
    starts = range(0, path.stat().st_size, _SUMMED_BYTES)
    with ThreadPoolExecutor() as executor:
        return list(executor.map(lambda start: _sum(path, start), starts))


def _sum(path: Path, start: int) -> int:
    with open(path, "rb", buffering=0) as file:
        file.seek(start)
        return zlib.crc32(file.read(_SUMMED_BYTES))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except (MissingFileError, StorageError):
        raise
    except OSError as error:
        raise StorageError(
            f"The decoded images could not be written to {folder}: {error.strerror or error}. {remedy(error)}: "
            f"--data-dir names another folder, and in Python cache_dir or data_dir."
        ) from error
