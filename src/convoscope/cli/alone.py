"""``convoscope`` without a command: the gallery where somebody can see it, the help elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

#: What the help ends with where no page is opened.
TELLING = "To see it in a browser: convoscope gallery. If no browser can be opened here, it prints an address to copy."


def run(context: Any) -> None:
    """Open the gallery, or print the help of a click context and how to open it."""
    if opens_pages(sys.stdin, sys.stdout, sys.platform, os.environ):
        from convoscope.cli.gallery import serve

        serve()
        return
    from convoscope.cli.console import results

    context.get_help()  # which prints it
    results().print(TELLING, soft_wrap=True)


def opens_pages(stdin: Any, stdout: Any, platform: str, environment: Mapping[str, str]) -> bool:
    """Say whether a person sits at this terminal, with a screen on which a browser can open.

    Parameters
    ----------
    stdin, stdout : streams
        Both are a terminal's where a person types; one that is closed or missing is none.
    platform : str
        ``sys.platform``.
    environment : mapping

    Examples
    --------
    >>> import io
    >>> opens_pages(io.StringIO(), io.StringIO(), "linux", {"DISPLAY": ":0"})
    False
    """
    if not (_is_terminal(stdin) and _is_terminal(stdout)):
        return False
    if environment.get("SSH_CONNECTION") and not environment.get("DISPLAY"):
        return False  # the browser would open on the other machine's screen
    return platform in ("win32", "darwin") or any(
        environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER")
    )


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # none, or closed
        return False
