"""Readers tried on damaged input in processes of their own, so that one that crashes, hangs or fills memory is named.

Each process takes a stretch of numbered inputs. Which one it is at stands in memory that its parent sees.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import json
import mmap
import os
import resource
import signal
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol

from campaign.processes import fork
from convoscope.errors import ConvoscopeError

_BLOCKED, _POLL = 60.0, 0.01  # seconds
_OUTPUT, _NOTES, _TRACE = "output", "findings.jsonl", "trace"
_PLACE = struct.Struct("qd")


class Trial(Protocol):
    """One reader, ready to be tried."""

    def make(self, rng: Random) -> bytes:
        """Make a damaged input; the same for the same state of `rng`."""

    def read(self, content: bytes, folder: Path) -> None:
        """Read it. `folder` is the process's own."""


@dataclass(frozen=True)
class Bounds:
    """What one read may take: seconds of computing, and bytes of memory more than before."""

    seconds: int = 10
    memory: int = 1 << 30


@dataclass(frozen=True)
class Stretch:
    """Inputs of one reader, by number."""

    name: str
    trial: Trial
    numbers: Sequence[int]
    seed: int

    def content(self, number: int) -> bytes:
        """Make the input of a number."""
        return self.trial.make(Random(f"{self.seed} {self.name} {number}"))


@dataclass(frozen=True)
class Failed:
    """A read that went wrong.

    Attributes
    ----------
    name : str
        Of the reader.
    number : int
        Of the input.
    signature : str
        The same for all that fail in the same place in the same way.
    text : str
    """

    name: str
    number: int
    signature: str
    text: str


@dataclass
class _Child:
    stretch: Stretch
    folder: Path
    pid: int = 0
    place: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, _PLACE.size))

    def at(self) -> tuple[int, float]:
        """Return the position in the stretch, and since when it is there."""
        position, since = _PLACE.unpack(self.place[:])
        return position, since

    def be_at(self, position: int) -> None:
        self.place[:] = _PLACE.pack(position, time.monotonic())


def try_all(
    stretches: Sequence[Stretch], folder: Path, jobs: int, bounds: Bounds = Bounds(), blocked: float = _BLOCKED
) -> Iterator[Failed]:
    """Read all inputs, in so many processes at a time, and give what failed.

    Parameters
    ----------
    stretches : sequence of Stretch
    folder : Path
        An empty folder, for the processes' own.
    jobs : int
    bounds : Bounds
    blocked : float
        Seconds after which a read that waits, and does not compute, is taken to hang.
    """
    waiting = [(stretch, 0) for stretch in reversed(stretches)]
    running: list[_Child] = []
    started = 0
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                own = folder / str(started)
                own.mkdir()
                started += 1
                running.append(_begin(*waiting.pop(), own, bounds))
            time.sleep(_POLL)
            for child in list(running):
                position, since = child.at()
                if time.monotonic() - since > blocked and _sleeps(child.pid):
                    os.kill(child.pid, signal.SIGXCPU)  # it writes down where it is, and ends
                pid, status = os.waitpid(child.pid, os.WNOHANG)
                if not pid:
                    continue
                running.remove(child)
                yield from _noted(child)
                position, _ = child.at()
                if os.WIFSIGNALED(status):
                    yield _crashed(child, position, os.WTERMSIG(status))
                if position + 1 < len(child.stretch.numbers):
                    waiting.append((_rest(child.stretch, position + 1), 0))
    finally:
        for child in running:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)


