"""One training at a time in a run's folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convoscope.errors import InUseError

# Somebody who only looks whether a folder is in use holds it for an instant.
_TRIES, _PAUSE = 5, 0.02


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a run's folder for the length of a ``with`` block.

    The system gives it back when its holder dies, however it dies. Nothing is written: the folder itself is locked.
    Windows cannot do that, and there nobody is kept out.

    Raises
    ------
    InUseError
        Another process holds it.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not any(_acquired(descriptor, attempt) for attempt in range(_TRIES)):
            raise InUseError(
                f"Another process is training in {folder} at this moment. Wait until it ends, or stop it with Ctrl-C."
            )
        yield
    finally:
        os.close(descriptor)


def is_in_use(folder: Path) -> bool:
    """Say whether a process holds a folder by `alone_in`. On Windows nobody can tell, and the answer is no."""
    if sys.platform == "win32":
        return False
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return not _acquired(descriptor, 0)
    finally:
        os.close(descriptor)


if sys.platform != "win32":
    import fcntl

    def _acquired(descriptor: int, attempt: int) -> bool:
        time.sleep(_PAUSE if attempt else 0.0)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a network folder that knows no locks: better without than not at all
            return True
        return True
