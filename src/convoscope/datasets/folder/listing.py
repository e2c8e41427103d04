"""Which files a folder or a table holds, of which class, and for which part of the data. No file is opened."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from convoscope.datasets.folder.not_images import SYSTEM, is_folder, is_hidden, results_in
from convoscope.errors import DataError, MissingFileError
from convoscope.names import legible

PARTS = ("train", "validation", "test")
_PART_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_DEEPEST = 100
_LABELLED = "expected a folder with a subfolder for each class, such as flowers/rose and flowers/tulip"


@dataclass(frozen=True)
class Entry:
    """A file that is to be an image.

    Attributes
    ----------
    name : str
        Its path from the folder on (from the table's folder on), with ``/``; spelled as the system opens it.
    label : str
        Its class, as `convoscope.names.legible` spells it.
    part : str or None
        One of `PARTS`, or None where the split is still to be made.
    size, changed : int
        Bytes, and the time of the last change in nanoseconds.
    renewed : int
        The time of the last change of the file or of what the system keeps of it, in nanoseconds: who replaces a file
        and sets back its time cannot set back this one. Inode numbers would say so too, but those of some network
        drives are others each time.
    """

    name: str
    label: str
    part: str | None
    size: int
    changed: int
    renewed: int = 0


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
    left_out : dict of str to str
        Folders that were not read, with what is in them.
    notes : list of str
        What else was made of the names.
    """

    root: Path
    entries: list[Entry]
    class_names: list[str]
    skipped: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def has_parts(self) -> bool:
        """Whether the data came split."""
        return any(entry.part is not None for entry in self.entries)

    def digest(self) -> str:
        """Give a checksum of names, labels, parts, sizes and times: another one means that a file may have changed."""
        checksum = hashlib.blake2b(digest_size=16)
        for entry in self.entries:
            times = (entry.changed, entry.renewed)
            checksum.update(repr((entry.name, entry.label, entry.part, entry.size, *times)).encode())
        checksum.update(repr((self.class_names, sorted(self.skipped.items()))).encode())
        return checksum.hexdigest()


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Give the key by which people sort: numbers by their value, letters without their case.

    Examples
    --------
    >>> sorted(["class 10", "class 2", "Class 1"], key=natural_key)
    ['Class 1', 'class 2', 'class 10']
    """
    return [_key_of(piece) for piece in re.findall(r"[0-9]+|[^0-9]+", name)], name


def list_folder(root: Path) -> Listing:
    """List a folder with a subfolder for each class, or with such folders in ``train``, ``val`` and ``test``.

    Parameters
    ----------
    root : Path
        A folder. Subfolders of a class's folder belong to that class, and so do folders that links in it lead to.
        Hidden files and folders, system folders and the results of programs (`not_images`) are left out.

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

    A folder that can be reached in several ways is listed once, and under its own name before that of a link.

    A class that is spelled in capitals in one part and not in another is one class, named as among the training
    images, unless those have both. Spaces at its ends do not make it another class either.
    """
    walk = _Walk(root)
    children = _children(root)
    folders = walk.images_in(child for child in children if is_folder(child))
    if not folders:
        raise DataError(f"{root} {_what_it_has(children, walk)}: {_LABELLED}, or a CSV file.")
    parts = _parts(folders)
    skipped = {child.name: "is not in a class folder" for child in children if not is_folder(child)}
    class_names: set[str] = set()
    for folder, part in parts.items() if parts else [(root, None)]:
        above, classes = (f"{folder.name}/", _children(folder)) if parts else ("", folders)
        skipped.update({above + child.name: "is not in a class folder" for child in classes if not is_folder(child)})
        for child in walk.images_in(filter(is_folder, classes), above) if parts else classes:
            label = legible(child.name)
            class_names.add(label)
            walk.add(child, above, label, part, linked=folder.is_symlink())
    if parts:
        stray = [child for child in folders if Path(child.path) not in parts]
        skipped.update({child.name: "is next to the train and test folders" for child in stray})
    if not class_names:
        raise DataError(f"{root} has no class folder in {', '.join(f.name for f in parts)}: {_LABELLED}.")
    entries = walk.entries()
    found = Listing(root, entries, sorted(class_names, key=natural_key), {**skipped, **walk.skipped}, walk.left_out)
    return with_one_spelling(found)


def files_below(folder: Path) -> tuple[list[Path], dict[str, str]]:
    """Give the files in a folder and its subfolders, in natural order, and what was left out as in `list_folder`."""
    results = results_in(folder)
    if results not in (None, SYSTEM):  # a system folder is read by whoever asks for it by name
        return [], {"": str(results)}
    walk = _Walk(folder)
    walk.add_children(folder)
    return [folder / found.name for found in walk.entries()], {**walk.left_out, **walk.skipped}


def each_file_below(folder: Path) -> Iterator[Path]:
    """Give the files that `files_below` lists, however many there are: only the names in one folder are in memory.

    They come in the same order, but for those that links to folders lead to: these come last.
    """
    if results_in(folder) in (None, SYSTEM):
        walk = _Walk(folder)
        yield from (folder / found.name for found in walk.each(folder))


def with_one_spelling(listing: Listing) -> Listing:
    """Give classes the spelling of the training images, where only capitals or spaces at the ends differ."""
    trained = {entry.label for entry in listing.entries if entry.part == "train"}
    spellings: dict[str, set[str]] = {}
    for label in trained:
        spellings.setdefault(_plain(label), set()).add(label)
    renamed = {
        label: next(iter(known))
        for label in listing.class_names
        if label not in trained and len(known := spellings.get(_plain(label), set())) == 1
    }
    if not renamed:
        return listing
    entries = [replace(entry, label=renamed.get(entry.label, entry.label)) for entry in listing.entries]
    names = [name for name in listing.class_names if name not in renamed]
    notes = [
        f"{other} is taken for the class {name}, which differs in {_difference(other, name)} only"
        for other, name in renamed.items()
    ]
    return replace(listing, entries=entries, class_names=names, notes=[*listing.notes, *notes])


def part_of(name: str) -> str | None:
    """Give the part that a folder's name or a table's cell means, or None."""
    return _PART_NAMES.get(name.strip().casefold())


@dataclass(frozen=True)
class _Folder:
    """A folder to be read: ``above`` stands before its files' names."""

    path: Path
    above: str
    label: str
    part: str | None


class _Walk:
    """A walk through folders of images, each by its real path and once.

    Links wait until all folders that are no links have been read: if one class links to a folder of another class, its
    images stay where they are.
    """

    def __init__(self, root: Path) -> None:
        self.skipped: dict[str, str] = {}
        self.left_out: dict[str, str] = {}
        self._root = os.path.realpath(root)
        self._seen = {self._root: "."}
        self._folders: list[_Folder] = []
        self._links: deque[_Folder] = deque()
        self._found: list[Entry] = []

    def images_in(self, folders: Iterable[os.DirEntry[str]], above: str = "") -> list[os.DirEntry[str]]:
        """Keep the folders that may hold images, and note the others."""
        kept = []
        for folder in folders:
            if (results := results_in(Path(folder.path))) is None:
                kept.append(folder)
            else:
                self.left_out[f"{above}{folder.name}"] = results
        return kept

    def add(self, child: os.DirEntry[str], above: str, label: str, part: str | None, *, linked: bool = False) -> None:
        """Plan to read a folder of a class."""
        folder = _Folder(Path(child.path), f"{above}{child.name}/", label, part)
        if linked or child.is_symlink():
            self._links.append(folder)
        else:
            self._folders.append(folder)

    def add_children(self, folder: Path) -> None:
        """Read a folder that is no class."""
        self._found += self._read(_Folder(folder, "", "", None), _children(folder))

    def entries(self) -> list[Entry]:
        """Read what was planned, and give all files, in natural order."""
        for folder in self._folders:
            self._found += self._enter(folder)
        if self._links:
            self._found += self._linked()
            self._found.sort(key=lambda entry: [natural_key(piece) for piece in entry.name.split("/")])
        return self._found

    def each(self, folder: Path) -> Iterator[Entry]:
        """Read a folder that is no class, and give its files while they are found: linked ones come last."""
        yield from self._read(_Folder(folder, "", "", None), _children(folder))
        yield from self._linked()

    def _linked(self) -> Iterator[Entry]:
        while self._links:
            yield from self._enter(self._links.popleft())

    def _enter(self, folder: _Folder) -> Iterator[Entry]:
        name, real = folder.above.rstrip("/"), os.path.realpath(folder.path)
        if folder.above.count("/") > _DEEPEST:
            self.left_out[name] = f"more than {_DEEPEST} folders deep"
        elif self._root == real or self._root.startswith(real.rstrip(os.sep) + os.sep):
            self.left_out[name] = "a circular link"
        elif real in self._seen:
            self.left_out[name] = f"the same folder as {self._seen[real]}"
        else:
            self._seen[real] = name
            yield from self._read(folder, self._children(folder))

    def _children(self, folder: _Folder) -> list[os.DirEntry[str]]:
        try:
            return _scan(folder.path)
        except OSError as error:
            self.skipped[folder.above] = f"cannot be read: {error.strerror or error}"
            return []

    def _read(self, folder: _Folder, children: list[os.DirEntry[str]]) -> Iterator[Entry]:
        for child in children:
            if not is_folder(child):
                yield entry(child.path, folder.above + child.name, folder.label, folder.part)
            elif self.images_in([child], folder.above):
                below = _Folder(Path(child.path), f"{folder.above}{child.name}/", folder.label, folder.part)
                if child.is_symlink():
                    self._links.append(below)
                else:
                    yield from self._enter(below)


def _what_it_has(children: list[os.DirEntry[str]], walk: _Walk) -> str:
    if walk.left_out:
        name, what = next(iter(walk.left_out.items()))
        return f"has no folder of images (in {name} there are {what})"
    files = "1 file" if len(children) == 1 else f"{len(children)} files"
    return f"has {files} but no subfolder" if children else "is empty"


def _key_of(piece: str) -> tuple[int, int, str]:
    if piece[0] not in "0123456789":
        return 1, 0, piece.casefold()
    digits = piece.lstrip("0")
    return 0, len(digits), digits  # in the order of their values, however many there are


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold()).strip()


def _difference(name: str, other: str) -> str:
    if name.strip() == other.strip():
        return "spaces"
    return "capitals" if name.strip() == name and other.strip() == other else "capitals and spaces"


def _parts(folders: list[os.DirEntry[str]]) -> dict[Path, str]:
    named = {Path(folder.path): part for folder in folders if (part := part_of(folder.name)) is not None}
    training = [folder for folder, part in named.items() if part == "train"]
    holds_folders = any(is_folder(child) for folder in training for child in _children(folder))
    return named if holds_folders and (len(named) > len(training) or len(folders) == len(training)) else {}


def _children(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return _scan(folder)
    except FileNotFoundError as error:
        raise MissingFileError(f"There is no folder {folder}. Check the path.") from error
    except OSError as error:
        raise MissingFileError(f"The folder {folder} cannot be read: {error.strerror}.") from error


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return sorted((child for child in found if not is_hidden(child.name)), key=lambda c: natural_key(c.name))


def entry(path: str | Path, name: str, label: str, part: str | None) -> Entry:
    """Look at a file's size and time; a file that is not there has the size -1, and reading it will say so."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: no system has such a name
        return Entry(name, label, part, -1, 0)
    return Entry(name, label, part, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
