"""Writing a file so that a reader, or a crash, sees the old file or the new one and nothing between."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from convoscope.errors import StorageError


def write_atomically(path: str | os.PathLike[str], pieces: Iterable[Any]) -> None:
    """Write bytes to `path`: beside it first, then put in its place.

    Parameters
    ----------
    path : path
        In a folder that exists.
    pieces : iterable of bytes-like
        Written one after the other.

    Raises
    ------
    StorageError
        If the disk is full, the folder is missing or not writable, or `path` is no file. What stood at `path` before
        still does, and nothing else is left.
    """
    target = Path(os.path.realpath(path))  # of a link, write what it points to
    if target.is_dir():
        raise StorageError(f"{path} is a folder. Give the name of a file in it: {Path(path, 'model.safetensors')}.")
    if target.exists() and not target.is_file():
        raise StorageError(f"{path} is a device or a pipe, not a file. Give the name of a file.")
    if not target.parent.is_dir():
        raise StorageError(f"{path} cannot be written: there is no folder {target.parent}. Make it first.")
    beside = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with open(beside, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}. What stood there before still does. Free some "
            "space, or choose another place."
        ) from error
    finally:
        with suppress(OSError):
            os.unlink(beside)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut too, where the system lets a folder be synced."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
