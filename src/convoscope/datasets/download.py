"""Downloads that may be cut at any moment and go on from there, from the first address that has the right file."""

from __future__ import annotations

import hashlib
import http.client
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from convoscope.datasets.description import FileInfo
from convoscope.datasets.progress import Progress, ProgressLine
from convoscope.errors import DownloadError, MissingFileError, StorageError
from convoscope.locks import locked
from convoscope.paths import check_regular, open_regular

_CHUNK = 1 << 16
_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}


class _MirrorError(Exception):
    """One address did not deliver, and why."""

    def __init__(self, reason: str, *, may_pass: bool = False) -> None:
        super().__init__(reason)
        self.may_pass = may_pass


class _WrongBytesError(_MirrorError):
    """What lies in the ``.part`` file is not, or will not become, the file that is wanted."""


@dataclass(frozen=True)
class Patience:
    """How long to keep trying servers that fail.

    Attributes
    ----------
    timeout : float
        Seconds that a server may say nothing.
    rounds : int
        How often to go through the addresses. From the second round on, only those that may have had a bad moment.
    pause : float
        Seconds before the second round; twice as many before each one after that.
    """

    timeout: float = 15.0
    rounds: int = 3
    pause: float = 1.0


@dataclass(frozen=True)
class Wanted:
    """A file to fetch, as far as it is known.

    Attributes
    ----------
    name : str
        The name it gets.
    addresses : tuple of str
        Where it is, the first to be tried first.
    size : int or None
        Bytes, if they are known.
    digest : str or None
        Its checksum in hexadecimal, or the first digits of that, if it is known.
    algorithm : str
        What the checksum is: a name that `hashlib` knows.
    """

    name: str
    addresses: tuple[str, ...]
    size: int | None = None
    digest: str | None = None
    algorithm: str = "sha256"


def download(
    folder: Path,
    files: Sequence[FileInfo],
    urls: Sequence[str],
    *,
    progress: Progress | None = None,
    patience: Patience = Patience(),
) -> None:
    """Fetch files into a folder; those that are there already are left as they are.

    A file gets its name only when it is whole and its checksum is right. Until then it is ``NAME.part``, which stays
    when the download is cut, and which the next call goes on with, at whatever address. Two processes do not get in
    each other's way: the second waits, and finds the files there.

    Parameters
    ----------
    folder : Path
        An existing folder.
    files : sequence of FileInfo
        What to fetch.
    urls : sequence of str
        Addresses of folders with the same files, ending in a slash, in the order to try them.
    progress : callable, optional
        ``progress(done_bytes, total_bytes_or_None, name)``. By default one line on stderr, if that is a terminal.
    patience : Patience
        How long to keep trying servers that fail.

    Raises
    ------
    DownloadError
        No address delivered a file; the message has every address with its reason.
    StorageError
        If the disk is full, or the folder is not writable.
    """
    wanted = [Wanted(file.name, tuple(url + file.name for url in urls), file.size, file.sha256) for file in files]
    fetch_files(folder, wanted, progress=progress, patience=patience)


def fetch_files(
    folder: Path,
    files: Sequence[Wanted],
    *,
    progress: Progress | None = None,
    patience: Patience = Patience(),
    again: bool = False,
) -> None:
    """Fetch files of which less may be known: `download` says how.

    Without a checksum a file that was cut is begun afresh by the next call, because it may have changed meanwhile.
    With `again` files that are there are fetched too, and replaced when the new ones are whole.
    """
    line = ProgressLine(sys.stderr)
    try:
        with _storing(folder), locked(folder / ".download.lock"):
            for file in files:
                if again or not (folder / file.name).exists():
                    _fetch(folder / file.name, file, progress or line, patience)
    finally:
        line.close()


def _fetch(target: Path, file: Wanted, progress: Progress, patience: Patience) -> None:
    part = target.with_name(f"{file.name}.part")
    if file.digest is None:
        part.unlink(missing_ok=True)
    reasons: dict[str, str] = {}
    hopeful = list(file.addresses)
    for turn in range(patience.rounds):
        if turn and hopeful:
            time.sleep(patience.pause * 2 ** (turn - 1))
        for url in list(hopeful):
            failure = _try(url, part, file, progress, patience.timeout)
            if failure is None:
                os.replace(part, target)
                return
            reasons[url] = str(failure)
            if not failure.may_pass:
                hopeful.remove(url)
    tried = "; ".join(f"{url} {reason}" for url, reason in reasons.items())
    kept = ""
    if (came := _size(part)) and file.digest is not None:
        kept = f" The {came:,} bytes received so far are kept, and the next attempt continues from there."
    else:
        part.unlink(missing_ok=True)
    raise DownloadError(f"{file.name} could not be downloaded: {tried}.{kept}")


