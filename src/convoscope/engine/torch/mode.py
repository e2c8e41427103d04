"""Whether steps run in training, which part of a batch this process has, and what it sums with other processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


class Alone:
    """The only process: it has whole batches, and nobody to agree with.

    Several processes each have an object with these methods. All are given the same stretches, and each computes its
    part of every batch; random numbers and a loss's shares follow from a sample's position in the whole batch.
    """

    #: Whether batch normalisation takes its statistics from the whole batch, by `moments`; if not, from `part` alone.
    normalizes_together = False

    def part(self, count: int) -> slice:
        """Return which samples of a batch of `count` this process computes: neighbours, at least one."""
        return slice(0, count)

    def summed(self, gradient: Tensor) -> Tensor:
        """Return the sum of all processes' gradients: those of all weights in a row, before clipping and the update."""
        return gradient

    def moments(self, sums: Tensor) -> Tensor:
        """Return the sum of all processes' sums of a batch normalisation, differentiable."""
        return sums

    def gathered(self, found: Tensor, count: int) -> Tensor:
        """Return what was found for all `count` samples of a batch, from what this process found for its part."""
        return found


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
