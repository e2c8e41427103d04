"""LearningRateScheduler: a learning rate for each epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from convoscope.checks import flag
from convoscope.errors import ConfigurationError
from convoscope.streams import show
from convoscope.training.callbacks.base import Callback, Logs


class LearningRateScheduler(Callback):
    """Set the learning rate at the start of each epoch.

    Parameters
    ----------
    schedule : callable
        Called with the epoch, counted from 0, and the current learning rate (or with the epoch alone); returns the
        learning rate for that epoch.
    verbose : int
        1 prints the rate.

    Examples
    --------
    >>> callback = LearningRateScheduler(lambda epoch, lr: lr if epoch < 10 else 0.9 * lr)
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        if not callable(schedule):
            raise ConfigurationError(
                f"LearningRateScheduler: schedule must be a function of epoch and learning rate, but is {schedule!r}. "
                "To set the learning rate for each step, pass the schedule to the optimizer: "
                "Adam(learning_rate=schedule)."
            )
        self.schedule = schedule
        self.verbose = flag(verbose, "verbose", "LearningRateScheduler")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        arguments = (epoch, optimizer.learning_rate) if _takes_two(self.schedule) else (epoch,)
        optimizer.learning_rate = self.schedule(*arguments)
        if self.verbose:
            show(f"Epoch {epoch + 1}: learning rate set to {optimizer.learning_rate:g}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except (TypeError, ValueError):  # ValueError: a built-in function that does not tell
        return False
    return True
