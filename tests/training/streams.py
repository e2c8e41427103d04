"""Batches of arrays, one after the other, and the threads that are left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def parts(images: Any, size: int = 10) -> Iterator[tuple[Any, Any]]:
    x, y = images
    for first in range(0, len(x), size):
        yield x[first : first + size], y[first : first + size]


@contextmanager
def ending_its_threads() -> Iterator[None]:
    """See that all threads that are begun within have ended soon after."""
    before = set(threading.enumerate())
    yield
    end = time.monotonic() + 60
    while (left := set(threading.enumerate()) - before) and time.monotonic() < end:
        time.sleep(0.01)
    assert not left
