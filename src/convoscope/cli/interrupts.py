"""Ctrl-C is never lost: Python ignores it where it comes in the middle of a destructor or of a weak reference's end.

There an exception has nowhere to go, so Python prints a traceback that begins with 'Exception ignored in', and goes on
as if nobody had pressed a key (https://docs.python.org/3/library/sys.html#sys.unraisablehook).
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
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
            # Not a `threading.Thread`, whose start waits: what interrupts that would be lost in here again.
            _thread.start_new_thread(_interrupt, (hook.__code__,))
        else:
            original(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = original


def _interrupt(hook: CodeType) -> None:
    """Interrupt the main thread once it has left the hook, in which the interrupt would be lost again."""
    main = threading.main_thread().ident
    time.sleep(_PAUSE)
    while _is_in(hook, main):
        time.sleep(_PAUSE)
    if main is not None and hasattr(signal, "pthread_kill"):  # ends a wait of the main thread, too
        signal.pthread_kill(main, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


def _is_in(code: CodeType, thread: int | None) -> bool:
    """Return whether a thread is in the middle of this function."""
    frame = sys._current_frames().get(thread or 0)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None