def _try(url: str, part: Path, file: Wanted, progress: Progress, timeout: float) -> _MirrorError | None:
    try:
        _from(url, part, file, progress, timeout)
    except _MirrorError as failure:
        return failure
    return None


def _from(url: str, part: Path, file: Wanted, progress: Progress, timeout: float) -> None:
    """Complete the ``.part`` file from one address; should that spoil an old part, start afresh, once."""
    if goes_on := part.exists():
        check_regular(part)
    try:
        _transfer(url, part, file, progress, timeout)
        _check(part, file)
    except _WrongBytesError:
        part.unlink(missing_ok=True)
        if not goes_on:
            raise
        _from(url, part, file, progress, timeout)


def _transfer(url: str, part: Path, file: Wanted, progress: Progress, timeout: float) -> None:
    have = _size(part)
    if have == file.size or (have and file.size is None and _is_right(part, file)):
        return  # whole, and only its checksum was not looked at yet
    with _opened(url, have, timeout) as response:
        goes_on = response.status == 206
        done = have if goes_on else 0  # a server that knows no ranges answers 200 and sends everything
        total = _total(response, file, done)
        with open(part, "ab" if goes_on else "wb") as out:
            for chunk in _chunks(response):
                out.write(chunk)
                done += len(chunk)
                if total is not None and done > total:
                    raise _WrongBytesError(f"sent more than the {total} bytes that were expected")
                progress(done, total, file.name)
            out.flush()
            os.fsync(out.fileno())
    if total is not None and done < total:
        raise _MirrorError(f"was cut off after {done} of {total} bytes", may_pass=True)


def _total(response: http.client.HTTPResponse, file: Wanted, done: int) -> int | None:
    """Return how many bytes the file has, if that is known, and check that these are the right ones of it."""
    length = response.headers["Content-Length"]
    total = file.size
    if total is None and length is not None:
        total = done + int(length)
    if response.status == 206 and response.headers["Content-Range"] != f"bytes {done}-{(total or 0) - 1}/{total}":
        raise _WrongBytesError(f"answered with the wrong range, {response.headers['Content-Range']}")
    if total is not None and length is not None and length != str(total - done):
        raise _MirrorError(f"offered {length} bytes where {total - done} were expected")
    return total


@contextmanager
def _opened(url: str, start: int, timeout: float) -> Iterator[http.client.HTTPResponse]:
    headers = {"User-Agent": "convoscope", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            raise _WrongBytesError("has no such range of bytes") from error
        raise _MirrorError(
            f"answered {error.code} {error.reason}", may_pass=error.code in _WORTH_ANOTHER_TRY
        ) from error
    except urllib.error.URLError as error:  # no connection was made: offline, or no such server
        raise _MirrorError(f"could not be reached ({_plain(error.reason)})") from error
    except (OSError, http.client.HTTPException) as error:
        raise _MirrorError(f"did not answer ({_plain(error)})", may_pass=True) from error
    with response:
        yield response


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _MirrorError(f"broke off ({_plain(error)})", may_pass=True) from error
        if not chunk:
            return
        yield chunk


def _plain(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "timed out"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            f"its certificate was rejected: {reason.verify_message}; if your network's proxy uses its own "
            "certificate, set SSL_CERT_FILE to that file"
        )
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def _check(part: Path, file: Wanted) -> None:
    if file.digest is not None and not _is_right(part, file):
        raise _WrongBytesError("sent another file: its checksum is wrong")


def _is_right(part: Path, file: Wanted) -> bool:
    return file.digest is not None and checksum(part, file.algorithm).startswith(file.digest.lower())


def sha256(path: Path) -> str:
    """Give the SHA-256 of a file in hexadecimal."""
    return checksum(path, "sha256")


def checksum(path: Path, algorithm: str) -> str:
    """Give the checksum of a file in hexadecimal, of a kind that `hashlib` knows."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open_regular(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@contextmanager
def _storing(folder: Path) -> Iterator[None]:
    # Everything that goes wrong on the network is a _MirrorError by then, so an OSError is the disk's.
    try:
        yield
    except (DownloadError, MissingFileError):
        raise
    except OSError as error:
        raise StorageError(
            f"A download could not be stored in {folder}: {error.strerror or error}. Free some space or choose "
            "another folder. The bytes received so far are kept, and the next attempt continues from there."
        ) from error
