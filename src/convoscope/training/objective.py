"""What a model is trained towards and measured by: for each output a loss, what it counts, and metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from convoscope.engine.base import LossRule
from convoscope.training.losses import Loss
from convoscope.training.metrics import Metric


@dataclass(frozen=True)
class Goal:
    """What one output is trained towards and measured by.

    Parameters
    ----------
    name : str
        The output's name.
    loss : Loss or None
        None for an output that nothing is to be learned from.
    weight : float
        What the loss counts in the sum of all outputs' losses.
    metrics, weighted_metrics : tuple of Metric
        What else is measured: each sample alike, or by its sample weight.
    """

    name: str
    loss: Loss | None = None
    weight: float = 1.0
    metrics: tuple[Metric, ...] = ()
    weighted_metrics: tuple[Metric, ...] = ()

    @property
    def is_measured(self) -> bool:
        """Whether targets are needed for anything."""
        return self.loss is not None or bool(self.metrics or self.weighted_metrics)

    def rule(self) -> LossRule | None:
        """Return the loss as an engine computes it, with what it counts; None if there is none."""
        return None if self.loss is None else replace(self.loss.rule(), weight=self.weight)


@dataclass(frozen=True)
class Measure:
    """A metric of one output, under its name in the logs."""

    name: str
    output: int
    metric: Metric
    weighted: bool


@dataclass(frozen=True)
class Objective:
    """The goals of all outputs, in the order of the outputs.

    Examples
    --------
    >>> from convoscope.training.losses import MeanSquaredError
    >>> from convoscope.training.metrics import Accuracy
    >>> squared = MeanSquaredError()
    >>> Objective((Goal("a", squared, metrics=(Accuracy(),)),)).names
    ['loss', 'accuracy']
    >>> Objective((Goal("a", squared, metrics=(Accuracy(),)), Goal("b", squared, weight=0.5))).names
    ['loss', 'a_loss', 'b_loss', 'a_accuracy']
    """

    goals: tuple[Goal, ...]

    @property
    def loss(self) -> Loss | list[Loss | None] | None:
        """The loss of the only output, or a list with that of each."""
        return self.goals[0].loss if len(self.goals) == 1 else [goal.loss for goal in self.goals]

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of all outputs, in the order of the logs."""
        return [measure.metric for measure in self.measures]

    @property
    def learned(self) -> list[int]:
        """The indices of the outputs that have a loss."""
        return [index for index, goal in enumerate(self.goals) if goal.loss is not None]

    def rules(self) -> list[LossRule | None]:
        """Return each output's loss as an engine computes it."""
        return [goal.rule() for goal in self.goals]

    # ---- names in the logs: Keras'

    @cached_property
    def loss_names(self) -> dict[int, str]:
        """The name of each output's own loss; none where one loss is all there is."""
        if len(self.learned) < 2:
            return {}
        names = _Names()
        return {index: names.new(f"{self.goals[index].name}_loss") for index in self.learned}

    @cached_property
    def measures(self) -> list[Measure]:
        """The metrics of all outputs in the order of the logs, which is that of ``evaluate`` in Keras.

        Those of a single output come as they were given; others, and what had to be renamed, by their names.
        """
        names, found = _Names(), []
        for weighted in (False, True):
            for index, goal in enumerate(self.goals):
                for metric in goal.weighted_metrics if weighted else goal.metrics:
                    again = names.new if not weighted else names.new_weighted
                    prefix = f"{goal.name}_" if len(self.goals) > 1 else ""
                    found.append(Measure(again(metric.name, prefix), index, metric, weighted))
        given = [measure.metric.name for measure in found]
        return sorted(found, key=lambda m: (0, given.index(m.name), "") if m.name in given else (1, 0, m.name))

    @property
    def names(self) -> list[str]:
        """The names in the logs: the loss, that of each output if there are several, and the metrics."""
        return ["loss", *self.loss_names.values(), *(measure.name for measure in self.measures)]

    def higher_is_better(self, name: str) -> bool | None:
        """Whether a higher value of that name in the logs is better; None if it is not known."""
        if name == "loss" or name in self.loss_names.values():
            return False
        return next((m.metric.higher_is_better for m in self.measures if m.name == name), None)

    def __str__(self) -> str:
        """Return the names of the losses: ``mean_squared_error``, or ``a: mean_squared_error, b: none``."""
        names = [goal.loss.name if goal.loss is not None else "none" for goal in self.goals]
        if len(names) == 1:
            return names[0]
        return ", ".join(f"{goal.name}: {name}" for goal, name in zip(self.goals, names, strict=True))


class _Names:
    """Names that do not come twice: what comes again gets a number, or the word "weighted", as in Keras."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def new(self, name: str, prefix: str = "") -> str:
        name = prefix + name
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        return f"{name}_{count}" if count else name

    def new_weighted(self, name: str, prefix: str = "") -> str:
        return self.new(name, f"{prefix}weighted_" if prefix + name in self._counts else prefix)
