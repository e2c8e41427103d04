"""Write down each epoch of a run, so that a kill at any moment loses no more than the epoch it falls in."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from convoscope.errors import ConvoscopeWarning
from convoscope.models.files import save_model
from convoscope.runs.folder import RunFolder
from convoscope.training.callbacks import Callback, LiveControl
from convoscope.training.callbacks.base import Logs
from convoscope.training.progress import numbers_in
from convoscope.wording import counted


class RunRecorder(Callback):
    """Append a line an epoch to the history, keep the best model, and save a checkpoint that a run can go on from.

    It comes last among the callbacks, so that what the others decided at the end of an epoch is in the checkpoint.

    Parameters
    ----------
    folder : RunFolder
    remembered : mapping of str to Callback
        Callbacks whose state is kept in the checkpoint, under names that stay the same.
    monitor : str or None
        ``"val_accuracy"`` keeps the model of the epoch where that was highest, the first of equals; None the last one.
    why_stopped : callable
        Gives the reason if training is to end with this epoch, else None.
    control : LiveControl or None
        Who lets a person steer the training: what was changed enters the history, and pauses are no training time.

    Attributes
    ----------
    epochs : list of dict
        The history: a dictionary for each complete epoch, as far as it was kept.
    done : int
        How many epochs are whole.
    best_epoch : int
        The epoch, from 1, whose model is kept.
    stopped : str or None
        Why training ended early.
    """

    def __init__(
        self,
        folder: RunFolder,
        remembered: Mapping[str, Callback],
        monitor: str | None = None,
        why_stopped: Callable[[], str | None] = lambda: None,
        control: LiveControl | None = None,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.remembered = dict(remembered)
        self.monitor = monitor
        self.why_stopped = why_stopped
        self.control = control
        self.epochs: list[dict[str, Any]] = []
        self.done = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.stopped: str | None = None
        self._began = 0.0

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from the training state of a checkpoint, and bring ``history.jsonl`` to just its epochs."""
        self.done = state["epoch"]
        # Earlier versions kept the history in the checkpoint too.
        self.epochs = list(state.get("history") or self.folder.read_history_up_to(self.done))
        if len(self.epochs) < self.done:
            warnings.warn(
                f"{self.folder.history} has only {len(self.epochs)} of the {counted(self.done, 'epoch')} that were "
                "trained. Training continues with the right weights, but the history lacks the others.",
                ConvoscopeWarning,
                stacklevel=2,
            )
        self.best, self.best_epoch, self.stopped = state["best"], state["best_epoch"], state["stopped"]
        for name, callback in self.remembered.items():
            if name in state["callbacks"]:  # a tracker may come later
                callback.restore(state["callbacks"][name])
        self.folder.rewrite_history(self.epochs)

    def state(self) -> dict[str, Any]:
        """Give all that a checkpoint has to say beside the model and its optimizer.

        It is as large after a thousand epochs as after one: what grows is in ``history.jsonl``.
        """
        return {
            "epoch": self.done,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "stopped": self.stopped,
            "callbacks": {name: callback.state() for name, callback in self.remembered.items()},
        }

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._began = time.perf_counter() - self._idle()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch down: history, model, and the checkpoint last, for it says that the rest is there."""
        values = numbers_in(logs)
        seconds = round(time.perf_counter() - self._began - self._idle(), 3)
        changed = [] if self.control is None else self.control.changes_in(epoch + 1)
        line = {
            "epoch": epoch + 1,
            **values,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": seconds,
            **({"rate_changes": changed} if changed else {}),
        }
        self.epochs.append(line)
        self.done = epoch + 1
        self.stopped = self.why_stopped()
        self.folder.append_epoch(line)
        value = None if self.monitor is None else values.get(self.monitor)
        if value is None or self.best is None or value > self.best:
            self.best, self.best_epoch = value, epoch + 1
            save_model(self.model, self.folder.model, include_optimizer=False)
        save_model(self.model, self.folder.checkpoint, training_state=self.state())

    def _idle(self) -> float:
        return 0.0 if self.control is None else self.control.idle_seconds()
