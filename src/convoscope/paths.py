"""Paths as people type them, and files that are opened only if they are files."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import stat
import tempfile
import warnings
from pathlib import Path
from typing import BinaryIO

from convoscope.errors import ConfigurationError, ConvoscopeWarning, MissingFileError


def user_path(path: str | os.PathLike[str]) -> Path:
    """Return a path with ``~`` and ``~name`` replaced as `os.path.expanduser` does it: by a home that there is.

    Parameters
    ----------
    path : str or path-like
        ``~alt`` is a file of that name where no person ``alt`` is known, and ``./~alt`` always. A `pathlib.Path` has
        lost its ``./``: it is taken for what is there.

    Returns
    -------
    Path
        To give it to this function again changes nothing.

    Raises
    ------
    MissingFileError
        A path with a NUL character, which no system has.
    ConfigurationError
        Something that is no path at all.

    Examples
    --------
    >>> user_path("photos"), user_path("~nobody-of-that-name").name
    (PosixPath('photos'), '~nobody-of-that-name')
    """
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise ConfigurationError(f"A path must be a string or a pathlib.Path, but is {path!r}.")
    text = os.fsdecode(path)
    if "\0" in text:
        raise MissingFileError(f"There is no file {text!r}: a path cannot contain a NUL character.")
    is_text = isinstance(path, (str, bytes))
    names_a_person = text.startswith("~") and not text.startswith(("~/", "~\\")) and text != "~"
    if names_a_person and not is_text and os.path.lexists(text):
        return Path(os.path.abspath(text))
    found = Path(os.path.expanduser(text))
    return Path(os.path.abspath(found)) if str(found).startswith("~") else found


def home_path(path: str) -> Path | None:
    """Return a path below ``~``, or None where no home is known, as in some containers.

    Examples
    --------
    >>> home_path("~/.cache").is_absolute()
    True
    """
    found = os.path.expanduser(path)
    return Path(found) if os.path.isabs(found) else None


@functools.cache
def session_folder() -> Path:
    """Return a folder for what would be kept at home, where there is no home: it goes when Python ends.

    Says so, the first time.
    """
    folder, process = tempfile.mkdtemp(prefix="convoscope-"), os.getpid()

    def remove() -> None:
        if os.getpid() == process:  # a fork ends earlier
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    warnings.warn(
        f"There is no home folder, so images are stored in {folder} only until the program ends. Set data_dir or "
        "--data-dir to a folder to keep them.",
        ConvoscopeWarning,
        stacklevel=2,
    )
    return Path(folder)


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file for reading bytes, but no pipe, device or folder: those can hang, or never end.

    Raises
    ------
    MissingFileError
        There is no such file, it may not be read, or it is something else.
    """
    # Without O_NONBLOCK, opening a pipe waits until somebody writes into it.
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_BINARY", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY"))
    try:
        descriptor = os.open(path, flags)
    except (FileNotFoundError, ValueError) as error:  # ValueError: a NUL character
        refuse_address(path)
        raise MissingFileError(f"There is no file {os.fspath(path)}.") from error
    except OSError as error:
        check_regular(path)  # on Windows a folder cannot be opened: say that it is one
        raise MissingFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        _check_mode(path, os.fstat(descriptor).st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")  # from here on the file closes it: twice is an error that hides a Ctrl-C


def check_regular(path: str | os.PathLike[str]) -> None:
    """Check that a path is a file, for those who open it by its name themselves.

    Raises
    ------
    MissingFileError
        There is no such file, or it is a folder, a pipe or a device.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, ValueError) as error:
        raise MissingFileError(f"There is no file {os.fspath(path)}.") from error
    except OSError as error:
        raise MissingFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    _check_mode(path, found.st_mode)


def is_there(path: str | os.PathLike[str]) -> bool:
    """Say whether there is something at a path.

    Raises
    ------
    MissingFileError
        Nobody can tell, because the folders on the way to it may not be looked into.
    """
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL character
        return False
    except OSError as error:
        raise MissingFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    return True


def is_pipe(path: str | os.PathLike[str]) -> bool:
    """Say whether a path is a named pipe: opening it would wait until somebody reads or writes at its other end.

    Unlike `pathlib.Path.is_fifo` it raises nothing, whatever the path.
    """
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def address_in(path: str | os.PathLike[str]) -> str | None:
    """Return the address on the internet that was given as a path, or None.

    Examples
    --------
    >>> address_in(Path("https://example.org/cat.jpg")), address_in(Path("cat.jpg"))
    ('https://example.org/cat.jpg', None)
    """
    text = os.fspath(path)
    found = re.match(r"(https?|ftp|s3|gs):/+(?=[^/])", text, re.IGNORECASE)
    return None if found is None else f"{found[1]}://{text[found.end() :]}"


def not_fetched(address: str) -> str:
    """Return what to say of an address in the place of a file."""
    return f"{address} is an internet address, which cannot be loaded directly. Download the file and give its path."


def refuse_address(path: str | os.PathLike[str]) -> None:
    """Say of an address on the internet that it is none of a file, where nothing was found at a path.

    Raises
    ------
    MissingFileError
        It is an address.
    """
    if (address := address_in(path)) is not None:
        raise MissingFileError(not_fetched(address))


def _check_mode(path: str | os.PathLike[str], mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise MissingFileError(f"{path} is a folder, not a file. Give a file inside it.")
    if not stat.S_ISREG(mode):
        raise MissingFileError(f"{path} is a pipe or a device, not a file. Give a file name.")
