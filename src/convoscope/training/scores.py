"""Loss and metrics over the samples seen so far."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.training.functional import running_sum
from convoscope.training.objective import Objective


class Scores:
    """Running means of the losses of all outputs, and of metrics.

    The sums do not depend on how many samples are taken in at a time: the engine reports by the clock, and equal runs
    must give equal numbers.

    The metrics are copies, so that an evaluation inside a callback does not disturb the training around it.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._measures = [replace(measure, metric=copy.deepcopy(measure.metric)) for measure in objective.measures]
        for measure in self._measures:
            measure.metric.reset_state()
        self._sums = dict.fromkeys(objective.learned, 0.0)
        self._penalty = 0.0
        self._count = 0

    def add(
        self,
        losses: Sequence[Array | None],
        targets: Sequence[Array | None],
        outputs: Sequence[Array],
        weights: Sequence[Array | None],
        batch_size: int,
        penalties: Array | None = None,
    ) -> None:
        """Take in samples, whole batches of `batch_size` from the first on: some metrics are means over batches.

        For each output there are each sample's loss times its weight (N,), target, output and weight. `penalties` (N,)
        are what regularizers add to the loss of all outputs.
        """
        for output in self._sums:
            own = losses[output]
            assert own is not None
            self._sums[output] = running_sum(self._sums[output], own)
        self._count += len(outputs[0])
        if penalties is not None:
            self._penalty = running_sum(self._penalty, penalties)
        for measure in self._measures:
            target, weight = targets[measure.output], weights[measure.output] if measure.weighted else None
            assert target is not None
            size = batch_size if measure.metric.by_batch else len(target)
            for start in range(0, len(target), max(1, size)):
                part = slice(start, start + size)
                own_weight = None if weight is None else weight[part]
                measure.metric.update_state(target[part], outputs[measure.output][part], own_weight)

    def results(self) -> dict[str, Any]:
        """Return the means by name: the loss, that of each output if there are several, the metrics."""
        means = {output: total / self._count if self._count else 0.0 for output, total in self._sums.items()}
        loss = sum(self._objective.goals[output].weight * mean for output, mean in means.items())
        loss += self._penalty / self._count if self._count else 0.0
        own = {name: means[output] for output, name in self._objective.loss_names.items()}
        return {"loss": loss} | own | {measure.name: _told(measure.metric.result()) for measure in self._measures}


def _told(result: Any) -> Any:
    """Return a result as plain numbers: a float, or an array of them."""
    return np.array(result) if np.ndim(result) else float(result)
