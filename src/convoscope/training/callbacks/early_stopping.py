"""EarlyStopping: training ends when it no longer helps."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from convoscope.checks import flag, integer, real
from convoscope.engine.base import Array
from convoscope.streams import show
from convoscope.training.callbacks.base import Logs
from convoscope.training.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stop training when a measured value has stopped improving.

    Parameters
    ----------
    monitor : str
        The name of the watched value in the logs.
    min_delta : float
        The least change that counts as an improvement.
    patience : int
        After how many epochs without improvement training stops.
    verbose : int
        1 prints a line when training is stopped.
    mode : {"auto", "min", "max"}
        Whether lower or higher values are better.
    baseline : float, optional
        A value to beat: epochs that are not better count as no improvement.
    restore_best_weights : bool
        Whether the model ends with the weights of its best epoch instead of its last.
    start_from_epoch : int
        Epochs before this one are not watched.

    Attributes
    ----------
    stopped_epoch, best_epoch : int
        Counted from 0; ``stopped_epoch`` is 0 as long as training has not been stopped.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))])  # right at once
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((4, 1)), np.zeros((4, 1))
    >>> model.fit(x, y, epochs=20, verbose=0, callbacks=[EarlyStopping("loss", patience=2)]).epoch
    [0, 1, 2]
    """

    remembered = ("best", "wait", "stopped_epoch", "best_epoch")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        where = type(self).__name__
        self.patience = integer(patience, "patience", where, minimum=0)
        self.verbose = flag(verbose, "verbose", where)
        self.baseline = None if baseline is None else real(baseline, "baseline", where)
        self.restore_best_weights = flag(restore_best_weights, "restore_best_weights", where)
        self.start_from_epoch = integer(start_from_epoch, "start_from_epoch", where, minimum=0)
        self.reset()

    def reset(self) -> None:
        super().reset()
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: list[Array] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.monitored(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._remember(epoch)
        self.wait += 1
        if self.improves(value, self.best):
            self.best = value
            self._remember(epoch)
            if self.improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _remember(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            show(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                show(f"Restoring the weights of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def state(self) -> dict[str, Any]:
        # Weights go as base64: JSON is what a run's state is kept in, and they are needed to the last bit.
        best = None if self.best_weights is None else [_packed(weight) for weight in self.best_weights]
        return {**super().state(), "best_weights": best}

    def take_up(self, state: Mapping[str, Any]) -> None:
        super().take_up(state)
        best = state["best_weights"]
        self.best_weights = None if best is None else [_unpacked(weight) for weight in best]


def _packed(weight: Array) -> dict[str, Any]:
    values = np.ascontiguousarray(weight, dtype="<f4")
    return {"shape": list(weight.shape), "float32": base64.b64encode(values.tobytes()).decode("ascii")}


def _unpacked(weight: Mapping[str, Any]) -> Array:
    values: Array = np.frombuffer(base64.b64decode(weight["float32"]), dtype="<f4").astype(np.float32)
    return values.reshape([int(length) for length in weight["shape"]])
