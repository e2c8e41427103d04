"""Threads beside the one that trains: getting things ready ahead, and a function for many items at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")
Made = TypeVar("Made")

_PATIENCE = 10.0  # seconds that `close` waits for something that is still in the making


class Prefetch(Generic[T]):
    """Run an iterator in a thread of its own, some items ahead.

    Parameters
    ----------
    items : iterator
        What makes the items. It runs in the thread, and is asked for no more than it is told to.
    room : int
        How many items may be made in advance.
    size : callable, optional
        What an item takes, in bytes.
    most : int
        How many bytes they may take together; one item is always allowed.

    Notes
    -----
    What the iterator raises comes out of `take`, after the items before it. The thread ends when the iterator does, or
    at `close`, which a ``with`` calls: at latest when the item that it is making is done.

    Examples
    --------
    >>> with Prefetch(iter("abc")) as ready:
    ...     [item for items in iter(ready.take, []) for item in items]
    ['a', 'b', 'c']
    """

    def __init__(
        self, items: Iterator[T], room: int = 10, size: Callable[[T], int] = lambda _: 0, most: int = 1 << 27
    ) -> None:
        self._items, self._room, self._size, self._most = items, max(1, room), size, most
        self._ready: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._is_over = self._is_closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="convoscope-prefetch", daemon=True)
        self._thread.start()

    def take(self, most: int | None = None) -> list[T]:
        """Return what lies ready, at most so many items, after waiting for the first; nothing when all is over."""
        with self._changed:
            while not (self._ready or self._is_over):
                self._changed.wait()
            taken: list[T] = []
            while self._ready and (most is None or len(taken) < most):
                item, size = self._ready.popleft()
                self._bytes -= size
                taken.append(item)
            self._changed.notify_all()
            if not taken and self._error is not None:
                error, self._error = self._error, None
                raise error
            return taken

    def close(self) -> None:
        """End the thread. What lies ready is thrown away."""
        with self._changed:
            self._is_closed = True
            self._ready.clear()
            self._changed.notify_all()
        self._thread.join(_PATIENCE)

    def __enter__(self) -> Prefetch[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as error:  # whatever it is, it belongs to who asked for the items
            self._error = error
        finally:
            self._items = iter(())  # lets go of what it holds
            with self._changed:
                self._is_over = True
                self._changed.notify_all()

    def _put(self, item: T) -> bool:
        """Lay an item ready, when there is room, and say whether more is wanted."""
        size = self._size(item)
        with self._changed:
            while not self._is_closed and self._ready and not self._has_room(size):
                self._changed.wait()
            if self._is_closed:
                return False
            self._ready.append((item, size))
            self._bytes += size
            self._changed.notify_all()
            return True

    def _has_room(self, size: int) -> bool:
        return len(self._ready) < self._room and self._bytes + size <= self._most


def ordered(
    function: Callable[[T], Made], items: Iterable[T], workers: int, room: int | None = None
) -> Generator[Made, None, None]:
    """Call a function for each item, several at a time in threads, and give the results in the items' order.

    Parameters
    ----------
    function : callable
        It gains from threads as far as it lets others run: NumPy does, and Pillow while it decodes.
    items : iterable
        Is asked for items in the thread that takes the results.
    workers : int
        How many threads there are; with 1 or fewer, everything is done when its result is asked for.
    room : int, optional
        How many items may be in the making, or made and not yet taken; twice the workers if left out.

    Examples
    --------
    >>> list(ordered(abs, [-1, -2, -3], workers=2))
    [1, 2, 3]
    """
    if workers <= 1:
        yield from map(function, items)
        return
    waiting: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="convoscope-worker")
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= (room or 2 * workers):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
