"""Where the values of a network lie while it computes: values that are never needed together share their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Life:
    """From which step to which, both counted in, `size` numbers are needed."""

    size: int
    first: int
    last: int


def places(lives: Sequence[Life]) -> tuple[list[int], int]:
    """Find a place for each value: an offset, and the size of it all.

    The largest values choose first, and each takes the lowest place that is free as long as it lives.

    Examples
    --------
    >>> places([Life(100, 0, 1), Life(40, 1, 2), Life(90, 2, 3)])
    ([0, 100, 0], 140)
    """
    offsets = [0] * len(lives)
    placed: list[int] = []
    for index in sorted(range(len(lives)), key=lambda each: -lives[each].size):
        life = lives[index]
        taken = sorted(
            (offsets[other], lives[other].size)
            for other in placed
            if lives[other].first <= life.last and life.first <= lives[other].last
        )
        for start, size in taken:
            if offsets[index] + life.size <= start:
                break
            offsets[index] = max(offsets[index], start + size)
        placed.append(index)
    return offsets, max((offset + life.size for offset, life in zip(offsets, lives, strict=True)), default=0)
