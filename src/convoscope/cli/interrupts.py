"""Ctrl-C is never lost: Python ignores it where it comes in the middle of a destructor or of a weak reference's end.

There an exception has nowhere to go, so Python prints a traceback that begins with 'Exception ignored in', and goes on
as if nobody had pressed a key (https://docs.python.org/3/library/sys.html#sys.unraisablehook).
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_PAUSE = 0.005  # seconds: by then what could not be interrupted is over


@contextmanager
def lost_interrupts_come_again() -> Iterator[None]:
    """Send the main thread an interrupt again if Python had to ignore it, and print nothing of it."""
    original = sys.unraisablehook

    def hook(unraisable: UnraisableHookArgs, /) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            threading.Thread(target=_interrupt, name="interrupt", daemon=True).start()
        else:
            original(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = original


def _interrupt() -> None:
    time.sleep(_PAUSE)
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):  # ends a wait of the main thread, too
        signal.pthread_kill(main, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)
