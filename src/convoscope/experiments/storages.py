"""Optuna's storages, opened so that several machines may write at once; what is said when they cannot be reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from convoscope.errors import ConfigurationError, ConvoscopeError, FileFormatError, StorageError
from convoscope.experiments.journal import JournalFile
from convoscope.experiments.places import JOURNAL, SQLITE, Place
from convoscope.wording import clause

_T = TypeVar("_T")
_CONNECT = 10  # seconds
_BUSY = 60  # seconds that SQLite waits for another writer
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
# What no second try mends, as the databases say it.
_FINAL = ("authentication failed", "access denied", "does not exist", "unknown database", "no password supplied")
_FINAL_FILE = ("not a database", "malformed", "readonly", "permission denied")


class UnreachableError(ConvoscopeError):
    """A storage that does not answer now and may later; the message is the reason alone, without passwords."""


class ClaimLostError(ConvoscopeError):
    """Another worker has taken up a trial, as this one was not heard of for long."""


def opened(where: Place) -> Any:
    """Open a storage.

    Returns
    -------
    optuna.storages.BaseStorage
    """
    return calling(where, lambda: _opened(where))


def _opened(where: Place) -> Any:
    if where.kind == JOURNAL:
        from optuna.storages import JournalStorage

        backend: Any = JournalFile(Path(where.address))  # it has the two methods that are asked for
        return JournalStorage(backend)
    from optuna.storages import RDBStorage

    waits = {"timeout": _BUSY} if where.kind == SQLITE else {"connect_timeout": _CONNECT}
    storage = RDBStorage(where.address, engine_kwargs={"connect_args": waits, "pool_pre_ping": True})
    if where.kind == SQLITE:
        _one_writer_at_a_time(storage.engine)
    return storage


def _one_writer_at_a_time(engine: Any) -> None:
    """Begin each of SQLite's transactions as a writer's.

    Optuna claims a trial by reading its state ``FOR UPDATE`` and then writing it. SQLite knows no ``FOR UPDATE``: two
    workers read that a trial is waiting, and both take it (four processes made 74 claims of 60 trials).
    """
    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def no_transactions_of_the_driver(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.dispose()  # the connections from before


def calling(where: Place, act: Callable[[], _T]) -> _T:
    """Call something that talks to a storage.

    Raises
    ------
    UnreachableError
        It does not answer, or not now.
    ClaimLostError
        A trial was to be changed that another worker has ended.
    ConfigurationError
        It refuses the user, or has no such database.
    FileFormatError
        It is damaged.
    """
    from optuna.exceptions import DuplicatedStudyError, StorageInternalError, UpdateFinishedTrialError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return act()
    except UpdateFinishedTrialError as error:
        raise ClaimLostError(str(error)) from None
    except (ConvoscopeError, DuplicatedStudyError):
        raise
    except (OSError, StorageInternalError, SQLAlchemyError) as error:
        raise _told(where, error) from None
    except (KeyError, ValueError, TypeError, AssertionError, RuntimeError) as error:
        reason = where.without_secrets(f"{type(error).__name__}: {error}")
        raise FileFormatError(f"The study in {where.shown} cannot be read: Optuna says {reason}.") from None


def _told(where: Place, error: Exception) -> ConvoscopeError:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    cause = getattr(cause, "orig", None) or cause
    lines = str(getattr(cause, "strerror", None) or cause).strip().splitlines() or [type(cause).__name__]
    reason = where.without_secrets(" ".join(line.strip() for line in lines)).rstrip(".")
    final = _FINAL_FILE if where.kind in (JOURNAL, SQLITE) else _FINAL
    if any(words in reason.lower() for words in final):
        return ConfigurationError(f"{where.shown} cannot be used: {reason}. Check what you gave for --storage.")
    return UnreachableError(reason)


def patiently(
    where: Place, act: Callable[[], _T], seconds: float, told: Callable[[str], None] = lambda line: None
) -> _T:
    """Do something that talks to a storage, again and again for so many seconds while that cannot be reached.

    Raises
    ------
    StorageError
        It could not be reached in all that time.
    """
    until, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while True:
        try:
            return calling(where, act)
        except UnreachableError as error:
            if time.monotonic() + pause > until:
                raise StorageError(
                    f"{where.shown} could not be reached for {seconds:g} seconds: {clause(error)}. Check that it is "
                    "running and that this machine can connect to it, then run the same command again."
                ) from None
            if pause == _FIRST_PAUSE:
                told(f"{where.shown} cannot be reached ({error}). Trying again for {seconds:g} seconds.")
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
