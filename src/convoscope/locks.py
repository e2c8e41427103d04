"""One process at a time: locks that the operating system gives back when their holder dies, however it dies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from convoscope.errors import InUseError

# Somebody who only looks whether a folder is in use holds it for an instant.
_TRIES, _PAUSE = 5, 0.02
_IN_USE = ".in-use"  # on Windows, where a folder itself cannot be locked


if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int) -> bool | None:
        """Try to lock an open file without waiting.

        Returns
        -------
        bool or None
            True if it is ours until `descriptor` is closed, False if somebody else has it, and None where the file
            system knows no locks, as some network folders do not.
        """
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool | None:
        """Try to lock an open file or folder without waiting.

        Returns
        -------
        bool or None
            True if it is ours until `descriptor` is closed, False if somebody else has it, and None where the file
            system knows no locks, as some network folders do not.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True


def is_open_at(path: Path, descriptor: int) -> bool:
    """Say whether an open file is still the one that is at a path: nobody has removed or replaced it."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


@contextmanager
def locked(path: Path, poll: float = 0.1) -> Iterator[None]:
    """Hold a lock file for the length of a ``with`` block, and wait for it as long as another process holds it.

    Where there are no locks it goes on without: what two processes spoil, checksums must find.

    Parameters
    ----------
    path : Path
        The lock's file. It is made, and removed again.
    poll : float
        Seconds between two looks at a lock that somebody else holds.

    Raises
    ------
    OSError
        The file cannot be made.
    """
    while True:
        file = open(path, "ab")  # noqa: SIM115 - closed below, on Windows before it is removed
        try:
            while try_lock(file.fileno()) is False:
                time.sleep(poll)
        except BaseException:
            file.close()
            raise
        if is_open_at(path, file.fileno()):
            break
        file.close()  # its holder removed it while we waited: this is a lock that nobody else can see
    try:
        yield
    finally:
        if sys.platform == "win32":
            file.close()  # an open file cannot be removed there
        with suppress(OSError):  # on Windows the next one may have it open already, and will remove it
            os.unlink(path)
        file.close()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder for the length of a ``with`` block, and wait for nobody.

    Raises
    ------
    InUseError
        Another process holds it.
    """
    descriptor = _open_folder(folder)
    try:
        if not any(_acquired(descriptor, attempt) for attempt in range(_TRIES)):
            raise InUseError(
                f"Another process is training in {folder}. Wait until it finishes, or stop it with Ctrl-C."
            )
        yield
    finally:
        os.close(descriptor)


def is_in_use(folder: Path) -> bool:
    """Say whether a process holds a folder by `alone_in`; False where the file system cannot tell."""
    descriptor = _open_folder(folder)
    try:
        return try_lock(descriptor) is False
    finally:
        os.close(descriptor)


def _acquired(descriptor: int, attempt: int) -> bool:
    time.sleep(_PAUSE if attempt else 0.0)
    return try_lock(descriptor) is not False  # where there are no locks: better without than not at all


def _open_folder(folder: Path) -> int:
    if sys.platform == "win32":
        return os.open(folder / _IN_USE, os.O_RDWR | os.O_CREAT)
    return os.open(folder, os.O_RDONLY)
