"""ReduceLROnPlateau: smaller steps when training no longer helps."""

from __future__ import annotations

from typing import Any

from convoscope.checks import flag, integer, real
from convoscope.errors import ConfigurationError
from convoscope.streams import show
from convoscope.training.callbacks.base import Logs
from convoscope.training.callbacks.monitor import MonitorCallback
from convoscope.training.options import reject_unsupported


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by `factor` when a measured value has stopped improving.

    Parameters
    ----------
    monitor : str
        The name of the watched value in the logs.
    factor : float
        The factor for the learning rate, below 1.
    patience : int
        After how many epochs without improvement the rate is reduced.
    verbose : int
        1 prints a line when the rate is reduced.
    mode : {"auto", "min", "max"}
        Whether lower or higher values are better.
    min_delta : float
        The least change that counts as an improvement.
    cooldown : int
        How many epochs after a reduction do not count towards `patience`.
    min_lr : float
        The lowest learning rate.
    **options
        None is accepted: the error for an argument of an older Keras gives its present name.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))])  # right at once
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((4, 1)), np.zeros((4, 1))
    >>> reducing = ReduceLROnPlateau("loss", factor=0.5, patience=2)
    >>> history = model.fit(x, y, epochs=6, verbose=0, callbacks=[reducing])
    >>> history.history["learning_rate"]
    [0.01, 0.01, 0.01, 0.005, 0.005, 0.0025]
    """

    remembered = ("best", "wait", "cooldown_counter")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **options: Any,
    ) -> None:
        reject_unsupported(options, {}, type(self), {"epsilon": "min_delta"})
        super().__init__(monitor, mode, min_delta)
        where = type(self).__name__
        if not 0 < real(factor, "factor", where) < 1:
            raise ConfigurationError(f"ReduceLROnPlateau: factor must be above 0 and below 1, but is {factor!r}.")
        self.factor = factor
        self.patience = integer(patience, "patience", where, minimum=0)
        self.verbose = flag(verbose, "verbose", where)
        self.cooldown = integer(cooldown, "cooldown", where, minimum=0)
        self.min_lr = real(min_lr, "min_lr", where)
        self.reset()

    def reset(self) -> None:
        super().reset()
        self.wait = 0
        self.cooldown_counter = 0

    def in_cooldown(self) -> bool:
        """Whether a reduction was made so recently that epochs are not counted."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        value = self.monitored(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        rate = self.model.optimizer.learning_rate
        if rate <= self.min_lr:
            return
        self.model.optimizer.learning_rate = max(rate * self.factor, self.min_lr)
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose:
            show(f"Epoch {epoch + 1}: learning rate reduced to {self.model.optimizer.learning_rate:g}.")
