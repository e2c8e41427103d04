"""Moments between training steps, at which weights, averages and optimizer slots belong together.

An engine writes weights in place while other threads may run. Training holds `writing` for a stretch of steps, which is
over within a tenth of a second (or after one step, if that takes longer); whoever wants all weights of one moment, to
save or to copy them, takes them within `reading`, and waits for the end of the stretch. Several trainings run side by
side: layers may stand in several models, so a reader waits for all of them.

Nobody is held up who need not be: with no reader about, `writing` costs a microsecond.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Moments:
    """Who writes, and who wants to read."""

    written = 0  # stretches of writing that have ended; a forked child counts on

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.writers: list[int] = []  # their threads
        self.readers = 0  # that read, or wait to
        self.trainers: list[int] = []  # threads that train, whether they write just now or not


# One for the process: if the package is imported anew, what models of before do is known to the new modules too.
_moments: _Moments = vars(sys).setdefault("_convoscope_moments", _Moments())
if hasattr(os, "register_at_fork"):
    # A forked child has only the thread that forked: nobody else writes there, or ever lets go.
    os.register_at_fork(after_in_child=_moments.__init__)  # type: ignore[misc]


@contextmanager
def writing() -> Iterator[None]:
    """Change weights; waits for those who read."""
    here = threading.get_ident()
    with _moments.changed:
        if here not in _moments.writers:
            _moments.changed.wait_for(lambda: not _moments.readers)
        _moments.writers.append(here)
    try:
        yield
    finally:
        with _moments.changed:
            _moments.writers.remove(here)
            _moments.written += 1
            _moments.changed.notify_all()


def now() -> int | None:
    """Return a number that is another one after `writing`; None while somebody writes."""
    with _moments.changed:
        return None if _moments.writers else _moments.written


@contextmanager
def training() -> Iterator[None]:
    """Train: `writing` will come again and again."""
    here = threading.get_ident()
    with _moments.changed:
        _moments.trainers.append(here)
    try:
        yield
    finally:
        with _moments.changed:
            _moments.trainers.remove(here)


def others_train() -> bool:
    """Return whether another thread is training: what is read after `reading` may then be of a later moment."""
    here = threading.get_ident()
    with _moments.changed:
        return any(trainer != here for trainer in _moments.trainers)


@contextmanager
def reading() -> Iterator[None]:
    """Take weights of one moment; waits for those who write, and goes before the next of them.

    Within a thread's own `writing`, as in a signal handler that saves, there is no moment to wait for.
    """
    here = threading.get_ident()
    with _moments.changed:
        _moments.readers += 1
        try:
            _moments.changed.wait_for(lambda: all(writer == here for writer in _moments.writers))
        except BaseException:
            _moments.readers -= 1
            _moments.changed.notify_all()
            raise
    try:
        yield
    finally:
        with _moments.changed:
            _moments.readers -= 1
            _moments.changed.notify_all()
