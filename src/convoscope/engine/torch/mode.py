"""Whether steps run in training, which part of a batch this process has, and what it sums with other processes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from convoscope.engine.base import Array, Stretch


class Alone:
    """The only process: it has whole batches, and nobody to agree with.

    Several processes each have an object with these methods. All are given the same stretches, and each computes its
    part of every batch; random numbers and a loss's shares follow from a sample's position in the whole batch.
    """

    #: Whether batch normalization takes its statistics from the whole batch, by `moments`; if not, from `part` alone.
    normalizes_together = False
    #: Whether a step may be recorded: it is the same each time, and waits for nobody.
    records = True

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def of_batch(self, count: int) -> Alone:
        """Return who computes a batch of `count` samples: few samples are not worth dividing."""
        return self

    def part(self, count: int) -> slice:
        """Return which samples of a batch of `count` this process computes: neighbours, at least one."""
        return slice(0, count)

    def agreed(self, stretch: Stretch, seconds: float, pace: float) -> tuple[int, float]:
        """Return how many steps of a stretch are taken, and the time from which on no more are begun.

        Parameters
        ----------
        stretch : Stretch
        seconds : float
            How long it may take.
        pace : float
            Seconds that a step took before; 0 if none has been taken.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C has been pressed in another process.
        """
        return stretch.steps, time.perf_counter() + seconds

    def leave(self) -> None:
        """Tell nobody anything more: an error ends this process."""

    def summed(self, gradient: Tensor) -> Tensor:
        """Return the sum of all processes' gradients: those of all weights in a row, before clipping and the update."""
        return gradient

    def moments(self, sums: Tensor) -> Tensor:
        """Return the sum of all processes' sums of a batch normalization, differentiable."""
        return sums

    def gathered(self, parts: Sequence[Array], counts: Sequence[int]) -> list[Array]:
        """Return what was found for all samples of some batches of `counts` samples, from this process's parts."""
        return list(parts)

    def settled(self, others: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return weights that no gradient changes, the same in all processes."""
        return tuple(others)


@dataclass(frozen=True)
class Mode:
    """Whether steps run in training, and what they draw random numbers from.

    ``first`` is the position of the first sample in the whole batch. ``iteration`` may be a tensor, so that a recorded
    step can be played again with another one. ``statistics`` collects, in training, the new values of weights that no
    gradient changes, by the weight's index in the plan.
    """

    training: bool = False
    seed: int = 0
    iteration: Any = 0
    first: int = 0
    processes: Alone = field(default_factory=Alone)
    statistics: dict[int, Tensor] = field(default_factory=dict)


PREDICTION = Mode()
