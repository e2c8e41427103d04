"""Whether what runs here runs in all processes together, or in this one alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from convoscope.processes.team import SINGLE, Single, Team
from convoscope.processes.world import world


class _Here(threading.local):
    """What this thread is in: None is neither `together` nor `alone`."""

    team: Single | None = None


_here = _Here()


class _Joined:
    """The team, once this process has joined it."""

    team: Team | None = None


def team() -> Single:
    """Return those that run this together: one process, outside of `together`."""
    return _here.team or SINGLE


def is_first() -> bool:
    """Whether this process is the one that writes and prints."""
    return world().rank == 0


@contextmanager
def together() -> Iterator[Single]:
    """Do something in all processes at the same time. Within `alone`, and in other threads, it is done in this one.

    An error in one of them ends it in all of them, with that error's text.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if _here.team is not None or not in_main_thread or world().size == 1:
        yield team()
        return
    if _Joined.team is None:
        _Joined.team = Team(world())
    joined = _here.team = _Joined.team
    try:
        with joined.listening():
            yield joined
    except BaseException as error:
        joined.announce(error)
        raise
    finally:
        _here.team = None


@contextmanager
def alone() -> Iterator[None]:
    """Do something in this process, whatever the others do meanwhile."""
    before, _here.team = _here.team, SINGLE
    try:
        yield
    finally:
        _here.team = before


def first(work: Callable[[], Any]) -> Any:
    """Do something in the first process alone, and return its result, plain JSON values, in all of them."""
    everyone = team()
    if everyone.rank:
        return everyone.told(None)
    with alone():
        found = work()
    return everyone.told(found)
