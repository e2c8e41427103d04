"""Where the command line prints: in colour and as wide as a terminal, plainly elsewhere."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN_WIDTH = 120


def results() -> Console:
    """Make the console for what a command finds: stdout."""
    return _console(error=False)


def messages() -> Console:
    """Make the console for what goes on and what goes wrong: stderr."""
    return _console(error=True)


def _console(*, error: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    # Elsewhere rich assumes 80 columns and would fold paths into pieces.
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PLAIN_WIDTH
    return Console(stderr=error, width=width, highlight=False, markup=False, emoji=False)


def command_line(*words: object) -> str:
    """Write a command so that it can be typed as it stands.

    Examples
    --------
    >>> command_line("convoscope", "evaluate", "my runs/first")
    "convoscope evaluate 'my runs/first'"
    """
    return shlex.join(str(word) for word in words)
