"""get_file: a file from the internet, kept where Keras keeps it."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convoscope.datasets.download import Patience, Wanted, checksum, fetch_files
from convoscope.errors import ConfigurationError, FileFormatError, StorageError, unknown_name
from convoscope.paths import home_path, session_folder, user_path
from convoscope.streams import show
from convoscope.utils.archives import FORMATS, unpack

_LENGTHS = {32: "md5", 64: "sha256"}


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | Sequence[str] | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | Sequence[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
    *,
    patience: Patience | None = None,
) -> str:
    """Download a file, unless it already exists, and unpack it if requested.

    A file gets its name only when it is complete and its checksum, if you give one, is right. With a checksum, an
    interrupted download continues where it stopped.

    Parameters
    ----------
    fname : str, optional
        The file's name, without a folder; if left out, the name in the address.
    origin : str or list of str
        The address, or several of the same file, which are tried in order.
    untar : bool
        Unpack it as a tar archive; `extract` is the newer word.
    md5_hash : str, optional
        The MD5 sum; `file_hash` is the newer word.
    file_hash : str, optional
        The SHA-256 or MD5 sum in hexadecimal.
    cache_subdir : str
        The folder in `cache_dir`, or an absolute path.
    hash_algorithm : {"auto", "sha256", "md5"}
        Which of the two `file_hash` is; its length tells.
    extract : bool
        Unpack a tar or zip archive into a folder next to it. An archive cannot write anywhere else, and links in it are
        skipped.
    archive_format : {"auto", "tar", "zip"}, or None
        The kinds of archive that are accepted.
    cache_dir : path, optional
        Where files are kept; if left out, the folder named by ``KERAS_HOME``, or ``~/.keras``.
    force_download : bool
        Download it again.
    patience : Patience, optional
        How long to keep trying servers that fail.

    Returns
    -------
    str
        The path of the file, or of the folder that it was unpacked into: as in Keras, ``NAME_extracted`` if you give an
        `fname` with an ending, otherwise ``NAME``.

    Raises
    ------
    DownloadError
        If no address delivered it; the message lists each with the reason.
    FileFormatError
        If it is not an archive, or one of an unsupported kind.
    StorageError
        If the disk is full, or the folder is not writable.
    ConfigurationError
        If an argument has an invalid value.

    Examples
    --------
    >>> get_file(origin="https://example.org/flowers.tgz", extract=True)  # doctest: +SKIP
    '/home/me/.keras/datasets/flowers.tgz'
    """
    addresses = _addresses(origin)
    folder = _folder(cache_dir, cache_subdir)
    name = _name(fname, addresses[0])
    extract = extract or untar
    target, unpacked = _targets(folder, name, fname is not None, extract)
    digest = file_hash or md5_hash  # the length tells which kind it is
    wanted = Wanted(target.name, addresses, None, digest, _algorithm(digest, hash_algorithm))
    is_new = force_download or not target.exists() or not _is_right(target, wanted)
    if is_new:
        show(f"Downloading data from {addresses[0]}")
        fetch_files(folder, [wanted], patience=patience or Patience(), again=True)
    if not extract:
        return str(target)
    if is_new or not unpacked.is_dir():
        formats = _formats("tar" if untar else archive_format)
        if not unpack(target, unpacked, formats):
            raise FileFormatError(
                f"{target} is not an archive of the kind {' or '.join(formats) or 'None'}, so it is not extracted. "
                "Leave extract out, or give the address of an archive."
            )
    return str(unpacked)


def _addresses(origin: str | Sequence[str] | None) -> tuple[str, ...]:
    given = [origin] if isinstance(origin, str) else list(origin or ())
    for address in given:
        if not re.match("https?://", str(address), re.IGNORECASE):
            raise ConfigurationError(f"get_file: origin must be an http:// or https:// address, but is {address!r}.")
    if not given:
        raise ConfigurationError("get_file needs origin: the address to download from.")
    return tuple(given)


def _name(fname: Any, address: str) -> str:
    """Return the file's name, which names no folder."""
    name = os.path.basename(urllib.parse.urlsplit(address).path) if fname is None else os.fspath(fname)
    if not name or name in (".", "..") or "/" in name or os.sep in name or "\0" in name:
        raise ConfigurationError(
            f"get_file: fname must be a file name without a folder, but is {name!r}. Set the folder with cache_dir "
            "and cache_subdir."
        )
    return str(name)


def _folder(cache_dir: Any, cache_subdir: str) -> Path:
    """Return the folder to keep files in, which is made."""
    home = home_path(os.environ.get("KERAS_HOME") or os.path.join("~", ".keras"))
    base = user_path(cache_dir) if cache_dir is not None else home or session_folder() / "keras"
    folder = base / user_path(cache_subdir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"get_file stores files in {folder}, but cannot create it: {error.strerror or error}. Give another "
            "cache_dir."
        ) from error
    return folder


def _targets(folder: Path, name: str, is_given: bool, extract: bool) -> tuple[Path, Path]:
    """Return what the file and the folder that it is unpacked into are called, as in Keras."""
    if not extract:
        return folder / name, folder
    if is_given and "." in name:
        return folder / name, folder / f"{name[: name.index('.')]}_extracted"
    return folder / f"{name}_archive", folder / name


def _algorithm(digest: str | None, given: str) -> str:
    if given not in ("auto", *_LENGTHS.values()):
        raise unknown_name("hash_algorithm", given, ("auto", "sha256", "md5"))
    if digest is None:
        return "sha256"
    found = _LENGTHS.get(len(digest))
    if found is None or not re.fullmatch("[0-9a-fA-F]+", digest) or given not in ("auto", found):
        raise ConfigurationError(
            f"get_file: a checksum has 64 hexadecimal digits (sha256) or 32 (md5), but {digest!r} was given as {given}."
        )
    return found


def _is_right(path: Path, wanted: Wanted) -> bool:
    if wanted.digest is None or checksum(path, wanted.algorithm) == wanted.digest.lower():
        return True
    show(f"{path} does not match its checksum, so it is downloaded again.")
    return False


def _formats(given: str | Sequence[str] | None) -> tuple[str, ...]:
    formats = FORMATS if given == "auto" else (given,) if isinstance(given, str) else tuple(given or ())
    for form in formats:
        if form not in FORMATS:
            raise unknown_name("archive_format", form, ("auto", *FORMATS))
    return formats
