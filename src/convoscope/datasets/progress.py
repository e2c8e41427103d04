"""How far a download or a count is, on one line of a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from convoscope.notebook import beneath_kernel
from convoscope.streams import Output

Progress = Callable[[int, int | None, str], None]
"""``progress(done_bytes, total_bytes_or_None, name)``; for your own images, numbers of images instead of bytes."""

_SECONDS_BETWEEN = 0.1
_MEGA = 1e6


class ProgressLine:
    """Write ``name  12.3 of 26.4 MB`` over itself; nothing at all where the stream is no terminal.

    Parameters
    ----------
    stream : text stream or None
        Where to write, usually ``sys.stderr``; a program with a window has none.
    counted : bool
        Whether things are counted, and not bytes: ``name  12,300 of 70,000``.

    Examples
    --------
    >>> import sys
    >>> line = ProgressLine(sys.stdout)
    >>> line(12_300_000, 26_421_880, "train-images")  # not a terminal here
    >>> line.close()
    """

    def __init__(self, stream: TextIO | None, *, counted: bool = False) -> None:
        self._counted = counted
        self._output = Output(stream)
        self._shown = self._output.isatty() and not beneath_kernel()
        self._last = float("-inf")
        self._open = False

    def __call__(self, done: int, total: int | None, name: str) -> None:
        """Show the state, not more often than a person can read."""
        now = time.monotonic()
        if not self._shown or (done != total and now - self._last < _SECONDS_BETWEEN):
            return
        self._last = now
        self._open = True
        of = "" if total is None else f" of {self._amount(total)}"
        self._write(f"\r{name}  {self._amount(done)}{of}{'' if self._counted else ' MB'}")
        if done == total:
            self.close()

    def close(self) -> None:
        """End the line, so that what is written next stands below it."""
        if self._open:
            self._write("\n")
        self._open, self._last = False, float("-inf")

    def _amount(self, number: int) -> str:
        return f"{number:,}" if self._counted else f"{number / _MEGA:.1f}"

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()
