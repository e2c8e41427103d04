"""Batches that are made ahead: bounded by count and size, in order, and trained on together."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.training.streams import ending_its_threads, parts

from convoscope.background import Prefetch, ordered
from convoscope.training.data.batches import Batch
from convoscope.training.draws import Position
from convoscope.training.feeds import Portion
from convoscope.training.samples import Samples
from convoscope.training.streaming import IterableFeed


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Every test ends with the threads that it began with."""
    with ending_its_threads():
        yield


@pytest.mark.parametrize(("options", "most"), [({"room": 3}, 3), ({"room": 100, "size": lambda _: 10, "most": 45}, 4)])
def test_what_lies_ready_is_bounded_by_count_and_by_size(options: dict[str, Any], most: int) -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    with Prefetch(numbers(), **options) as ready:
        _wait_for(lambda: len(made) >= most + 1)
        time.sleep(0.05)
        assert len(made) == most + 1  # the last of them is made, and waits for room
        found = ready.take(1)
        while taken := ready.take():
            found += taken
    assert found == list(range(50))


def test_memory_is_bounded_however_many_batches_there_are(new_model: Any, images: Any) -> None:
    alive, peak = [0], [0]

    def died() -> None:
        alive[0] -= 1

    def made() -> Iterator[Any]:
        for _ in range(500):
            x = images[0][:8].copy()
            alive[0] += 1
            peak[0] = max(peak[0], alive[0])
            weakref.finalize(x, died)
            yield x, images[1][:8]

    new_model().fit(made(), verbose=0)
    # At most ten batches are ready and one is being made, while up to ten that were ready before are trained on.
    assert peak[0] <= 25
    assert alive[0] == 0


def test_a_single_item_may_be_larger_than_all_that_may_lie_ready() -> None:
    with Prefetch(iter(range(5)), size=lambda _: 100, most=10) as ready:
        assert [ready.take() for _ in range(6)] == [[0], [1], [2], [3], [4], []]


def test_results_come_in_order_whatever_takes_long() -> None:
    def slow(number: int) -> int:
        time.sleep(0.02 * (number % 3 == 0))
        return number**2

    assert list(ordered(slow, range(12), workers=4)) == [number**2 for number in range(12)]
    asked: list[int] = []

    def noted() -> Iterator[int]:
        for number in range(100):
            asked.append(number)
            yield number

    results = ordered(slow, noted(), workers=2, room=5)
    assert next(results) == 0
    assert len(asked) == 5
    results.close()


def test_batches_that_lie_ready_are_trained_on_together(images: Any) -> None:
    def check(batch: Batch, where: str) -> Any:
        return Samples([batch.x], [batch.y], [None])

    gathered = threading.Event()

    def made() -> Iterator[Any]:
        yield from parts(images)
        gathered.set()

    feed = IterableFeed(made(), check, "fit")
    portions = feed.portions(Position(), None)
    first: Portion = next(portions)
    gathered.wait(60)
    rest = list(portions)
    assert first.batch_size == 10
    assert len(rest) < 9
    rows = [row for portion in (first, *rest) for row in portion.samples.targets[0]]  # type: ignore[union-attr]
    assert rows == images[1].tolist()


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()
