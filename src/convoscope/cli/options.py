"""How the command line reads what is typed, where that is more than text or a number."""

from __future__ import annotations

from pathlib import Path


def read_path(text: str | Path) -> Path:
    """Read a path, with ``~`` for a home folder that there is. For ``parser=`` of every option that takes one.

    It has to be the text as it was typed: a Path has lost the ``./`` of ``./~alt``.
    """
    from convoscope.paths import user_path

    return user_path(text)
