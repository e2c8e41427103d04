"""History: what each epoch measured."""

from __future__ import annotations

from convoscope.training.callbacks.base import Callback, Logs


class History(Callback):
    """What ``fit`` returns: the logs of each epoch.

    Attributes
    ----------
    history : dict of str to list
        For each name, one value an epoch.
    epoch : list of int
        The epochs, counted from 0.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []
        self.model.history = self

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
