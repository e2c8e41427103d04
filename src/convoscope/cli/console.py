"""Where the command line prints: in colour and as wide as a terminal, plainly elsewhere."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from convoscope.names import json_for_terminal
from convoscope.notebook import beneath_kernel
from convoscope.streams import show, standard_error, standard_output

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN_WIDTH = 120
_SIZES = {"COLUMNS": range(10, 2_000), "LINES": range(1, 2_000), "TERMINAL_WIDTH": range(10, 2_000)}


def results() -> Console:
    """Make the console for what a command finds: stdout."""
    return _console(error=False)


def messages() -> Console:
    """Make the console for what goes on and what goes wrong: stderr."""
    return _console(error=True)


def forget_impossible_sizes() -> None:
    """Forget a terminal's size in the environment if no terminal has it: rich would show nothing, or never end."""
    for name, possible in _SIZES.items():
        text = os.environ.get(name)
        if text is not None and (re.fullmatch("[0-9]{1,4}", text) is None or int(text) not in possible):
            del os.environ[name]


def _console(*, error: bool) -> Console:
    from convoscope.cli.safe_console import SafeConsole

    stream = standard_error() if error else standard_output()
    # Elsewhere rich assumes 80 columns and would fold paths into pieces.
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PLAIN_WIDTH
    # A notebook's cell looks like a terminal, but what moves there is saved with all its control codes.
    plain = False if beneath_kernel() else None
    return SafeConsole(stderr=error, width=width, highlight=False, markup=False, emoji=False, force_terminal=plain)


def print_json(value: Any) -> None:
    """Print JSON on stdout that is read back as it was, whatever stdout can encode."""
    show(json_for_terminal(value, standard_output().encoding))
