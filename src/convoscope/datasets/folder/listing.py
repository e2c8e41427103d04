"""Which files a folder or a table holds, of which class, and for which part of the data. No file is opened."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from convoscope.errors import DataError, MissingFileError

PARTS = ("train", "validation", "test")
_PART_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_NOT_MEANT = {"thumbs.db", "desktop.ini", "__macosx"}
_LABELLED = "expected a folder with a subfolder for each class, such as flowers/rose and flowers/tulip"


@dataclass(frozen=True)
class Entry:
    """A file that is to be an image.

    Attributes
    ----------
    name : str
        Its path from the folder on (from the table's folder on), with ``/``.
    label : str
        Its class.
    part : str or None
        One of `PARTS`, or None where the split is still to be made.
    size, changed : int
        Bytes, and the time of the last change in nanoseconds.
    """

    name: str
    label: str
    part: str | None
    size: int
    changed: int


@dataclass(frozen=True)
class Listing:
    """All that is in a folder or a table.

    Attributes
    ----------
    root : Path
        What the names of the entries begin at.
    entries : list of Entry
    class_names : list of str
        In natural order, with those of which there is no file.
    skipped : dict of str to str
        Names that are no entries, with the reason.
    """

    root: Path
    entries: list[Entry]
    class_names: list[str]
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def has_parts(self) -> bool:
        """Whether the data came split."""
        return any(entry.part is not None for entry in self.entries)

    def digest(self) -> str:
        """Give a checksum of names, labels, parts, sizes and times: another one means that a file changed."""
        checksum = hashlib.blake2b(digest_size=16)
        for entry in self.entries:
            checksum.update(repr((entry.name, entry.label, entry.part, entry.size, entry.changed)).encode())
        checksum.update(repr((self.class_names, sorted(self.skipped.items()))).encode())
        return checksum.hexdigest()


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Give the key by which people sort: numbers by their value, letters without their case.

    Examples
    --------
    >>> sorted(["class 10", "class 2", "Class 1"], key=natural_key)
    ['Class 1', 'class 2', 'class 10']
    """
    pieces = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(0, int(piece), "") if piece[0] in "0123456789" else (1, 0, piece.casefold()) for piece in pieces], name


def is_hidden(name: str) -> bool:
    """Say whether a file or folder is none of a person's own: hidden, or put there by the system."""
    return name.startswith(".") or name.casefold() in _NOT_MEANT


def list_folder(root: Path) -> Listing:
    """List a folder with a subfolder a class, or with such folders in ``train``, ``val`` and ``test``.

    Parameters
    ----------
    root : Path
        A folder. Subfolders of a class's folder belong to that class; hidden files and folders are left out.

    Returns
    -------
    Listing

    Raises
    ------
    MissingFileError
        There is no such folder, or it may not be read.
    DataError
        It has no subfolders.

    Notes
    -----
    Folders are parts if one is named ``train`` or ``training``, holds folders itself, and stands alone or beside one
    for validation or testing. Among classes ``train``, ``bus`` and ``car`` it is a class.
    """
    children = _children(root)
    folders = [child for child in children if child.is_dir()]
    if not folders:
        has = f"has {len(children)} files but no subfolder" if children else "is empty"
        raise DataError(f"{root} {has}: {_LABELLED}, or a CSV file with the columns path and label.")
    parts = _parts(folders)
    skipped = {child.name: "lies in no class's folder" for child in children if not child.is_dir()}
    entries: list[Entry] = []
    class_names: set[str] = set()
    for folder, part in parts.items() if parts else [(root, None)]:
        for child in _children(folder):
            if child.is_dir():
                class_names.add(child.name)
                above = f"{folder.name}/{child.name}/" if parts else f"{child.name}/"
                entries += _entries(Path(child.path), above, child.name, part)
            elif parts:
                skipped[f"{folder.name}/{child.name}"] = "lies in no class's folder"
    if parts:
        stray = [child for child in folders if Path(child.path) not in parts]
        skipped.update({child.name: "stands beside the folders for training and testing" for child in stray})
    if not class_names:
        raise DataError(f"{root} has no folder of a class in {', '.join(f.name for f in parts)}: {_LABELLED}.")
    return Listing(root, entries, sorted(class_names, key=natural_key), skipped)


def files_below(folder: Path) -> list[Path]:
    """Give the files in a folder and its subfolders, in natural order and without hidden ones."""
    return [folder / found.name for found in _entries(folder, "", "", None)]


def part_of(name: str) -> str | None:
    """Give the part that a folder's name or a table's cell means, or None."""
    return _PART_NAMES.get(name.strip().casefold())


def _parts(folders: list[os.DirEntry[str]]) -> dict[Path, str]:
    named = {Path(folder.path): part for folder in folders if (part := part_of(folder.name)) is not None}
    training = [folder for folder, part in named.items() if part == "train"]
    holds_folders = any(child.is_dir() for folder in training for child in _children(folder))
    return named if holds_folders and (len(named) > len(training) or len(folders) == len(training)) else {}


def _children(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted((child for child in found if not is_hidden(child.name)), key=lambda c: natural_key(c.name))
    except FileNotFoundError as error:
        raise MissingFileError(f"There is no folder {folder}. Check the path.") from error
    except OSError as error:
        raise MissingFileError(f"The folder {folder} cannot be read: {error.strerror}.") from error


def _entries(folder: Path, above: str, label: str, part: str | None) -> Iterator[Entry]:
    for child in _children(folder):
        if child.is_dir(follow_symlinks=False):  # a link to a folder could lead round in a circle
            yield from _entries(Path(child.path), f"{above}{child.name}/", label, part)
        elif not child.is_dir():
            yield entry(child.path, above + child.name, label, part)


def entry(path: str | Path, name: str, label: str, part: str | None) -> Entry:
    """Look at a file's size and time; a file that is not there has the size -1, and reading it will say so."""
    try:
        found = os.stat(path)
    except OSError:
        return Entry(name, label, part, -1, 0)
    return Entry(name, label, part, found.st_size, found.st_mtime_ns)
