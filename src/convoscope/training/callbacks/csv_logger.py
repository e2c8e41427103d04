"""CSVLogger: the logs of each epoch in a table."""

from __future__ import annotations

import csv
import os
from typing import Any

from convoscope.checks import flag
from convoscope.errors import ConfigurationError, StorageError
from convoscope.names import for_table, text_of
from convoscope.paths import is_pipe, user_path
from convoscope.training.callbacks.base import Callback, Logs


class CSVLogger(Callback):
    """Write a line with the logs of each epoch into a CSV file.

    Parameters
    ----------
    filename : str or path
    separator : str
        Between the columns.
    append : bool
        Whether lines are added to an existing file, for training that continues, or the file is written anew.

    Notes
    -----
    The columns are the epoch, counted from 0, and the names in the logs in alphabetical order; a value that an epoch
    has not measured is ``NA``. Anything but a number that a callback has put into the logs is written as text, several
    values as ``[1, 2]``, and with an apostrophe before what a spreadsheet would compute.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))])  # right at once
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((4, 1)), np.zeros((4, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     history = model.fit(x, y, epochs=2, verbose=0, callbacks=[CSVLogger(f"{folder}/log.csv")])
    ...     with open(f"{folder}/log.csv") as file:
    ...         file.read().splitlines()
    ['epoch,loss,val_loss', '0,0.0,NA', '1,0.0,NA']
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        if not isinstance(separator, str) or len(separator) != 1:
            raise ConfigurationError(f"CSVLogger: separator must be one character, but is {separator!r}.")
        self.path = user_path(filename)
        self.separator = separator
        self.append = flag(append, "append", "CSVLogger")
        self._columns: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._columns = None
        if self.append and os.path.exists(self.path) and self.path.stat().st_size:
            with self.path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
                self._columns = next(csv.reader(file, delimiter=self.separator))[1:]
        else:
            self._write("w", [])  # so that a file that cannot be written is known before training, not after

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        cells = {str(for_table(str(name))): _cell(value) for name, value in (logs or {}).items()}
        lines: list[list[object]] = []
        if self._columns is None:
            names = sorted(cells)
            if not any(name.startswith("val_") for name in names):
                # As Keras: room for a validation that comes in a later epoch.
                names += [f"val_{name}" for name in names]
            self._columns = names
            lines.append(["epoch", *names])
        lines.append([epoch, *(cells.get(name, "NA") for name in self._columns)])
        self._write("a", lines)

    def _write(self, mode: str, lines: list[list[object]]) -> None:
        if is_pipe(self.path):
            raise StorageError(f"CSVLogger: {self.path} is a pipe, not a file. Give a file name.")
        try:
            with self.path.open(mode, newline="", encoding="utf-8", errors="backslashreplace") as file:
                csv.writer(file, delimiter=self.separator).writerows([map(for_table, line) for line in lines])
        except OSError as error:
            raise StorageError(
                f"CSVLogger: {self.path} could not be written ({error.strerror or error}). Choose another location or "
                "free some space."
            ) from None


def _cell(value: Any) -> object:
    if isinstance(value, str):
        return for_table(value)
    if isinstance(value, (list, tuple)) or (hasattr(value, "ndim") and value.ndim):
        return f"[{', '.join(map(text_of, value))}]"
    return value if isinstance(value, (int, float)) else text_of(value)
