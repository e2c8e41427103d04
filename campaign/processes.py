"""Functions in forked processes, which cost no imports, and their sudden ends."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

_POLL = 0.002
_PATIENCE = 90.0  # seconds for anything to end by itself
_MOST_SAID = 1 << 16
_LOST = 70  # the status of a process that ended by a mistake made here


def fork() -> int:
    """Fork, and return the child's number, or 0 in the child.

    Python 3.12 and later warn of it where there are threads. Those that there are here, of libraries, wait for work.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


@dataclass(frozen=True)
class Ended:
    """How a process ended: its status, negative for a signal, what it said on stderr, and after how many seconds."""

    status: int
    said: str
    seconds: float
    in_time: bool = True


class Process:
    """A function in a process and a process group of its own.

    Parameters
    ----------
    function : callable
        When it returns, or calls ``sys.exit``, the process ends.
    folder : Path
        The working folder.
    """

    def __init__(self, function: Callable[[], object], folder: Path) -> None:
        self._began = time.monotonic()
        self._said, said = os.pipe()  # not a file: writing to that is what is to fail
        with _deaf():  # a Ctrl-C that came before `_be` would have the child go on as a copy of whoever called
            self.pid = fork()
            if not self.pid:
                status = _LOST
                try:
                    os.close(self._said)
                    status = _be(function, folder, said)
                finally:
                    os._exit(status)
        os.close(said)
        with suppress(OSError):  # both do it, so that it is done whoever comes first
            os.setpgid(self.pid, self.pid)

    def wait(self, seconds: float = _PATIENCE) -> Ended:
        """Wait for its end; if that does not come, kill it."""
        limit = time.monotonic() + seconds
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return self._ended(os.waitstatus_to_exitcode(status), True)
            if time.monotonic() > limit:
                self.signal(signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return self._ended(-signal.SIGKILL, False)
            time.sleep(_POLL)

    def signal(self, number: int, everyone: bool = True) -> None:
        """Send a signal to it, and to all that it started."""
        with suppress(ProcessLookupError):
            (os.killpg if everyone else os.kill)(self.pid, number)

    def _ended(self, status: int, in_time: bool) -> Ended:
        os.set_blocking(self._said, False)  # what it started may have the other end open still
        said = b""
        with suppress(BlockingIOError):
            said = os.read(self._said, _MOST_SAID)
        os.close(self._said)
        return Ended(status, said.decode("utf-8", "replace").strip(), time.monotonic() - self._began, in_time)


@contextmanager
def _deaf() -> Iterator[None]:
    """Have SIGINT wait."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _be(function: Callable[[], object], folder: Path, said: int) -> int:
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(folder)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream, target in (0, quiet), (1, quiet), (2, said):
            os.dup2(target, stream)
        # Whoever called may have put something else in their place.
        sys.stdout, sys.stderr = map(_stream, (1, 2))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        function()
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        return error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with suppress(OSError, ValueError):
            sys.stderr.flush()
    return 0


def _stream(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", errors="replace", closefd=False)
