"""One training step on one batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convoscope import processes
from convoscope.checks import flag
from convoscope.training import loop
from convoscope.training.callbacks import CallbackList
from convoscope.training.compatibility import check_losses
from convoscope.training.feeding import ClassWeight
from convoscope.training.feeds import Portion
from convoscope.training.samples import compiled, gather
from convoscope.training.shared import begin_together
from convoscope.training.trainable import Trainable


@processes.together()
def train_on_batch(
    model: Trainable,
    x: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    class_weight: ClassWeight = None,
    return_dict: bool = False,
) -> float | list[float] | dict[str, float]:
    """Take one step on one batch of any size, and return the loss and metrics from before the step.

    Arguments, results and errors are those of `fit` and `evaluate`.
    """
    _, objective = compiled(model, "train_on_batch")
    begin_together(model, "train_on_batch")
    check_losses(objective, model.executable().plan)
    return_dict = flag(return_dict, "return_dict", "train_on_batch")
    samples = gather(model, x, y, sample_weight, "train_on_batch").weighted(class_weight, model, "train_on_batch")
    portion = Portion(samples, len(samples))
    logs, _ = loop.train(model, [portion], CallbackList(), _unreported, "train_on_batch", 1)
    return returned(logs, return_dict)


def _unreported(steps: int, samples: int, logs: Mapping[str, float]) -> None:
    """Say nothing."""


def returned(logs: dict[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    """Return what was measured as Keras does: a number, a list of several, or all by their names."""
    if return_dict:
        return logs
    values = list(logs.values())
    return values if len(values) > 1 else values[0]
