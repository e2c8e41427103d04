"""How a process ended."""

from __future__ import annotations

import subprocess
from typing import Any


def status(process: subprocess.Popen[Any]) -> int:
    """Return what a shell has in ``$?``: 128 and the signal's number, where a signal ended the process.

    Python ends itself by SIGINT where that came while it ran code from a text, as dataclasses do that are just being
    imported, although a program went on to answer it.
    """
    assert process.returncode is not None
    return process.returncode if process.returncode >= 0 else 128 - process.returncode
