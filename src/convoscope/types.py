"""Types that many modules share."""

from __future__ import annotations

Pair = tuple[int, int]  # (height, width)
Bounds = tuple[float, float]  # the least and the largest
Shape = tuple[int, ...]  # without the batch axis
Padding = tuple[Pair, Pair]  # ((top, bottom), (left, right))
