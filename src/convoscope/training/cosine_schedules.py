"""Rates that follow half a cosine: once, again and again, or up and down."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from convoscope.errors import ConfigurationError
from convoscope.training.schedule import LearningRateSchedule, Rates, check_numbers, positive


@dataclass(frozen=True)
class CosineDecay(LearningRateSchedule):
    """The rate falls along half a cosine to `alpha` times its initial value, optionally after a linear warm-up.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (2016).

    Examples
    --------
    >>> CosineDecay(0.1, decay_steps=100)(50)
    0.05
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __post_init__(self) -> None:
        check_numbers(self)
        positive(self.decay_steps, "decay_steps", "CosineDecay")

    def rates(self, steps: Rates) -> Rates:
        if self.warmup_target is None:
            return self.initial_learning_rate * self._fall(steps)
        climb = self.initial_learning_rate + (self.warmup_target - self.initial_learning_rate) * (
            steps / max(1, self.warmup_steps)
        )
        return np.where(steps < self.warmup_steps, climb, self.warmup_target * self._fall(steps - self.warmup_steps))

    def _fall(self, steps: Rates) -> Rates:
        share = np.clip(steps / self.decay_steps, 0.0, 1.0)
        return (1.0 - self.alpha) * 0.5 * (1.0 + np.cos(math.pi * share)) + self.alpha


@dataclass(frozen=True)
class CosineDecayRestarts(LearningRateSchedule):
    """The rate falls along half a cosine again and again: each time over `t_mul` as many steps, from `m_mul` as high.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (2016).

    Examples
    --------
    >>> schedule = CosineDecayRestarts(0.1, first_decay_steps=100)
    >>> [round(schedule(step), 4) for step in (0, 50, 100, 200, 300)]
    [0.1, 0.05, 0.1, 0.05, 0.1]
    """

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def __post_init__(self) -> None:
        check_numbers(self)
        positive(self.first_decay_steps, "first_decay_steps", "CosineDecayRestarts")
        positive(self.t_mul, "t_mul", "CosineDecayRestarts")

    def rates(self, steps: Rates) -> Rates:
        done = steps / self.first_decay_steps
        if self.t_mul == 1.0:
            restarts = np.floor(done)
            share = done - restarts
        else:
            # The lengths are a geometric series; what is a hair below a restart by rounding is at it.
            restarts = np.floor(np.log(1.0 - done * (1.0 - self.t_mul)) / math.log(self.t_mul) + 1e-9)
            before = (1.0 - self.t_mul**restarts) / (1.0 - self.t_mul)
            share = (done - before) / self.t_mul**restarts
        fall = 0.5 * self.m_mul**restarts * (1.0 + np.cos(math.pi * share))
        return self.initial_learning_rate * ((1.0 - self.alpha) * fall + self.alpha)


@dataclass(frozen=True)
class OneCycle(LearningRateSchedule):
    """The rate rises to `max_rate`, then falls far below its start, each along half a cosine.

    Parameters
    ----------
    max_rate : float
        The highest learning rate.
    total_steps : int
        How many steps the whole run takes: epochs × steps an epoch. Later steps keep the last rate.
    warmup_share : float
        The share of the steps in which the rate rises.
    start_factor, end_factor : float
        The run starts at ``max_rate / start_factor`` and ends at ``max_rate / start_factor / end_factor``.

    Notes
    -----
    Source: Smith, A disciplined approach to neural network hyper-parameters (2018); the numbers are those of
    PyTorch's ``OneCycleLR`` with its defaults.

    Examples
    --------
    >>> schedule = OneCycle(0.1, total_steps=100)
    >>> [round(schedule(step), 7) for step in (0, 29, 99)]
    [0.004, 0.1, 4e-07]
    """

    max_rate: float
    total_steps: int
    warmup_share: float = 0.3
    start_factor: float = 25.0
    end_factor: float = 1e4
    name: str = "OneCycle"

    def __post_init__(self) -> None:
        check_numbers(self)
        positive(self.total_steps, "total_steps", "OneCycle")
        positive(self.start_factor, "start_factor", "OneCycle")
        positive(self.end_factor, "end_factor", "OneCycle")
        if not 0.0 <= self.warmup_share <= 1.0:
            raise ConfigurationError(f"OneCycle: warmup_share must be from 0 to 1, but is {self.warmup_share!r}.")

    def rates(self, steps: Rates) -> Rates:
        start, last = self.max_rate / self.start_factor, self.total_steps - 1
        end, top = start / self.end_factor, self.warmup_share * self.total_steps - 1
        climb = _half_cosine(start, self.max_rate, steps / top if top > 0 else np.ones_like(steps))
        fall = _half_cosine(self.max_rate, end, (steps - top) / (last - top) if last > top else np.ones_like(steps))
        return np.where(steps <= top, climb, fall)


def _half_cosine(start: float, end: float, share: Rates) -> Rates:
    return end + (start - end) * 0.5 * (1.0 + np.cos(math.pi * np.clip(share, 0.0, 1.0)))
