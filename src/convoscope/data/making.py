"""How each kind of data set makes its elements of those of another, and how many they are.

Numbers below 0 are `INFINITE_CARDINALITY` and `UNKNOWN_CARDINALITY`.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from convoscope.background import Prefetch, ordered
from convoscope.data.options import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
from convoscope.data.structure import mapped, rows, stacked

Make = Callable[[], Iterator[Any]]

AUTOMATIC_ROOM = 2  # elements made in advance; fit asks for more


def workers(num_parallel_calls: int | None) -> int:
    """Return how many threads that means."""
    if num_parallel_calls is None:
        return 1
    return (os.cpu_count() or 1) if int(num_parallel_calls) < 0 else max(1, int(num_parallel_calls))


def ordered_map(function: Callable[[Any], Any], make: Make, threads: int) -> Iterator[Any]:
    """Call a function for each element, perhaps in several threads."""
    return ordered(function, make(), threads)


def side_by_side(structure: Any, parts: Sequence[Any]) -> Iterator[Any]:
    """Give elements of several data sets, which are the leaves of a structure, together."""
    for found in zip(*parts, strict=False):
        left = iter(found)
        yield mapped(lambda _, left=left: next(left), structure)


def batches(elements: Iterator[Any], size: int, drop_remainder: bool) -> Iterator[Any]:
    """Join elements, so many at a time."""
    for number in itertools.count(1):
        part = list(itertools.islice(elements, size))
        if not part or (drop_remainder and len(part) < size):
            return
        yield stacked(part, f"Dataset.batch, batch {number}")


def unbatched(elements: Iterator[Any]) -> Iterator[Any]:
    """Give the rows of elements."""
    for element in elements:
        for index in range(rows(element, "Dataset.unbatch")):
            yield mapped(lambda leaf, index=index: leaf[index], element)


def taken(make: Make, count: int) -> Iterator[Any]:
    """Give the first elements. No more are asked for, and none at all for 0."""
    return itertools.islice(make(), count) if count else iter(())


def skipped(make: Make, count: int) -> Iterator[Any]:
    """Give the elements after the first; none for less than 0."""
    return iter(()) if count < 0 else itertools.islice(make(), count, None)


def repeated(make: Make, times: int | None) -> Iterator[Any]:
    """Give the elements again and again. A data set without elements has an end all the same."""
    for _ in itertools.count() if times is None else range(times):
        empty = True
        for element in make():
            empty = False
            yield element
        if empty:
            return


def one_after_the_other(makes: Sequence[Make]) -> Iterator[Any]:
    """Give the elements of several data sets."""
    for make in makes:
        yield from make()


def every(elements: Iterator[Any], count: int, first: int) -> Iterator[Any]:
    """Give every so many-th element."""
    return itertools.islice(elements, first, None, count)


def interleaved(iterators: Iterator[Iterator[Any]], cycle: int, block: int) -> Iterator[Any]:
    """Give elements of several iterators in turn; where one ends, the next takes its place."""
    slots: list[Iterator[Any] | None] = list(itertools.islice(iterators, cycle))
    while slots:
        for index, current in enumerate(slots):
            if current is None:
                continue
            for _ in range(block):
                element = next(current, _END)
                if element is _END:
                    slots[index] = next(iterators, None)
                    break
                yield element
        if all(slot is None for slot in slots):
            return


_END = object()


def prefetched(make: Make, room: int) -> Generator[Any, None, None]:
    """Make elements ahead, in a thread."""
    with Prefetch(make(), room) as ready:
        while found := ready.take(1):
            yield found[0]


class Cache:
    """The elements of a data set, kept when they have all been made once."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._kept: list[Any] | None = None

    def elements(self) -> Iterator[Any]:
        """Give the elements."""
        return self._first_time() if self._kept is None else iter(self._kept)

    def _first_time(self) -> Iterator[Any]:
        made = []
        for element in self._make():
            made.append(element)
            yield element
        self._kept = made


# ---- how many


def least(counts: Sequence[int]) -> int:
    """Return how many elements come where the shortest decides."""
    finite = [count for count in counts if count != INFINITE_CARDINALITY]
    if UNKNOWN_CARDINALITY in finite:
        return UNKNOWN_CARDINALITY
    return min(finite, default=INFINITE_CARDINALITY)


def total(counts: Sequence[int]) -> int:
    """Return how many elements come one after the other."""
    if INFINITE_CARDINALITY in counts:
        return INFINITE_CARDINALITY
    return UNKNOWN_CARDINALITY if UNKNOWN_CARDINALITY in counts else sum(counts)


def times(count: int, repetitions: int | None) -> int:
    """Return how many elements come where all are repeated."""
    if count == 0 or repetitions == 0:
        return 0
    if repetitions is None or count == INFINITE_CARDINALITY:
        return INFINITE_CARDINALITY
    return count if count < 0 else count * repetitions


def less(count: int, left_out: int) -> int:
    """Return how many elements are left where the first are left out."""
    if left_out < 0:
        return 0
    return count if count < 0 else max(0, count - left_out)


def batches_of(count: int, size: int, drop_remainder: bool) -> int:
    """Return how many batches elements make."""
    if count < 0:
        return count
    return count // size if drop_remainder else -(-count // size)
