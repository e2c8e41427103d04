"""ModelCheckpoint: the model is saved as training goes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from convoscope.checks import equal, flag, integer, real
from convoscope.errors import ConfigurationError, StorageError
from convoscope.names import for_terminal
from convoscope.paths import user_path
from convoscope.streams import show
from convoscope.training.callbacks.base import Logs
from convoscope.training.callbacks.monitor import MonitorCallback
from convoscope.training.options import reject_unsupported


class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, after each epoch, or after each that is the best so far.

    Parameters
    ----------
    filepath : str or path
        May contain the epoch and its logs: ``"model-{epoch:02d}-{val_loss:.2f}.safetensors"``.
    monitor : str
        The value that tells which epoch is the best, for `save_best_only`.
    verbose : int
        1 prints a line for each file.
    save_best_only : bool
        Whether only improvements are saved.
    save_weights_only : bool
        Whether the file has only the weights, which ``model.load_weights`` reads, in Keras' format if the name ends in
        ``.weights.h5`` (see `convoscope.models.weights.save_weights`). Otherwise it has the whole model with the
        optimizer's state, which `load_model` reads.
    mode : {"auto", "min", "max"}
        Whether lower or higher values are better.
    save_freq : "epoch" or int
        A number saves after that many batches.
    initial_value_threshold : float, optional
        A value that the first saved model has to beat.
    **options
        Those of older versions of Keras: ``period=1`` changes nothing; the error for any other says what to write.

    Examples
    --------
    >>> import os
    >>> import tempfile
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))])  # right at once
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((4, 1)), np.zeros((4, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saving = ModelCheckpoint(f"{folder}/{{epoch:02d}}-{{loss:.1f}}.safetensors")
    ...     history = model.fit(x, y, epochs=2, verbose=0, callbacks=[saving])
    ...     sorted(os.listdir(folder))
    ['01-0.0.safetensors', '02-0.0.safetensors']
    """

    remembered = ("best", "_batches")

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
        **options: Any,
    ) -> None:
        self._refuse(options)
        super().__init__(monitor, mode)
        where = type(self).__name__
        self.filepath = os.fspath(user_path(filepath))
        self.verbose = flag(verbose, "verbose", where)
        self.save_best_only = flag(save_best_only, "save_best_only", where)
        self.save_weights_only = flag(save_weights_only, "save_weights_only", where)
        self.save_freq = "epoch" if equal(save_freq, "epoch") else integer(save_freq, "save_freq", where)
        self.best = None
        if initial_value_threshold is not None:
            self.best = real(initial_value_threshold, "initial_value_threshold", where)
        self._batches = 0
        self._epoch = 0

    def _refuse(self, options: dict[str, Any]) -> None:
        """Say which of the arguments of older versions cannot be done."""
        if not equal(options.get("period", 1), 1):
            raise ConfigurationError(
                f"ModelCheckpoint: period={options['period']!r} is an argument of an older Keras that sets the epochs "
                "between saves. Write save_freq=N to save after every N batches, where N is the batches of an epoch "
                f"times {options['period']!r}."
            )
        reject_unsupported(options, {"period": (1,)}, type(self))

    def reset(self) -> None:
        """Keep the best of the training before, as Keras does: a better model is not overwritten by a worse one."""

    def watches(self, hook: str) -> bool:
        # Saving once an epoch must not make the engine stop after every batch.
        return super().watches(hook) and (hook != "on_train_batch_end" or self.save_freq != "epoch")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            return
        self._batches += 1
        if self._batches >= int(self.save_freq):
            self._batches = 0
            self._save(self._epoch, logs or {}, batch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: Logs, batch: int | None = None) -> None:
        path = self._path(epoch, logs, batch)
        if self.save_best_only:
            value = self.monitored(logs)
            if value is not None and not self.improves(value, self.best):
                self._say(epoch, f"{self.monitor} did not improve from {self.best:.5f}")
                return
            if value is not None:
                self._say(epoch, f"{self.monitor} improved to {value:.5f}")
                self.best = value
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"ModelCheckpoint: the folder {path.parent} cannot be created ({error.strerror})."
            ) from None
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        self._say(epoch, f"{'weights' if self.save_weights_only else 'model'} saved to {path}")

    def _path(self, epoch: int, logs: Logs, batch: int | None) -> Path:
        known = {**logs, "epoch": epoch + 1} | ({} if batch is None else {"batch": batch + 1})
        try:
            return user_path(self.filepath.format(**known))
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"ModelCheckpoint: the file name {self.filepath!r} cannot be formatted ({error}). Available values: "
                f"{', '.join(known)}; write them as {{epoch:02d}} or {{loss:.2f}}."
            ) from None

    def _say(self, epoch: int, what: str) -> None:
        if self.verbose:
            show(for_terminal(f"Epoch {epoch + 1}: {what}"))
