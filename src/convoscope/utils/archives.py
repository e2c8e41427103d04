"""Archives unpacked: whatever one says, nothing is written outside its folder, and no more than there may be."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO

from convoscope.errors import ConvoscopeError, ConvoscopeWarning, FileFormatError, StorageError
from convoscope.storage import remedy
from convoscope.wording import clause, counted

FORMATS = ("tar", "zip")
_CHUNK = 1 << 20
#: An archive may unpack to so many times its size, and this much more: photos do not shrink, and texts to a tenth.
_TIMES, _MORE = 200, 1 << 30
_MOST_FILES = 5_000_000
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # an encrypted zip, and a way to pack that is not known
    ValueError,  # these three come from tarfile's parser
    LookupError,
    TypeError,
)

_LEFT_OUT: IO[bytes] = io.BytesIO()
#: A name in the archive, and a file's content; None for a folder, and `_LEFT_OUT` for what is neither.
_Entry = tuple[str, IO[bytes] | None]
_Reader = Callable[[Path], Generator[_Entry, None, None]]


def unpack(archive: Path, folder: Path, formats: Sequence[str] = FORMATS) -> bool:
    """Unpack an archive into a new folder, which is complete or not there.

    Links, pipes and devices are left out, with a warning.

    Parameters
    ----------
    archive : Path
        A ``.tar``, packed in whichever way, or a ``.zip``.
    folder : Path
        What to unpack it into. A folder that is there is replaced.
    formats : sequence of {"tar", "zip"}
        The kinds of archive that are accepted.

    Returns
    -------
    bool
        False where it is of none of these formats.

    Raises
    ------
    FileFormatError
        The archive is damaged, names a place outside its folder, or unpacks to too much.
    StorageError
        The disk is full, or may not be written to.
    """
    read = _reader(archive, formats)
    if read is None:
        return False
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}. {remedy(error)}.") from error
    try:
        _write(archive, beside, read)
        if folder.is_dir():
            shutil.rmtree(folder)
        os.replace(beside, folder)
        os.chmod(folder, 0o755)  # a temporary folder is for its owner alone
    except ConvoscopeError:
        raise
    except _DAMAGED as error:
        raise _damaged(archive, error) from error
    except OSError as error:
        if error.errno is None:  # what bz2 says of bytes that are none of its own
            raise _damaged(archive, error) from error
        raise StorageError(f"{archive} could not be extracted: {error.strerror or error}. {remedy(error)}.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return True


def _reader(archive: Path, formats: Sequence[str]) -> _Reader | None:
    """Return what reads an archive, or None where it is of none of the formats."""
    try:
        return next((_READERS[form] for form in formats if _IS[form](archive)), None)
    except _DAMAGED as error:  # packed, and cut short within its first block
        raise _damaged(archive, error) from error


def _damaged(archive: Path, error: Exception) -> FileFormatError:
    return FileFormatError(f"{archive} is a damaged archive: {clause(error)}. Remove it and download it again.")


def _write(archive: Path, root: Path, read: _Reader) -> None:
    left = os.path.getsize(archive) * _TIMES + _MORE
    left_out = 0
    with closing(read(archive)) as entries:
        for number, (name, content) in enumerate(entries):
            target = _inside(name, root, archive)
            if number >= _MOST_FILES:
                raise FileFormatError(f"{archive} has more than {_MOST_FILES:,} files, so it is not extracted.")
            if content is _LEFT_OUT:
                left_out += 1
            elif content is None:
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                left = _copy(content, target, left, archive)
    if left_out:
        warnings.warn(
            f"{counted(left_out, 'link or device', 'links and devices')} in {archive} left out: only files and "
            "folders are extracted.",
            ConvoscopeWarning,
            stacklevel=4,
        )


def _inside(name: str, root: Path, archive: Path) -> Path:
    """Return where an entry belongs, or say that it leads elsewhere."""
    path = PurePosixPath(name.replace("\\", "/"))
    has_drive = bool(path.parts) and ":" in path.parts[0]
    if path.is_absolute() or ".." in path.parts or has_drive or "\0" in name:
        raise FileFormatError(
            f"{archive} has an entry {name!r} that points outside its folder, so it is not extracted."
        )
    return root / path


def _copy(content: IO[bytes], target: Path, left: int, archive: Path) -> int:
    """Write a file, and return how many bytes may still come."""
    with content, open(target, "wb") as out:
        while chunk := content.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise FileFormatError(
                    f"{archive} unpacks to more than {_TIMES} times its size, which is implausible for images, so it "
                    "is not extracted."
                )
            out.write(chunk)
    return left


def _tar_entries(path: Path) -> Generator[_Entry, None, None]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isreg():
                yield member.name, archive.extractfile(member)
            else:
                yield member.name, None if member.isdir() else _LEFT_OUT


def _zip_entries(path: Path) -> Generator[_Entry, None, None]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if member.is_dir():
                yield member.filename, None
            elif kind in (0, stat.S_IFREG):
                yield member.filename, archive.open(member)
            else:
                yield member.filename, _LEFT_OUT


_IS: dict[str, Callable[[Path], bool]] = {"tar": tarfile.is_tarfile, "zip": zipfile.is_zipfile}
_READERS: dict[str, _Reader] = {"tar": _tar_entries, "zip": _zip_entries}
