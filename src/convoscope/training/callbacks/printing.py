"""ProgressPrinter: how far training is, on the screen."""

from __future__ import annotations

import shutil
import sys
from typing import Any, TextIO

from convoscope.training.callbacks.base import Callback
from convoscope.training.progress import Progress, render_bar, render_line


class ProgressPrinter(Callback):
    """Show a bar that moves where the output is a terminal, and one line for each epoch that is done.

    Parameters
    ----------
    live : bool
        Whether a bar is wanted; it is shown only in a terminal.
    final : bool
        Whether a line stays when a stage is over.
    stream : text stream, optional
        Where to; standard output if left out.
    """

    def __init__(self, live: bool = True, final: bool = True, stream: TextIO | None = None) -> None:
        self.stream = sys.stdout if stream is None else stream
        self.live = live and self.stream.isatty()
        self.final = final
        self._shown = 0  # characters of the bar that is on the screen

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "stream": None if self.stream is sys.stdout else self.stream}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, stream=state["stream"] or sys.stdout)

    def on_progress(self, progress: Progress) -> None:
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            self._replace(render_bar(progress, width, fancy=self._fancy()))

    def finish(self, progress: Progress) -> None:
        """Show that a stage is over: the bar gives way to a line."""
        self.clear()
        if self.final:
            self._write(render_line(progress) + "\n")

    def clear(self) -> None:
        """Take the bar off the screen."""
        if self._shown:
            self._replace("")
            self._write("\r")

    def _replace(self, text: str) -> None:
        # Spaces cover what is left of the longer line before: no control codes, so every terminal understands.
        self._write("\r" + text + " " * (self._shown - len(text)))
        self._shown = len(text)

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def _fancy(self) -> bool:
        return (self.stream.encoding or "ascii").lower().replace("-", "").startswith("utf")
