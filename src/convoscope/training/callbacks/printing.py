"""ProgressPrinter: how far training is, on the screen."""

from __future__ import annotations

import shutil
import time
from typing import Any, TextIO

from convoscope.notebook import ChangingOutput, beneath_kernel, in_notebook
from convoscope.streams import Output, standard_output
from convoscope.training.callbacks.base import Callback, Logs
from convoscope.training.progress import Progress, render_bar, render_line, render_seconds

_WIDTH_IN_NOTEBOOKS = 100  # characters
_BETWEEN = 0.2  # seconds between two states of a notebook's bar
_SHORTEST = 0.3  # seconds after which a notebook gets a bar: what is over sooner needs none


class ProgressPrinter(Callback):
    """Show a progress bar in terminals and notebooks, and one line for each finished epoch.

    Parameters
    ----------
    live : bool
        Whether to show a bar (``verbose=1``); it moves only in a terminal or a notebook.
    final : bool
        Whether a line remains when a stage is over.
    stream : text stream, optional
        Standard output if left out. If it cannot be written to, nothing is shown.

    Notes
    -----
    A notebook's bar is one output that changes in place: a saved notebook contains only its last state.

    Examples
    --------
    >>> import io
    >>> from convoscope.training.progress import Progress
    >>> text = io.StringIO()
    >>> done = Progress("train", 60000, 60000, 3.8, 1, 5, {"loss": 0.4821}, steps=1875, total_steps=1875)
    >>> ProgressPrinter(live=False, stream=text).finish(done)
    >>> text.getvalue().splitlines()
    ['Epoch 1/5', '1875/1875 - 4s - 2ms/step - loss: 0.4821']
    """

    def __init__(self, live: bool = True, final: bool = True, stream: TextIO | None = None) -> None:
        self._stream = stream
        self.output = standard_output() if stream is None else Output(stream)
        self.with_bar = live
        self.live = live and self.output.isatty() and not beneath_kernel()
        self.final = final
        self._shown = 0  # characters of the bar that is on the screen
        self._notebook = _NotebookBar() if live and stream is None and in_notebook() else None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if self._notebook:
            self._notebook.begin()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.clear()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "output"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.output = standard_output() if self._stream is None else Output(self._stream)

    def on_progress(self, progress: Progress) -> None:
        if self._notebook:
            self._notebook.move(progress)
        elif self.live:
            width = shutil.get_terminal_size().columns - 1
            self._replace(render_bar(progress, width, fancy=self.output.shows_everything))

    def finish(self, progress: Progress) -> None:
        """Show that a stage is over: the bar gives way to a line."""
        if self._notebook:
            self._notebook.count(progress)
        else:
            self.clear()
        if self.final:
            self._write(render_line(progress, bar=self.with_bar) + "\n")

    def clear(self) -> None:
        """Take the bar off the screen; in a notebook, say in its place what was done."""
        if self._notebook:
            self._notebook.end()
        if self._shown:
            self._replace("")
            self._write("\r")

    def _replace(self, text: str) -> None:
        # Spaces cover what is left of the longer line before: no control codes, so every terminal understands.
        self._write("\r" + text + " " * (self._shown - len(text)))
        self._shown = len(text)

    def _write(self, text: str) -> None:
        self.output.write(text)
        self.output.flush()


class _NotebookBar:
    """The bar of one training, evaluation or prediction in a notebook."""

    def __init__(self) -> None:
        self._output = ChangingOutput()
        self.begin()

    def begin(self) -> None:
        self._began, self._last = time.monotonic(), float("-inf")
        self._epochs = 0
        self._progress: Progress | None = None

    def move(self, progress: Progress) -> None:
        now = time.monotonic()
        self._progress = progress
        if now - self._began >= _SHORTEST and now - self._last >= _BETWEEN:
            self._last = now
            self._output.show(render_bar(progress, _WIDTH_IN_NOTEBOOKS))

    def count(self, progress: Progress) -> None:
        self._epochs += progress.stage == "train"
        self._progress = progress

    def end(self) -> None:
        """Leave what was done, in place of the bar, if there was one."""
        progress, self._progress = self._progress, None
        if progress is None or not self._output.is_open:
            return
        done, total = progress.count
        what = f"{progress.title} - {done}/{done if total is None else total}"
        if progress.stage == "train":
            whole = f"{self._epochs} epoch{'s' * (self._epochs != 1)}"
            what = whole if total in (None, done) else f"Stopped in epoch {progress.epoch}/{progress.epochs}"
        self._output.show(f"{what} - {render_seconds(time.monotonic() - self._began)}")
