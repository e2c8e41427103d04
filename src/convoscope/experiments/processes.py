"""Some processes at a time, each with a pipe to it that tells it to end when this one does."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from convoscope.engine.threads import available_threads

_POLL = 0.03
_GRACE = 40.0  # seconds that processes have to end after they were told to


@dataclass(frozen=True)
class Ended:
    """How a process ended: its status, negative for a signal, and what it wrote to stderr."""

    status: int
    message: str


def share(runs: int, jobs: int | None = None, threads: int | None = None) -> tuple[int, int]:
    """Divide the processors: return how many processes at a time, and how many threads each computes with.

    One thread each makes the most of them, unless there are fewer runs than processors.

    Examples
    --------
    >>> share(1, jobs=3, threads=2)
    (1, 2)
    """
    processors = available_threads().count
    at_once = jobs or (max(1, processors // threads) if threads else processors)
    at_once = max(1, min(at_once, runs))
    return at_once, threads or max(1, processors // at_once)


def run_all(
    module: str,
    arguments: Iterable[tuple[str, ...]],
    at_once: int,
    ended: Callable[[tuple[str, ...], Ended], bool],
    looked: Callable[[int], bool] = lambda running: True,
) -> None:
    """Run ``python -m module ARGUMENTS`` for each of the arguments.

    Parameters
    ----------
    module : str
    arguments : iterable of tuple of str
    at_once : int
        How many processes at a time.
    ended : callable
        Called with the arguments and how the process ended; unless it returns True, no other is started.
    looked : callable
        Called again and again with the number of processes; unless it returns True, those that run are told to end.

    Raises
    ------
    KeyboardInterrupt
        After all processes have ended.
    """
    waiting = iter(arguments)
    running: dict[subprocess.Popen[str], tuple[str, ...]] = {}
    starting = True
    try:
        while True:
            while starting and len(running) < at_once and (words := next(waiting, None)) is not None:
                running[start(module, words)] = words
            if not running or not looked(len(running)):
                return
            time.sleep(_POLL)
            for process in [process for process in running if process.poll() is not None]:
                starting = ended(running.pop(process), end(process)) and starting
    finally:
        stop(running)


def start(module: str, words: tuple[str, ...]) -> subprocess.Popen[str]:
    """Start a process that ends when this one does, or closes the pipe to it."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def end(process: subprocess.Popen[str]) -> Ended:
    """Read what a process that has ended wrote, and close what led to it."""
    assert process.stderr is not None
    message = process.stderr.read()
    _close(process)
    return Ended(process.returncode, message.strip())


def _close(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def stop(running: Iterable[subprocess.Popen[str]]) -> None:
    """Tell processes to end, and see to it that they do."""
    processes = list(running)
    for process in processes:
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
    until = time.monotonic() + _GRACE
    try:
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
    finally:  # a second Ctrl-C waits no longer
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
            _close(process)
