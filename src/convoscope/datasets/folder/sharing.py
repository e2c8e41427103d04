"""What threads that read images share: the memory for decoding, and Python's filters of warnings."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """Memory for decoding, shared by threads: who wants more than is left waits until others have finished.

    Parameters
    ----------
    most : int
        Bytes. Who wants more than that gets all of it, alone.
    """

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, wanted: int) -> Iterator[None]:
        """Hold so many bytes."""
        wanted = min(wanted, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= wanted)
            self._left -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._left += wanted
                self._changed.notify_all()


ROOM = Room(1 << 29)


class _Quiet:
    """No warnings of Pillow's as long as any thread is reading: of odd metadata, and of large sizes.

    `warnings.catch_warnings` alone, in several threads, can leave the filters of one thread to all, for ever.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._before = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if not self._readers:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._readers += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers:
                self._before.__exit__(None, None, None)


QUIET = _Quiet()
