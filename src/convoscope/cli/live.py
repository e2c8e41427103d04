"""What is seen while a model trains: a line for each epoch, and in a terminal a bar that moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from convoscope.report.terminal import percent
from convoscope.training.callbacks import Callback
from convoscope.training.callbacks.base import Logs

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.text import Text

    from convoscope.training.progress import Progress


class TrainingDisplay(Callback):
    """Show how training goes. To be used in a ``with`` block around it, so that the bar ends when training does.

    Parameters
    ----------
    console : rich.console.Console
    epochs : int
        How many there will be.
    done : int
        How many were done before, in a run that goes on.
    validation : bool
        Whether there are validation images.
    idle : callable, optional
        Says how many seconds training has stood still because a person paused it: they are not counted.
    """

    def __init__(
        self,
        console: Console,
        epochs: int,
        *,
        done: int = 0,
        validation: bool = False,
        idle: Callable[[], float] | None = None,
    ) -> None:
        super().__init__()
        self._idle = idle or (lambda: 0.0)
        self._console = console
        self._epochs = epochs
        self._done = done
        self._validation = validation
        self._bar: Bar | None = None
        self._task: Any = None
        self._rate = 0.0
        self._best = float("-inf")
        self._epoch_began = self._began = self._now()

    def __enter__(self) -> TrainingDisplay:
        self._console.print(self._headings())
        if self._console.is_terminal:
            self._bar = _bar(self._console)
            self._task = self._bar.add_task("", total=self._epochs - self._done, what="starting", numbers="", left="")
            self._bar.start()
        self._began = self._now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._epoch_began = self._now()

    def on_progress(self, progress: Progress) -> None:
        """Move the bar."""
        if progress.stage == "train":
            self._rate = progress.rate
        if self._bar is None:
            return
        whole = progress.epoch - 1 - self._done
        share = progress.share if progress.stage == "train" else 1.0
        so_far = whole + share
        left = (self._now() - self._began) / so_far * (self._epochs - self._done - so_far) if so_far else 0.0
        logs = progress.logs
        numbers = f"loss {logs['loss']:.4f}  {percent(logs['accuracy'])}  " if "accuracy" in logs else ""
        self._bar.update(
            self._task,
            completed=so_far,
            what=f"epoch {progress.epoch}/{self._epochs}",
            numbers=f"{numbers}{self._rate:,.0f} images/s",
            left=f"{clock(left)} left" if so_far else "",
        )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Print the epoch's line."""
        self._console.print(self._row(epoch + 1, logs or {}, self._now() - self._epoch_began))

    def _now(self) -> float:
        """Return the seconds of a clock that stands still while training is paused."""
        return time.perf_counter() - self._idle()

    def _headings(self) -> Text:
        from rich.text import Text

        validation = "  val loss  val acc." if self._validation else ""
        return Text(f"  epoch     loss  accuracy{validation}   images/s      time", "dim")

    def _row(self, epoch: int, logs: Mapping[str, float], seconds: float) -> Text:
        from rich.text import Text

        row = Text(f"{f'{epoch}/{self._epochs}':>7}  {logs['loss']:7.4f}  {percent(logs['accuracy']):>8}")
        if self._validation:
            better = logs["val_accuracy"] > self._best
            self._best = max(self._best, logs["val_accuracy"])
            row.append(f"  {logs['val_loss']:8.4f}")
            row.append(f"  {percent(logs['val_accuracy']):>8}", "green" if better else "")
        return row.append(f"  {self._rate:>9,.0f}  {seconds:6.2f} s", "dim")


def clock(seconds: float) -> str:
    """Write a length of time as on a clock.

    Examples
    --------
    >>> clock(7.2), clock(75), clock(7300)
    ('0:07', '1:15', '2:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bar(console: Console) -> Bar:
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    def text(field: str, style: str = "") -> TextColumn:
        return TextColumn(f"{{task.fields[{field}]}}", style, markup=False, table_column=Column(no_wrap=True))

    return Progress(
        text("what", "bold"),
        BarColumn(bar_width=None),
        text("numbers"),
        text("left", "dim"),
        console=console,
        transient=True,
        expand=True,
    )