def _sleeps(pid: int) -> bool:
    """Say whether a process waits for something, and not just for a processor; where that is not told, it may."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except OSError:
        return True
    return told.rpartition(")")[2].split()[0] != "R"


def _rest(stretch: Stretch, position: int) -> Stretch:
    return Stretch(stretch.name, stretch.trial, stretch.numbers[position:], stretch.seed)


def _begin(stretch: Stretch, position: int, folder: Path, bounds: Bounds) -> _Child:
    child = _Child(stretch, folder)
    child.be_at(position)
    child.pid = fork()
    if child.pid:
        return child
    try:
        _read_stretch(child, bounds)
    except BaseException:
        traceback.print_exc()
        os._exit(2)
    os._exit(0)


def _read_stretch(child: _Child, bounds: Bounds) -> None:
    """Read one input after the other, until there are none left or memory has grown too much for those that follow."""
    os.chdir(child.folder)
    trace = open(_TRACE, "wb")  # noqa: SIM115 - open as long as the process lives
    faulthandler.enable(trace)
    faulthandler.register(signal.SIGXCPU, trace, chain=True)
    quiet = open(_OUTPUT, "w", encoding="utf-8", errors="replace")  # noqa: SIM115
    sys.stdout = sys.stderr = quiet
    for stream in 1, 2:  # of libraries, which do not write through Python's
        os.dup2(quiet.fileno(), stream)
    warnings.simplefilter("ignore")
    _free_what_is_left()
    _bound_memory(bounds.memory)
    first = _peak_from_now()
    stretch = child.stretch
    with open(_NOTES, "w", encoding="utf-8") as notes:
        for position, number in enumerate(stretch.numbers):
            content = stretch.content(number)
            child.be_at(position)
            _bound_seconds(bounds.seconds)
            before = _peak_from_now()
            found = _failure(lambda content=content: stretch.trial.read(content, child.folder))  # type: ignore[misc]
            grown = _peak() - min(first, before)
            if found is None and grown > bounds.memory:
                found = ("memory", f"took {grown >> 20:,} MB more than before it")
            if found is not None:
                notes.write(json.dumps([number, *found]) + "\n")
                notes.flush()
            if grown > bounds.memory // 2:
                return  # the next ones are read by a fresh process, in which memory is small again
            quiet.seek(0)
            quiet.truncate()


def _failure(read: Callable[[], None]) -> tuple[str, str] | None:
    try:
        read()
    except ConvoscopeError:
        return None
    except Exception as error:
        if hasattr(error, "exit_code"):  # a usage error, which the command line shows by itself
            return None
        where = _where(error)
        return f"{type(error).__name__} {where}", f"raised {type(error).__name__}: {str(error)[:300]} ({where})"
    return None


def _where(error: BaseException) -> str:
    """Return the last place in the package that an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/convoscope/" in frame.filename] or list(frames)
    return f"{own[-1].filename.rpartition('/convoscope/')[2]}:{own[-1].lineno}"


def _noted(child: _Child) -> Iterator[Failed]:
    notes = child.folder / _NOTES
    for line in notes.read_text("utf-8").splitlines() if notes.exists() else []:
        number, signature, text = json.loads(line)
        yield Failed(child.stretch.name, number, signature, text)


def _crashed(child: _Child, position: int, number: int) -> Failed:
    trace = child.folder / _TRACE
    lines = trace.read_text("utf-8", "replace").splitlines() if trace.exists() else []
    own = next((line.strip() for line in lines if "/convoscope/" in line), "no trace")
    where = own.rpartition("/convoscope/")[2]
    what = "did not end in time" if number == signal.SIGXCPU else f"ended the process by {signal.Signals(number).name}"
    return Failed(child.stretch.name, child.stretch.numbers[position], f"{what} {where}", f"{what} ({where})")


def _free_what_is_left() -> None:
    """Free what the parent left to be collected, and what the C library keeps: neither is to go during a read.

    What the parent has beyond that is not looked through again: in a large process that takes seconds of a read's time.
    """
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def _bound_memory(memory: int) -> None:
    """Let the process have three times the bound, so that it is seen who would take more than that, and no more."""
    if sys.platform != "linux":  # elsewhere it is not kept
        return
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * mmap.PAGESIZE + 3 * memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _bound_seconds(seconds: int) -> None:
    """Have SIGXCPU come after so many seconds of computing: other programs on the machine don't count."""
    limit = int(time.process_time()) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _peak_from_now() -> int:
    """Begin to measure the peak anew where that can be done, and return it: what the process has now."""
    with suppress(OSError), open("/proc/self/clear_refs", "wb") as file:
        file.write(b"5")
    return _peak()


def _peak() -> int:
    """Return the most memory that the process had, in bytes."""
    if sys.platform != "linux":
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))
