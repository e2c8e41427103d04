"""Starting several processes on this machine, and ending all when one of them ends by an error."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import IO

from convoscope.processes.watch import LOST
from convoscope.processes.world import LAUNCHED

_LOOK = 0.05  # seconds from one look at the processes to the next
_GRACE = 6.0  # seconds in which the others end by themselves
INTERRUPTED = 130  # the status of a process that Ctrl-C has ended
_LONGEST = 4000  # characters of what a process said in the end


def launch(command: Sequence[str], count: int) -> tuple[int, str]:
    """Run a command in so many processes, and wait for their end.

    The first one has this process's output. What another says is thrown away, unless it is the first that fails.
    Ctrl-C reaches all of them.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    count : int

    Returns
    -------
    status : int
        That of the first process that failed, or else of the first one.
    reason : str
        What has to be said of it; empty where the first process has said it itself.
    """
    with ExitStack() as stack:
        messages = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(count)]
        processes = _started(command, count, messages)
        stack.callback(_end, processes)
        with _passing_on(processes):
            failed = _first_failure(processes)
        if failed is None:
            return processes[0].wait(), ""
        _end(processes, _GRACE)
        # An error that all of them come upon is said by the first process.
        failed = 0 if processes[0].returncode not in (0, LOST) and processes[0].returncode > 0 else failed
        return _told(failed, count, processes[failed].returncode, messages[failed])


def _started(command: Sequence[str], count: int, messages: Sequence[IO[bytes]]) -> list[subprocess.Popen[bytes]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    common = {
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        LAUNCHED: secrets.token_hex(8),
        **({} if sys.platform == "win32" else {"GLOO_SOCKET_IFNAME": loopback}),
    }
    return [
        subprocess.Popen(
            command,
            env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdin=subprocess.DEVNULL if rank else None,
            stdout=subprocess.DEVNULL if rank else None,
            stderr=messages[rank] if rank else None,
            # A terminal's Ctrl-C comes to this process alone, which passes it on: each gets it once.
            start_new_session=True,
        )
        for rank in range(count)
    ]


def _first_failure(processes: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """Wait, and return which process failed first; None if all of them end well."""
    lost: int | None = None
    while True:
        ended = [process.poll() for process in processes]
        for rank, status in enumerate(ended):
            if status not in (None, 0, LOST):
                return rank
            lost = rank if lost is None and status == LOST else lost
        if None not in ended:
            return lost
        time.sleep(_LOOK)


def _end(processes: Sequence[subprocess.Popen[bytes]], grace: float = 0.0) -> None:
    """End those that still run: after some seconds of their own, and in the end by force."""
    until = time.monotonic() + grace
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def _passing_on(processes: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Send on to all processes the signals that this one gets."""

    def send(number: int, frame: object) -> None:
        for process in processes:
            if process.poll() is None:
                process.send_signal(number)

    before = {number: signal.signal(number, send) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(rank: int, count: int, status: int, messages: IO[bytes]) -> tuple[int, str]:
    name = f"Process {rank + 1} of {count}"
    if status == LOST:
        return 1, f"{name} lost contact with the others for an unknown reason."
    if status < 0:
        with suppress(ValueError):
            name_of_signal = signal.Signals(-status).name
            memory = " Linux does this when memory runs out." if name_of_signal == "SIGKILL" else ""
            return 128 - status, f"{name} was killed by {name_of_signal}, and the others were stopped.{memory}"
    if not rank or status == INTERRUPTED:
        return status, ""
    messages.seek(0)
    said = messages.read().decode(errors="replace").strip()[-_LONGEST:].removeprefix("Error: ")
    return status, f"{name} ended, and the others were stopped. {said}" if said else f"{name} ended with {status}."
