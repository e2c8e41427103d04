"""Compile a classifier as a recipe, or a run's settings, say."""

from __future__ import annotations

import math
from typing import Protocol

from convoscope.models import Sequential

SCHEDULES = ("constant", "one-cycle")


class Training(Protocol):
    """What has to be known; `Recipe` and `convoscope.runs.TrainSettings` say it in the same words."""

    @property
    def optimizer(self) -> str: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def schedule(self) -> str: ...
    @property
    def warmup_share(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def label_smoothing(self) -> float: ...


def compile_classifier(model: Sequential, training: Training, steps: int) -> None:
    """Compile a model that ends in a softmax.

    Parameters
    ----------
    model : Sequential
    training : Training
        With the schedule ``"constant"`` each step has the learning rate; with ``"one-cycle"`` it is the highest one.
    steps : int
        How many steps the whole training takes, which the schedule is stretched over.
    """
    from convoscope.training import losses, optimizers
    from convoscope.training.schedules import OneCycle

    optimizer = optimizers.get(training.optimizer)
    optimizer.weight_decay = training.weight_decay or None
    if training.schedule == "one-cycle":
        optimizer.learning_rate = OneCycle(training.learning_rate, steps, training.warmup_share)
    else:
        optimizer.learning_rate = training.learning_rate
    loss = losses.SparseCategoricalCrossentropy(label_smoothing=training.label_smoothing)
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])


def steps_an_epoch(images: int, batch_size: int) -> int:
    """Return how many steps go once through the images, the last one perhaps on fewer.

    Examples
    --------
    >>> steps_an_epoch(60_000, 64)
    938
    """
    return math.ceil(images / batch_size)
