"""Stop training when a goal is reached."""

from __future__ import annotations

from convoscope.training.callbacks import Callback
from convoscope.training.callbacks.base import Logs


class StopAtGoal(Callback):
    """Stop after the epoch that reaches an accuracy.

    Parameters
    ----------
    goal : float
        From 0 to 1.
    monitor : str
        Which accuracy: ``"accuracy"`` or ``"val_accuracy"``.
    """

    def __init__(self, goal: float, monitor: str = "accuracy") -> None:
        super().__init__()
        self.goal = goal
        self.monitor = monitor
        self.reached = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look whether the goal is reached."""
        if (logs or {})[self.monitor] >= self.goal:
            self.reached = True
            self.model.stop_training = True
