"""A study's journal: a file that machines append lines to, one at a time, and what a kill leaves of it.

The lock is a file beside it that is made exclusively, which local disks and NFS from version 3 on do atomically. It
says who made it. One whose maker died on this machine is removed at once; one that stays the same for long is, too.
"""

from __future__ import annotations

import errno
import json
import os
import random
import socket
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from convoscope.errors import FileFormatError
from convoscope.runs.contents import end_last_line

_PATIENCE = 30.0  # seconds in which a holder must have written its lines, which takes milliseconds
_NAMELESS = 5.0  # seconds for one that was killed before it had written who it is
_LONGEST_WAIT = 120.0
_LONGEST_LINE = 1 << 24


class JournalLock:
    """The lock of a journal.

    Parameters
    ----------
    path : Path
        The journal; the lock is ``PATH.lock``.
    patience : float
        Seconds after which a lock that has not changed counts as left behind.
    """

    def __init__(self, path: Path, patience: float = _PATIENCE) -> None:
        self.file = path.with_name(f"{path.name}.lock")
        self._breaking = path.with_name(f"{path.name}.lock-removal")
        self._patience = patience
        self._own = ""
        self._watched: dict[Path, tuple[str, float]] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it for the length of a ``with`` block.

        Raises
        ------
        OSError
            It cannot be made, or others held it for two minutes.
        """
        self._acquire()
        try:
            yield
        finally:
            if self.is_ours():
                self.file.unlink(missing_ok=True)

    def is_ours(self) -> bool:
        """Say whether the lock is still ours: nobody removed it while this machine slept."""
        return _text(self.file) == self._own

    def _acquire(self) -> None:
        began, pause = time.monotonic(), 0.001
        self._own = json.dumps({**_me(), "token": uuid.uuid4().hex})
        while not _made(self.file, self._own):
            there = _text(self.file)
            if there is None:
                continue
            if _is_dead(there) or self._unchanged(self.file, there) > (self._patience if there else _NAMELESS):
                self._remove(there)
            if time.monotonic() - began > _LONGEST_WAIT + self._patience:
                raise OSError(errno.ETIMEDOUT, "other processes keep it locked", str(self.file))
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, 0.1)

    def _unchanged(self, path: Path, text: str) -> float:
        """Return for how many seconds of this machine's own clock a file has had the same content."""
        before, since = self._watched.get(path, (None, 0.0))
        if before != text:
            self._watched[path] = (text, time.monotonic())
            return 0.0
        return time.monotonic() - since

    def _remove(self, there: str) -> None:
        """Remove a lock that was left behind, unless it is another by now; only one process at a time does so."""
        mark = uuid.uuid4().hex
        if not _made(self._breaking, mark):
            other = _text(self._breaking)
            if other is not None and self._unchanged(self._breaking, other) > self._patience:
                self._breaking.unlink(missing_ok=True)
            return
        try:
            if _text(self.file) == there:
                self.file.unlink(missing_ok=True)
        finally:
            self._breaking.unlink(missing_ok=True)


class JournalFile:
    """The journal as `optuna.storages.JournalStorage` uses it: lines are appended, and read from a number on.

    Parameters
    ----------
    path : Path
        Made if it is not there.

    Notes
    -----
    Optuna's own backend joins what is written to a line that a kill cut short, and from then on nobody can read the
    file. Here that line, which nobody has read yet, is taken away under the lock before anything is appended.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = JournalLock(path)
        self._read = (0, 0)  # how many lines were read, and how many bytes they have
        with open(path, "ab"):
            pass

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append lines, whole or not at all."""
        text = "".join(f"{json.dumps(log, separators=(',', ':'))}\n" for log in logs)
        with self._lock.held(), open(self._path, "rb+") as file:
            end_last_line(file)
            file.seek(0, os.SEEK_END)
            if not self._lock.is_ours():
                raise OSError(errno.EAGAIN, "its lock was lost while this machine slept", str(self._path))
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Give the lines from a number on; a last one that is not whole yet is left for the next time.

        Raises
        ------
        FileFormatError
            A line is damaged.
        """
        lines, size = self._read if self._read[0] == log_number_from else (0, 0)
        with open(self._path, "rb") as file:
            file.seek(size)
            while (line := file.readline(_LONGEST_LINE)).endswith(b"\n"):
                found = self._parsed(line, lines, size)
                lines, size = lines + 1, size + len(line)
                self._read = (lines, size)
                if lines > log_number_from:
                    yield found

    def _parsed(self, line: bytes, number: int, offset: int) -> dict[str, Any]:
        with suppress(ValueError, RecursionError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
        # On NFS a line's length may be there before its bytes: with the lock nobody is writing.
        with self._lock.held(), open(self._path, "rb") as file:
            file.seek(offset)
            with suppress(ValueError, RecursionError):
                found = json.loads(file.readline(_LONGEST_LINE))
                if isinstance(found, dict):
                    return found
        raise FileFormatError(
            f"{self._path} is damaged: line {number + 1} is not a JSON object. Another program wrote to it, or the "
            "file system lost data. The runs' folders are intact; start a new study in another file."
        )


def _made(path: Path, text: str) -> bool:
    """Make a file with a text in it, unless it is there."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return False
    except PermissionError:
        if sys.platform == "win32":  # being removed at this moment
            return False
        raise
    try:
        os.write(descriptor, text.encode())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return True


def _text(path: Path) -> str | None:
    """Return a small file's text, or None if it is not there."""
    try:
        with open(path, "rb") as file:
            return file.read(1000).decode(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ESTALE:  # removed on another machine
            return None
        raise


def _me() -> dict[str, Any]:
    return {"host": socket.gethostname(), "kernel": _kernel(), "pid": os.getpid(), "began": _began(os.getpid())}


def _kernel() -> str:
    """Name this boot of this machine and what processes see of each other: empty where that is not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _began(process: int) -> str:
    """Say when a process began, for its number may be another's later; empty if there is none."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def _is_dead(text: str) -> bool:
    """Say whether a lock's maker was a process of this machine that is gone; False where that cannot be known."""
    try:
        owner = json.loads(text)
        kernel, process, began = owner["kernel"], int(owner["pid"]), owner["began"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    return bool(kernel) and kernel == _kernel() and _began(process) != began
