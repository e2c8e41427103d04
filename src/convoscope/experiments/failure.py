"""Why a run did not come to its end, in ``failure.json`` of its folder."""

from __future__ import annotations

import errno
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from convoscope.errors import ConvoscopeError, FileFormatError, StorageError
from convoscope.paths import is_there
from convoscope.runs import RunFolder
from convoscope.runs.contents import FAILURE
from convoscope.runs.reading import check
from convoscope.storage import read_json, write_json

# How a worker's process ends.
DONE, FAILED, NO_ROOM, INTERRUPTED = 0, 1, 3, 130


def place(folder: RunFolder) -> Path:
    """Return the file."""
    return folder.path / "failure.json"


def record(folder: RunFolder, reason: str, *, again: bool) -> None:
    """Write down why a run failed; `again` if that may be otherwise another time, on a machine with more memory."""
    folder.path.mkdir(parents=True, exist_ok=True)
    write_json(place(folder), {"reason": reason, "again": again})


def read(folder: RunFolder) -> dict[str, Any] | None:
    """Read the file, or return None if there is none; FileFormatError if it is damaged."""
    if not is_there(place(folder)):
        return None
    content = read_json(place(folder))
    check(content, FAILURE, place(folder))
    return content


def reason(folder: RunFolder) -> str | None:
    """Return why a run failed, or None if it did not."""
    found = read(folder)
    return None if found is None else str(found["reason"])


def is_recorded(folder: RunFolder) -> bool:
    """Say whether a run has said itself why it failed."""
    try:
        return read(folder) is not None
    except FileFormatError:
        return False


def is_final(folder: RunFolder) -> bool:
    """Say whether a run failed by its own settings, so that it would again."""
    return is_recorded(folder) and not (read(folder) or {}).get("again")


def forget(folder: RunFolder) -> None:
    """Remove the file: the run is tried again."""
    place(folder).unlink(missing_ok=True)


def ended_by(folder: RunFolder, error: Exception) -> tuple[int, str]:
    """Write down the error that ended a run; return the status for its process to end with, and the reason."""
    if isinstance(error, ConvoscopeError) and not isinstance(error, OSError):
        text, again = str(error), False
    elif isinstance(error, (ConvoscopeError, OSError)):
        text, again = str(error), True
    elif isinstance(error, MemoryError):
        text, again = (
            "Out of memory. Try a smaller batch size, fewer filters or fewer --jobs.",
            True,
        )
    else:
        trace = "".join(traceback.format_exception(error))
        text, again = (
            (f"This is a bug in Convoscope, not your mistake. Please report it with this traceback: {trace}"),
            True,
        )
    with suppress(StorageError, OSError):  # where there is no room, the status says it
        record(folder, text, again=again)
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    return NO_ROOM if full or isinstance(error, StorageError) else FAILED, text
