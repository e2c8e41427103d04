"""What befalls a process: a signal at a random moment, or a disk that is full after a random number of bytes."""

from __future__ import annotations

import builtins
import errno
import io
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Protocol

from campaign.processes import Ended, Process

_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_LATE = 1.1  # of the time that it takes undisturbed: a few come after the end
_MOST_BITS, _MOST_BITS_OF_A_FILE = 19.0, 16.0


class Trouble(Protocol):
    """Something that befalls processes, and remembers what it did."""

    rng: Random
    done: list[str]

    def befall(self, function: Callable[[], object], folder: Path, takes: float, alone: float = 0.0) -> Iterator[str]:
        """Run a function in a process in a folder, let it meet its fate, and name what is wrong with how it ended.

        Parameters
        ----------
        function : callable
        folder : Path
        takes : float
            Seconds that it takes undisturbed.
        alone : float
            The chance that what it started is left alone.
        """

    def told(self) -> str:
        """Tell all that was done."""


class Killer:
    """Sends SIGKILL, SIGTERM or SIGINT."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.done: list[str] = []
        self._moments: list[float] = []

    def befall(self, function: Callable[[], object], folder: Path, takes: float, alone: float = 0.0) -> Iterator[str]:
        """See `Trouble`."""
        number, moment = self.rng.choice(_SIGNALS), self.rng.random() * takes * _LATE
        everyone = self.rng.random() >= alone
        self.done.append(number.name)
        self._moments.append(moment)
        process = Process(function, folder)
        time.sleep(moment)
        process.signal(number, everyone)
        yield from _badly_ended(process.wait(), mistakes_only=True)

    def told(self) -> str:
        """See `Trouble`."""
        pairs = zip(self.done, self._moments, strict=True)
        return ", ".join(f"{name} after {moment:.3f} s" for name, moment in pairs)


class Filler:
    """Lets no file grow beyond some bytes, or lets Python write only so many in all."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.done: list[str] = []
        self._limits: list[int] = []

    def befall(self, function: Callable[[], object], folder: Path, takes: float, alone: float = 0.0) -> Iterator[str]:
        """See `Trouble`."""
        in_all = self.rng.random() < 0.5
        limit = int(2 ** self.rng.uniform(0, _MOST_BITS if in_all else _MOST_BITS_OF_A_FILE))
        self.done.append("in all" if in_all else "each file")
        self._limits.append(limit)

        def limited() -> None:
            (_limit_all if in_all else _limit_each_file)(limit)
            function()

        yield from _badly_ended(Process(limited, folder).wait(), mistakes_only=False)

    def told(self) -> str:
        """See `Trouble`."""
        pairs = zip(self.done, self._limits, strict=True)
        return ", ".join(f"{limit:,} bytes {name}" for name, limit in pairs)


def _badly_ended(ended: Ended, mistakes_only: bool) -> Iterator[str]:
    """Say it if a process did not end, or not with a message that is ours."""
    if not ended.in_time:
        yield "it did not end"
    interrupted = ended.said.endswith("KeyboardInterrupt")
    if "bug in Convoscope" in ended.said or ("Traceback" in ended.said and not interrupted):
        yield f"it said: {ended.said[-500:]}"
    if not mistakes_only and ended.status < 0:
        yield f"it was ended by signal {-ended.status}"
    if not mistakes_only and ended.status > 0 and not ended.said:
        yield f"it ended with {ended.status} and said nothing"


def _limit_each_file(limit: int) -> None:
    """Have writing fail with EFBIG: Python lets the signal SIGXFSZ pass."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def _limit_all(limit: int) -> None:
    """Have writing to files that Python opens fail with ENOSPC, as on a full disk."""
    left = [limit]
    original: Any = builtins.open

    class Full(io.FileIO):
        def write(self, content: Any) -> int:
            size = memoryview(content).nbytes
            room, left[0] = left[0], max(0, left[0] - size)
            if room >= size:
                return super().write(content)
            if room:
                return super().write(memoryview(content).cast("B")[:room])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def open_full(file: Any, mode: str = "r", *words: Any, **options: Any) -> Any:
        if not set(mode) & set("wax+") or isinstance(file, int):
            return original(file, mode, *words, **options)
        raw = Full(file, mode.replace("b", "").replace("t", ""))
        buffered = io.BufferedWriter(raw) if "+" not in mode else io.BufferedRandom(raw)
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, options.get("encoding"), options.get("errors"), options.get("newline"))

    builtins.open = io.open = open_full
