"""Snapshots: the weights after every epoch, small, to look back at."""

from __future__ import annotations

import os
import re
import warnings
from contextlib import suppress
from pathlib import Path

from convoscope.errors import ConvoscopeWarning
from convoscope.paths import user_path
from convoscope.training.callbacks.base import Callback, Logs

_NAME = re.compile(r"epoch-(\d{4,})\.safetensors")


class Snapshots(Callback):
    """Save the weights before the first epoch and after each epoch, each time in a new file.

    Parameters
    ----------
    folder : str or path
        The folder for the files, which is created if necessary. A training that begins with epoch n deletes snapshots
        of later epochs in it: they belong to another training, or to epochs that are repeated.

    Notes
    -----
    A file ``epoch-0003.safetensors`` is the model after three epochs, as `load_model` reads it. It has no optimizer
    state and is in half precision: 2 bytes for each weight, where the model with Adam's state takes 12. So each weight
    is off by at most 1/2048 of itself (see `convoscope.models.save_model`), which changes probabilities by about 0.001,
    and few predictions. To continue training, use a checkpoint instead.

    If the disk is full, training continues without snapshots, and a warning says so once.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import convoscope as cs
    >>> x, y = np.random.default_rng(0).random((8, 3)), np.arange(8) % 2
    >>> model = cs.Sequential([cs.layers.Dense(2, activation="softmax", input_shape=(3,))], seed=1)
    >>> model.compile(loss="sparse_categorical_crossentropy")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[cs.callbacks.Snapshots(folder)])
    ...     first, *_, last = (cs.load_model(path) for path in find_snapshots(folder).values())
    >>> bool(np.abs(last.predict(x, verbose=0) - model.predict(x, verbose=0)).max() < 0.001)
    True
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        super().__init__()
        self.folder = user_path(folder)
        self._begun = False
        self._works = True

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._begun, self._works = False, True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self._begun:
            return
        self._begun = True
        for number, path in find_snapshots(self.folder).items():
            if number > epoch:
                with suppress(OSError):
                    path.unlink()
        self._keep(epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._keep(epoch + 1)

    def _keep(self, epochs: int) -> None:
        """Write the weights as they are after so many epochs."""
        if not self._works:
            return
        try:
            with suppress(FileExistsError):
                self.folder.mkdir(parents=True)
            self.model.save(self.folder / f"epoch-{epochs:04d}.safetensors", half=True)
        except OSError as error:
            self._works = False
            warnings.warn(
                f"The snapshot after epoch {epochs} could not be saved, and training continues without further "
                f"snapshots: {error.strerror or error}",
                ConvoscopeWarning,
                stacklevel=2,
            )


def find_snapshots(folder: str | os.PathLike[str]) -> dict[int, Path]:
    """Find the snapshots in a folder: from the number of epochs after which each was kept to its file, in order.

    A folder that is not there has none.
    """
    with suppress(OSError):
        names = ((_NAME.fullmatch(path.name), path) for path in user_path(folder).iterdir())
        return dict(sorted((int(name[1]), path) for name, path in names if name))
    return {}
