"""BackupAndRestore: training that was cut off goes on where it stopped."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from convoscope.checks import equal, flag, integer
from convoscope.errors import StorageError
from convoscope.paths import user_path
from convoscope.training.callbacks.base import Callback, Logs

_NAME = re.compile(r"epoch-(\d{4,})\.safetensors")


class BackupAndRestore(Callback):
    """Back up the state of training in a folder, and continue from it when the same program is started again.

    Parameters
    ----------
    backup_dir : str or path
        A folder for nothing else. It is created if necessary.
    save_freq : "epoch" or int
        A number saves after that many batches; an interrupted epoch then starts again, with the weights of the backup.
    double_checkpoint : bool
        Changes nothing: a file is replaced as a whole or not at all, so one of them is enough.
    delete_checkpoint : bool
        Whether the backup is removed when training is over.

    Notes
    -----
    The backup is a model file with the optimizer's state: with the same seed (of the model, or by `set_random_seed`)
    the remaining epochs give what they would have given without the interruption.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))])  # right at once
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((4, 1)), np.zeros((4, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for epochs in (2, 5):  # as if the program had been killed after two epochs, and started again
    ...         backup = BackupAndRestore(folder, delete_checkpoint=False)
    ...         model.fit(x, y, epochs=epochs, verbose=0, callbacks=[backup]).epoch
    [0, 1]
    [2, 3, 4]
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        where = type(self).__name__
        self.backup_dir = user_path(backup_dir)
        self.save_freq = "epoch" if equal(save_freq, "epoch") else integer(save_freq, "save_freq", where)
        self.double_checkpoint = flag(double_checkpoint, "double_checkpoint", where)
        self.delete_checkpoint = flag(delete_checkpoint, "delete_checkpoint", where)
        self._epochs = 0  # that are over
        self._batches = 0  # since the last backup
        self._found: int | None = None

    def watches(self, hook: str) -> bool:
        # Once an epoch must not make the engine stop after every batch.
        return super().watches(hook) and (hook != "on_train_batch_end" or self.save_freq != "epoch")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        backups = self._backups()
        self._found = max(backups, default=None)
        if self._found is not None:
            self.model.restore_training(backups[self._found])
        self._batches = 0

    def first_epoch(self) -> int | None:
        return self._found

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epochs = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self.save_freq != "epoch" and self._batches >= int(self.save_freq):
            self._save()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._epochs = epoch + 1
        if self.save_freq == "epoch":
            self._save()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint:
            for path in self._backups().values():
                path.unlink(missing_ok=True)
            with suppress(OSError):  # something else is in it, or it was never made
                self.backup_dir.rmdir()

    def _save(self) -> None:
        self._batches = 0
        try:
            self.backup_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"BackupAndRestore: the folder {self.backup_dir} cannot be created ({error.strerror})."
            ) from None
        earlier = [path for epochs, path in self._backups().items() if epochs != self._epochs]
        self.model.save(self.backup_dir / f"epoch-{self._epochs:04d}.safetensors", overwrite=True)
        for path in earlier:
            path.unlink(missing_ok=True)

    def _backups(self) -> dict[int, Path]:
        """Find the backups: after how many epochs, and the file."""
        with suppress(OSError):
            names = ((_NAME.fullmatch(path.name), path) for path in self.backup_dir.iterdir())
            return {int(name[1]): path for name, path in names if name}
        return {}
