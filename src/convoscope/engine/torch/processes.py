"""Training in many processes: each computes its part of every batch, and gradients are added up.

What `torch.nn.parallel.DistributedDataParallel` does with a module, done with the row of gradients that the engine has
anyway: one sum a step. DistributedDataParallel takes the mean of the processes' means, which is the batch's mean only
where all have as many samples; and the engine's weights are tensors that it is given, and belong to no module.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from convoscope import processes
from convoscope.engine.base import Array, Stretch, each
from convoscope.engine.torch.mode import Alone
from convoscope.errors import ConfigurationError
from convoscope.processes import Team

_COMPARED = 1 << 16  # bytes of a stretch's targets that are compared between processes


class Together(Alone):
    """This process among those of `convoscope.processes.together`; outside of it, the only one.

    Parameters
    ----------
    synchronized : bool
        Whether batch normalization takes mean and variance of the whole batch. If not, each process takes those of its
        part, and the moving averages are the means of theirs.
    """

    records = False

    def __init__(self, synchronized: bool = True) -> None:
        self.synchronized = synchronized

    def of_batch(self, count: int) -> Alone:
        team = processes.team()
        if not isinstance(team, Team):
            return ALONE
        return Member(team, self.synchronized) if count >= team.size else Repeating(team)

    def agreed(self, stretch: Stretch, seconds: float, pace: float) -> tuple[int, float]:
        team = processes.team()
        if not isinstance(team, Team):
            return super().agreed(stretch, seconds, pace)
        # The first process says how many steps its time is enough for: by the clock, each would stop at another one.
        steps = max(1, int(min(stretch.steps, seconds / pace))) if pace else 1
        facts = [len(stretch.rows), stretch.batch_size, stretch.iteration, stretch.seed, _sum_of(stretch)]
        told = team.numbers([int(team.is_interrupted), steps, *facts])
        if any(interrupted for interrupted, *_ in told):
            raise KeyboardInterrupt
        for number, (_, _, *others) in enumerate(told):
            if others != told[0][2:]:
                raise ConfigurationError(_different(number, others, told[0][2:]))
        return told[0][1], math.inf

    def leave(self) -> None:
        processes.team().leave()

    def gathered(self, parts: Sequence[Array], counts: Sequence[int]) -> list[Array]:
        team = processes.team()
        divided = [isinstance(self.of_batch(count), Member) for count in counts]
        if not isinstance(team, Team) or not any(divided):
            return list(parts)
        if team.has_left:  # nobody knows what the others found: it counts as not computed
            shapes = [(count, *part.shape[1:]) for part, count in zip(parts, counts, strict=True)]
            return [np.full(shape, np.nan, parts[0].dtype) for shape in shapes]
        sizes = np.array([[_size(count, rank, team.size) for rank in range(team.size)] for count in counts])
        of_ranks = sizes[divided].sum(axis=0)
        mine = np.concatenate([part for part, one in zip(parts, divided, strict=True) if one])
        whole = team.joined(mine, of_ranks.tolist())
        starts = np.cumsum([0, *of_ranks[:-1]])
        found = list(parts)
        for index in np.flatnonzero(divided):
            ends = starts + sizes[index]
            found[index] = np.concatenate([whole[start:end] for start, end in zip(starts, ends, strict=True)])
            starts = ends
        return found

    def settled(self, others: Sequence[Tensor]) -> tuple[Tensor, ...]:
        team = processes.team()
        if self.synchronized or not isinstance(team, Team) or team.has_left:
            return tuple(others)
        return tuple((_added(team, each.double()) / team.size).to(each) for each in others)


class Member(Alone):
    """One of a team, for batches of which each has a part."""

    def __init__(self, team: Team, synchronized: bool) -> None:
        self._team, self.normalizes_together = team, synchronized

    def part(self, count: int) -> slice:
        return processes.share_of(count, self._team.rank, self._team.size)

    def summed(self, gradient: Tensor) -> Tensor:
        return _added(self._team, gradient)

    def moments(self, sums: Tensor) -> Tensor:
        if not self.normalizes_together:  # a part of one sample gets here, and the others do not
            return sums
        found: Tensor = _Added.apply(sums, self._team)
        return found


class Repeating(Alone):
    """One of a team, for batches of fewer samples than there are processes: all compute the whole batch."""

    def __init__(self, team: Team) -> None:
        self._team = team

    def summed(self, gradient: Tensor) -> Tensor:
        """Return the first process's gradient: others may have rounded in another way."""
        here = gradient.cpu() if gradient.device.type == "mps" else gradient.clone()
        self._team.run(lambda: dist.broadcast(here, 0))
        return here.to(gradient.device)


ALONE = Alone()


class _Added(torch.autograd.Function):  # type: ignore[misc]
    """The sum over all processes. Each process's loss depends on it, so its gradient is a sum over all, too."""

    @staticmethod
    def forward(ctx: Any, sums: Tensor, team: Team) -> Tensor:
        ctx.team = team
        return _added(team, sums)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _added(ctx.team, gradient), None


def _added(team: Team, values: Tensor) -> Tensor:
    """Return the sum of all processes' values; beside GPUs in double precision, where it costs little."""
    total = values.clone() if values.device.type == "cuda" else values.detach().to("cpu", torch.float64)
    team.run(lambda: dist.all_reduce(total))
    return total.to(values.device, values.dtype)


def _size(count: int, rank: int, size: int) -> int:
    own = processes.share_of(count, rank, size)
    return int(own.stop - own.start)


def _sum_of(stretch: Stretch) -> int:
    """Return a number that tells what is trained on: all processes must have the same rows and targets."""
    found = zlib.crc32(stretch.rows.tobytes())
    for targets in each(stretch.y, 1):
        if targets is not None and len(stretch.rows):
            some = max(1, _COMPARED // max(1, targets[:1].nbytes))
            found = zlib.crc32(targets[stretch.rows[:some]].tobytes(), found)
    return found


def _different(number: int, own: Sequence[int], first: Sequence[int]) -> str:
    names = ("training rows", "samples per batch", "steps taken before", "as the seed")
    told = next(
        (
            f"{mine:,} {name}, and process 1 has {other:,}"
            for name, mine, other in zip(names, own, first, strict=False)
            if mine != other
        ),
        "different samples, or the same samples in another order",
    )
    return (
        f"All processes must get the same batches, of which each computes its share, but process {number + 1} has "
        f"{told}. Use the same seed for the generators of all processes, and do not split the data yourself."
    )
