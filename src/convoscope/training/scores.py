"""Loss and metrics over the samples seen so far."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import numpy.typing as npt

from convoscope.training.functional import running_sum
from convoscope.training.metrics import Metric


class Scores:
    """Running means of the loss and of metrics.

    The sums do not depend on how many samples are taken in at a time: the engine reports by the clock, and equal runs
    must give equal numbers.

    The metrics are copies, so that an evaluation inside a callback does not disturb the training around it.
    """

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = [copy.deepcopy(metric) for metric in metrics]
        for metric in self._metrics:
            metric.reset_state()
        self._loss = 0.0
        self._count = 0

    def add(self, losses: npt.NDArray[Any], y: npt.NDArray[Any], outputs: npt.NDArray[Any]) -> None:
        """Take in samples: each one's loss times its weight (N,), its label, its outputs."""
        self._loss = running_sum(self._loss, losses)
        self._count += len(losses)
        for metric in self._metrics:
            metric.update_state(y, outputs)

    def results(self) -> dict[str, float]:
        """Return the means by name, the loss first."""
        loss = self._loss / self._count if self._count else 0.0
        return {"loss": loss} | {metric.name: metric.result() for metric in self._metrics}
