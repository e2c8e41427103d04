"""How a training stands that is watched while it runs: what was heard of it, as plain JSON values for a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from convoscope.training.callbacks.loss_curve import LossCurve
from convoscope.training.progress import Progress


@dataclass(frozen=True)
class RateChange:
    """The learning rate as a person changed it.

    Attributes
    ----------
    epoch, batch : int
        The epoch, counted from 1, and how many of its batches had been trained by then.
    before, after : float
        The learning rate of the next batch without the change, and with it.
    factor : float or None
        What the rates of a schedule are multiplied by from then on; None where there is no schedule.
    """

    epoch: int
    batch: int
    before: float
    after: float
    factor: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values, for a run's history."""
        told = {"batch": self.batch, "before": self.before, "after": self.after}
        return told if self.factor is None else {**told, "factor": self.factor}

    def __str__(self) -> str:
        how = "" if self.factor is None else f" (the schedule × {self.factor:g})"
        return f"epoch {self.epoch}, batch {self.batch}: {self.before:g} → {self.after:g}{how}"


class LiveStatus:
    """What is known of a training by its hooks. Whoever reads and writes it does so within a lock of their own.

    Attributes
    ----------
    stage : {"waiting", "train", "evaluate", "ended"}
    epoch : int
        The epoch under way, counted from 1.
    batch : int
        How many of its batches are trained.
    """

    def __init__(self) -> None:
        self.stage = "waiting"
        self.epoch = 0
        self._progress: Progress | None = None
        self._rate: float | None = None  # images a second
        self._summed = (0, 0.0, 0)  # images, the sum of their losses, and batches of the epoch so far
        self._starts: list[tuple[int, int]] = []  # of the last epochs: the model's steps before each, and its number
        self._curve = LossCurve()

    @property
    def batch(self) -> int:
        return 0 if self._progress is None else self._progress.steps

    def begin(self, epoch: int, steps: int) -> None:
        """An epoch, counted from 1, begins; the model has taken so many steps in its life."""
        self.stage, self.epoch, self._progress, self._summed = "train", epoch, None, (0, 0.0, 0)
        self._starts = [*self._starts[-1:], (steps, epoch)]

    def hear(self, progress: Progress) -> None:
        """Some batches more are trained."""
        images, total, steps = self._summed
        whole = float(progress.logs.get("loss", math.nan)) * progress.done
        if progress.done > images:
            self._curve.add(progress.steps - steps, (whole - total) / (progress.done - images))
        self._summed, self._progress = (progress.done, whole, progress.steps), progress
        self._rate = progress.rate

    def position_of(self, step: int) -> dict[str, int]:
        """Return at which epoch, from 1, and after how many of its batches the model had taken so many steps."""
        for first, epoch in reversed(self._starts):
            if step >= first:
                return {"epoch": epoch, "batch": step - first}
        return {"epoch": 0, "batch": 0}

    def told(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        progress = self._progress
        running: dict[str, Any] = {"rate": self._rate}
        if progress is not None:
            running |= {
                "batches": progress.total_steps,
                "images": progress.done,
                "of": progress.total,
                "left": progress.seconds_left,
                "loss": finite(float(progress.logs.get("loss", math.nan))),
            }
        curve = [[batch, finite(loss)] for batch, loss in self._curve.points()]
        return {"stage": self.stage, "epoch": self.epoch, "batch": self.batch, **running, "curve": curve}


def finite(value: float) -> float | None:
    """Return a number, or None for what JSON has no number for."""
    return value if math.isfinite(value) else None
