"""Where the text of a program comes from: GitHub, or clones that are at hand."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

from public_programs.listing import Program

LARGEST = 64 << 20  # bytes; notebooks carry their pictures
SECONDS = 30


class NotFetchedError(Exception):
    """A file could not be had; the message says why."""


def fetch(program: Program, path: str, cache: Path, clones: Path | None) -> bytes:
    """Return a file of the program's repository as it was at the program's revision.

    Parameters
    ----------
    program : Program
    path : str
        The file's path in the repository.
    cache : Path
        A folder where files stay that were downloaded.
    clones : Path, optional
        A folder with clones, ``owner/name`` each. What is not there is downloaded.

    Raises
    ------
    NotFetchedError
        If there is neither a clone nor a connection, or no such file.
    """
    clone = clones / program.repository if clones is not None else None
    if clone is not None and clone.exists():
        return _from_clone(clone, program, path)
    kept = cache / program.repository / program.revision / path
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_name(kept.name + ".part")
        partial.write_bytes(_download(program, path))
        partial.rename(kept)
    return kept.read_bytes()


def _from_clone(clone: Path, program: Program, path: str) -> bytes:
    command = ["git", "-C", str(clone), "show", f"{program.revision}:{path}"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise NotFetchedError(f"{clone} has no {path} at {program.revision[:10]}: {done.stderr.decode().strip()}")
    return done.stdout


def _download(program: Program, path: str) -> bytes:
    address = f"https://raw.githubusercontent.com/{program.repository}/{program.revision}/{quote(path)}"
    try:
        with urlopen(address, timeout=SECONDS) as response:
            data: bytes = response.read(LARGEST + 1)
    except (URLError, OSError) as error:
        raise NotFetchedError(f"{address}: {error}") from None
    if len(data) > LARGEST:
        raise NotFetchedError(f"{address} is larger than {LARGEST >> 20} MB.")
    return data
