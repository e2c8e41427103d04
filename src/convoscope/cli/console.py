"""Where the command line prints: in colour and as wide as a terminal, plainly elsewhere."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Any

from convoscope.names import encoded_path, json_for_terminal
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


def command_line(*words: object) -> str:
    """Write a command so that it can be typed as it stands.

    Examples
    --------
    >>> command_line("convoscope", "evaluate", "my runs/first")
    "convoscope evaluate 'my runs/first'"
    """
    return " ".join(_quoted(str(word)) for word in words)


def _quoted(word: str) -> str:
    """Quote a word for a shell; with the codes that Bash and zsh know where it cannot be shown as it is."""
    if word.isprintable():
        return shlex.quote(word)
    codes = ("".join(f"\\x{byte:02x}" for byte in encoded_path(each)) for each in word)
    return "$'" + "".join(_plain(each) or code for each, code in zip(word, codes, strict=True)) + "'"


def _plain(character: str) -> str:
    return character if character.isprintable() and character not in "'\\" else ""
