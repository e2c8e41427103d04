"""The kernel that a notebook's code runs in, seen from inside and from the commands that it starts with ``!``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

# What ipykernel sets for the programs that a notebook starts. A terminal, also one that was opened from a kernel, has a
# TERM of its own, and nobody else sets all three.
_OF_KERNELS = {"TERM": "xterm-color", "PAGER": "cat", "GIT_PAGER": "cat"}


def in_notebook() -> bool:
    """Return whether this code runs in a notebook's kernel: Jupyter's, Colab's, that of VS Code.

    Notes
    -----
    IPython at a terminal has a shell without a kernel.
    """
    core = sys.modules.get("IPython")
    shell = core.get_ipython() if core is not None and hasattr(core, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None


def beneath_kernel(environment: Mapping[str, str] | None = None) -> bool:
    """Return whether this program was started by a notebook, as ``!convoscope train`` is.

    Parameters
    ----------
    environment : mapping, optional
        That of the process; another in tests.

    Notes
    -----
    IPython runs ``!`` in a pseudo-terminal, and a kernel asks for colours besides (``FORCE_COLOR``), so the streams
    look like a terminal. What they print lands in a cell, where nothing moves a cursor, and is saved with all control
    codes.
    """
    found = os.environ if environment is None else environment
    return all(found.get(name) == value for name, value in _OF_KERNELS.items()) and not in_notebook()


class ChangingOutput:
    """Text in a cell's output that is replaced in place. A saved notebook has what it said last.

    Examples
    --------
    >>> output = ChangingOutput()  # doctest: +SKIP
    >>> output.show("Epoch 1/5 ...")  # doctest: +SKIP
    >>> output.show("5 epochs - 9.2s")  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._handle: Any = None

    @property
    def is_open(self) -> bool:
        """Whether there is an output already."""
        return self._handle is not None

    def show(self, text: str) -> None:
        """Show a text, in place of the one before."""
        from IPython.display import display

        content = {"text/plain": text}
        with suppress(OSError):  # a front end that went away is no reason to end a training
            if self._handle is None:
                self._handle = display(content, raw=True, display_id=True)
            else:
                self._handle.update(content, raw=True)
