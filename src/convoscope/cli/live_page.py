"""The explorer beside ``convoscope train --explore``: what it shows stands in the run's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convoscope.names import for_terminal
from convoscope.web.live_page import LivePage as Page

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.datasets import Dataset
    from convoscope.runs import RunFolder, TrainSettings
    from convoscope.training.callbacks import Snapshots
    from convoscope.web.explored import Explored


class LivePage(Page):
    """Open the explorer when training begins. To be used in a ``with`` block, at whose end it is closed.

    Its server reads what the run keeps in its folder, and answers no questions about the model until training has
    ended. Stopping on the page is Ctrl-C: the run can be resumed.

    Parameters
    ----------
    console : rich.console.Console
    folder : RunFolder
        Of a run that keeps snapshots.
    settings : TrainSettings
    data : Dataset
    paused : bool
        Whether training waits for the page before its first batch.
    """

    def __init__(
        self, console: Console, folder: RunFolder, settings: TrainSettings, data: Dataset, *, paused: bool = False
    ) -> None:
        from convoscope.runs.preparation import with_channels

        super().__init__(
            *(with_channels(data.x_test), data.y_test),
            x_train=with_channels(data.x_train),
            y_train=data.y_train,
            paused=paused,
        )
        self._say = lambda text: console.print(text, soft_wrap=True)
        self._run = folder
        self._settings = settings

    def ends(self) -> None:
        """End training as Ctrl-C does."""
        raise KeyboardInterrupt

    def _keeper(self) -> Snapshots | None:
        return None  # the run's own

    def _explored(self) -> Explored | None:
        title = for_terminal(self._run.path.name)
        return self._explored_in(self._run.snapshots, title, self._data, self._settings.epochs)

    def _measured(self) -> list[dict[str, Any]]:
        return self._run.read_history()

    def _goes_on(self) -> bool:
        return self._training

    def on_train_end(self, logs: Any = None) -> None:
        super().on_train_end(logs)
        self._training = True  # the report is still to come: `stay` says that questions are answered

    def _after_stop(self) -> str:
        from convoscope.names import command_line

        again = command_line("convoscope", "train", "--resume", self._run)
        return f"Training was stopped from this page. To resume after the last complete epoch: {again}"
