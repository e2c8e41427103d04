"""Files that are whole at any moment: a reader, or a crash, sees the old file or the new one and nothing between.

A file is written beside its place, as ``.NAME.PROCESS-THREAD``, and then put into it. Whoever writes holds that file
locked, so what a killed process left can be told from what another one is writing; it is removed when the same file is
written again, and by `remove_leftovers`.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from convoscope.errors import FileFormatError, StorageError
from convoscope.locks import is_open_at, try_lock
from convoscope.names import json_text
from convoscope.paths import open_regular

_LEFT = re.compile(r"\.(?P<name>.+)\.\d+-\d+", re.DOTALL)
_LONGEST_NAME = 200  # bytes, of the 255 that a file's name may have: the rest is for process and thread
_LARGEST_JSON = 1 << 28
_AN_HOUR = 3600.0
_TRIES = 10


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
    # os.path and not pathlib, which raises where a name is too long: writing says that better.
    if os.path.isdir(target):
        raise StorageError(f"{path} is a folder. Give a file name inside it: {Path(path, 'model.safetensors')}.")
    if os.path.exists(target) and not os.path.isfile(target):
        raise StorageError(f"{path} is a device or a pipe, not a file. Give a file name.")
    if not target.parent.is_dir():
        raise StorageError(f"{path} cannot be written: there is no folder {target.parent}. Create it first.")
    try:
        remove_leftovers(target.parent, target.name)
        with _beside(target) as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform == "win32":
                file.close()  # an open file cannot be moved there
            os.replace(file.name, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}. "
            f"{'The previous file is unchanged. ' if os.path.exists(target) else ''}{remedy(error)}."
        ) from error


def remedy(error: OSError) -> str:
    """Return what to do about a file that could not be written, as the end of a message.

    Examples
    --------
    >>> remedy(PermissionError(errno.EACCES, "Permission denied")), remedy(OSError(errno.ENOSPC, "No space"))
    ('Choose another location', 'Free some space or choose another location')
    """
    full = error.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", None))
    return "Free some space or choose another location" if full else "Choose another location"


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object for people and programs to read, whole or not at all."""
    write_atomically(path, [(json_text(content, indent=2) + "\n").encode()])


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    MissingFileError
        There is no such file, or it cannot be read.
    FileFormatError
        It is not UTF-8, not JSON, nested too deeply, too large, or no object.
    """
    with open_regular(path) as file:
        text = _read_up_to(file, path)
    try:
        content = json.loads(text.decode("utf-8"))
    except RecursionError as error:
        raise FileFormatError(f"{path} is damaged: it is nested too deeply.") from error
    except ValueError as error:
        raise FileFormatError(f"{path} is damaged: it is not JSON ({error}).") from error
    if not isinstance(content, dict):
        raise FileFormatError(f"{path} is damaged: expected a JSON object, but it holds a {type(content).__name__}.")
    return content


def remove_leftovers(folder: Path, name: str | None = None) -> None:
    """Remove what killed processes left beside the files of a folder, or beside one of them.

    What a process is writing at this moment stays, and so does everything where the file system knows no locks.
    """
    beginning = "." if name is None else f".{_shortened(name)}."
    with suppress(OSError):
        for left in os.listdir(folder):
            if not left.startswith(beginning):  # of thousands of snapshots
                continue
            found = _LEFT.fullmatch(left)
            if found is not None and (name is None or found["name"] == _shortened(name)):
                _remove_if_left(folder / left)


@contextmanager
def _beside(target: Path) -> Iterator[BinaryIO]:
    """Open a new file beside `target`, locked as long as it is open. It is gone afterwards, unless it was moved."""
    path = target.with_name(f".{_shortened(target.name)}.{os.getpid()}-{threading.get_ident()}")
    try:
        with _new_and_locked(path) as file:
            yield file
    finally:
        with suppress(OSError):
            os.unlink(path)


def _shortened(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:_LONGEST_NAME])


def _new_and_locked(path: Path) -> BinaryIO:
    for attempt in range(_TRIES):
        file = open(path, "wb")  # noqa: SIM115 - closed by whoever asked for it
        # Between opening and locking, somebody who tidies up may have taken it for left.
        if (ours := try_lock(file.fileno())) is not False and is_open_at(path, file.fileno()):
            return file
        file.close()
        if ours is False:
            time.sleep(0.001 * 2**attempt)  # whoever tidies up holds it for an instant, or longer on a busy machine
    return open(path, "wb")


def _remove_if_left(path: Path) -> None:
    with suppress(OSError):
        if sys.platform == "win32":
            if time.time() - path.stat().st_mtime > _AN_HOUR:  # between closing and moving it nobody holds it there
                path.unlink()
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            # Since it was opened, its writer may have put it in its place, and have begun the next one.
            if try_lock(descriptor) and is_open_at(path, descriptor):
                path.unlink()
        finally:
            os.close(descriptor)


def _read_up_to(file: BinaryIO, path: Path) -> bytes:
    try:
        text = file.read(_LARGEST_JSON + 1)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(text) > _LARGEST_JSON:
        raise FileFormatError(f"{path} is damaged: it is larger than {_LARGEST_JSON >> 20} MB.")
    return text


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut too, where the system lets a folder be synced."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
