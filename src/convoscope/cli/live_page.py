"""The explorer beside a training: it is there from the first weights on, and follows them epoch by epoch."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from convoscope.names import for_terminal
from convoscope.training.callbacks import Callback
from convoscope.training.callbacks.base import Logs

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.datasets import Dataset
    from convoscope.runs import RunFolder, TrainSettings
    from convoscope.web.opening import Opened

_LONG = 3600.0  # seconds


class LivePage(Callback):
    """Open the explorer when training begins. To be used in a ``with`` block, at whose end it is closed.

    Its server reads what the run keeps in its folder, and computes nothing until training has ended.

    Parameters
    ----------
    console : rich.console.Console
    folder : RunFolder
        Of a run that keeps snapshots.
    settings : TrainSettings
    data : Dataset
    """

    def __init__(self, console: Console, folder: RunFolder, settings: TrainSettings, data: Dataset) -> None:
        super().__init__()
        self._console = console
        self._folder = folder
        self._settings = settings
        self._data = data
        self._page: Opened | None = None
        self._training = True

    def __enter__(self) -> LivePage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._page is not None:
            self._page.close()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Open the page once there are weights to show."""
        from convoscope.training.callbacks.snapshots import find_snapshots

        if self._page is None and (kept := find_snapshots(self._folder.snapshots)):
            self._open(max(kept))

    def stay(self) -> None:
        """After training, answer what the page asks until Ctrl-C is pressed."""
        self._training = False
        if self._page is None:
            return
        try:
            self._console.print(
                f"\nThe explorer stays at {self._page.address} until Ctrl-C is pressed.", soft_wrap=True
            )
            while True:
                time.sleep(_LONG)
        except KeyboardInterrupt:
            self._console.print("\nThe explorer has ended.")

    def _open(self, epoch: int) -> None:
        from convoscope.models import load_model
        from convoscope.runs.preparation import with_channels
        from convoscope.training.callbacks.snapshots import find_snapshots
        from convoscope.web.epochs import Epochs
        from convoscope.web.explored import Explored
        from convoscope.web.explorer import site
        from convoscope.web.opening import Opened
        from convoscope.web.server import Server

        data, folder = self._data, self._folder
        epochs = Epochs(folder.read_history, folder.snapshots, epoch, self._settings.epochs, self._goes_on, live=True)
        explored = Explored(
            *(load_model(find_snapshots(folder.snapshots)[epoch]), with_channels(data.x_test), data.y_test),
            *(with_channels(data.x_train), data.y_train),
            title=for_terminal(folder.path.name),
            epochs=epochs,
        )
        self._page = Opened(Server(site(explored)))
        self._console.print(f"The explorer is at {self._page.address}", soft_wrap=True)
        self._console.print(self._page.open_browser(), soft_wrap=True)

    def _goes_on(self) -> bool:
        return self._training
