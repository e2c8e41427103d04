"""One process at a time in a folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    def _acquired(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _acquired(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # A network folder without locks. Go on: what two processes spoil, the checksum finds.
            return True
        return True


@contextmanager
def locked(path: Path, poll: float = 0.1) -> Iterator[None]:
    """Hold a lock for the length of a ``with`` block, and wait for it as long as another process holds it.

    The operating system gives the lock back when its holder dies, however it dies.

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
            while not _acquired(file):
                time.sleep(poll)
        except BaseException:
            file.close()
            raise
        if _is_still(path, file):
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


def _is_still(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
