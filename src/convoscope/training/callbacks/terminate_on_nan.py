"""TerminateOnNaN: training that has gone wrong ends quietly."""

from __future__ import annotations

from convoscope.streams import show
from convoscope.training.callbacks.base import Callback


class TerminateOnNaN(Callback):
    """End training when the loss is no longer a number, without an error.

    Without this callback, training ends with a `TrainingDivergedError`. In either case the model is left as it was at
    the start of the epoch that went wrong (Keras leaves it ruined).

    Parameters
    ----------
    raise_error : bool
        Whether the error is raised after all.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_diverged(self, message: str) -> bool:
        if not self.raise_error:
            show(message)
        return not self.raise_error
