"""The loss of a training from batch to batch, in as many points as fit into a drawing, however long it goes on."""

from __future__ import annotations

import math

_MOST = 400  # points


class LossCurve:
    """The mean loss of stretches of batches. Where there are too many, neighbours become one.

    Attributes
    ----------
    batches : int
        How many it has heard of.

    Examples
    --------
    >>> curve = LossCurve(most=2)
    >>> for loss in (4.0, 2.0, 1.0, 1.0):
    ...     curve.add(10, loss)
    >>> curve.points()
    [(20, 3.0), (40, 1.0)]
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._least = 1  # batches of a point that is whole
        self._counts: list[int] = []
        self._means: list[float] = []
        self.batches = 0

    def add(self, count: int, loss: float) -> None:
        """Take in the mean loss of the next `count` batches; what is not a number is left out, and leaves a gap."""
        if count <= 0:
            return
        self.batches += count
        if self._counts and self._counts[-1] < self._least:
            self._join(len(self._counts) - 1, count, loss)
        else:
            self._counts.append(count)
            self._means.append(loss)
        if len(self._counts) > self._most:
            self._halve()

    def points(self) -> list[tuple[int, float]]:
        """Return after how many batches each stretch ended, and its mean loss."""
        found, done = [], 0
        for count, mean in zip(self._counts, self._means, strict=True):
            done += count
            found.append((done, mean))
        return found

    def _join(self, index: int, count: int, loss: float) -> None:
        before = self._counts[index]
        self._counts[index] = before + count
        if math.isfinite(loss):
            mean = self._means[index]
            self._means[index] = (mean * before + loss * count) / (before + count) if math.isfinite(mean) else loss

    def _halve(self) -> None:
        counts, means = self._counts, self._means
        self._counts, self._means = counts[::2], means[::2]
        for index in range(len(counts) // 2):
            self._join(index, counts[2 * index + 1], means[2 * index + 1])
        self._least = max(1, self.batches // len(self._counts))
