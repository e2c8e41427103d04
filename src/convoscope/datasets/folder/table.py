"""A CSV file of paths and labels."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from convoscope.datasets.folder.listing import Entry, Listing, entry, natural_key, part_of, with_one_spelling
from convoscope.errors import DataError, FileFormatError, MissingFileError
from convoscope.names import legible, native_path
from convoscope.paths import address_in, open_regular

_COLUMNS = {
    "path": ("path", "file", "filename", "file_name", "filepath", "image", "image_path"),
    "label": ("label", "class", "class_name", "category", "target"),
    "part": ("split", "part", "subset", "set"),
}
_SEPARATORS = ",;\t"


def list_table(path: Path) -> Listing:
    """List the images that a CSV file names.

    Parameters
    ----------
    path : Path
        A file with a line of column names: ``path`` (or file, filename, image, ...), ``label`` (or class, category,
        ...) and perhaps ``split`` with train, val or test. Separated by commas, semicolons or tabs; UTF-8. Paths are
        relative to the file's own folder. If there is no such file, its name is tried in Unicode's other form, and
        with ``/`` in place of each backslash.

    Returns
    -------
    Listing

    Raises
    ------
    MissingFileError
        There is no such file, or it may not be read.
    FileFormatError
        It is not a text in UTF-8.
    DataError
        It lacks a column, or rows.

    Notes
    -----
    The cells are those of Python's `csv.reader`, so quoted cells may hold separators and line breaks. A row without
    path, label or known part is skipped and named, and so is a file that is listed before, even if it is spelled in
    another way.
    """
    rows = _rows(path)
    if not rows:
        raise DataError(f"{path} is empty. Expected a line with the columns path and label, then one line per image.")
    columns = _columns_of(rows[0][1], path)
    table = _Table(path)
    for number, row in rows[1:]:
        table.add(number, {what: row[column] if column < len(row) else "" for what, column in columns.items()})
    if not table.entries:
        why = "".join(
            f" The first that was skipped, {name}: {reason}." for name, reason in list(table.skipped.items())[:1]
        )
        raise DataError(
            f"{path} lists no labelled image. Expected one line per image, with the columns path and label.{why}"
        )
    entries = list(table.entries.values())
    names = sorted({found.label for found in entries}, key=natural_key)
    return with_one_spelling(Listing(path.parent, entries, names, table.skipped, notes=table.notes()))


class _Table:
    """The rows of a table, each file once."""

    def __init__(self, path: Path) -> None:
        self.entries: dict[str, Entry] = {}  # by the file's real place
        self.skipped: dict[str, str] = {}
        self._path = path
        self._with_slashes = 0
        self._real_folder = lru_cache(maxsize=1024)(os.path.realpath)

    def add(self, number: int, cells: dict[str, str]) -> None:
        """Take a row, which begins in that line."""
        line = f"line {number} of {self._path.name}"
        part = part_of(cells["part"]) if "part" in cells else None
        label = legible(cells["label"].strip(" \t"))
        if not cells["path"].strip(" \t"):
            self.skipped[line] = "has no path"
            return
        if "\0" in cells["path"]:
            self.skipped[line] = "has a path with a NUL character, which is not allowed"
            return
        name = self._find(cells["path"])
        file = self._path.parent / name
        real = os.path.join(self._real_folder(str(file.parent)), file.name)
        if (address := address_in(cells["path"].strip(" \t"))) is not None and not os.path.lexists(file):
            self.skipped[address] = "is an internet address, which cannot be loaded directly; download the file"
        elif not label:
            self.skipped[name] = f"has no label in {line}"
        elif "part" in cells and part is None:
            self.skipped[name] = f"has the unknown split {cells['part'].strip()!r}: it must be train, val or test"
        elif real in self.entries:
            self.skipped[line] = f"lists {self.entries[real].name} again; only the first line is used"
        else:
            self.entries[real] = entry(file, name, label, part)

    def notes(self) -> list[str]:
        """Say what was made of the paths."""
        if not self._with_slashes:
            return []
        paths = "1 path was" if self._with_slashes == 1 else f"{self._with_slashes:,} paths were"
        return [f"{paths} found with / instead of \\"]

    def _find(self, cell: str) -> str:
        """Give the name of a file that is there, if one of the ways to read the cell names one."""
        for spelled in _spellings(cell):
            if os.path.lexists(self._path.parent / (name := native_path(spelled))):
                self._with_slashes += "\\" in cell and "\\" not in spelled
                return self._without_detours(Path(name).as_posix())
        return Path(native_path(cell.strip(" \t"))).as_posix()

    def _without_detours(self, name: str) -> str:
        """Return a/../b as b, where that is the same file: a may be a link to a folder."""
        short = os.path.normpath(name)
        if ".." not in Path(name).parts or not os.path.lexists(self._path.parent / short):
            return name
        same = os.path.samestat(os.lstat(self._path.parent / name), os.lstat(self._path.parent / short))
        return Path(short).as_posix() if same else name


def _spellings(cell: str) -> Iterator[str]:
    """Yield the paths that a cell may mean, the likeliest first."""
    for spaced in dict.fromkeys((cell, cell.strip(" \t"))):
        for slashed in dict.fromkeys((spaced, spaced.replace("\\", "/"))):
            for form in ("NFC", "NFD"):
                if slashed.isascii():
                    break
                if (other := unicodedata.normalize(form, slashed)) != slashed:
                    yield other
            yield slashed
    if cell.startswith("~"):
        yield os.path.expanduser(cell)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Read the rows that have something in them, each with the number of its first line."""
    text = _text(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    rows, line = [], 1
    try:
        for row in reader:
            if any(row):
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise FileFormatError(
            f"{path} is not a CSV file: {error}, in the row that begins in line {line}. Is a quotation mark missing?"
        ) from error
    return rows


def _text(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path} is not a CSV file in UTF-8. Save the table as one, or give a folder of images."
        ) from error
    except OSError as error:
        if isinstance(error, MissingFileError):
            raise
        raise MissingFileError(f"{path} cannot be read: {error.strerror}.") from error


def _separator(text: str) -> str:
    """Choose the separator by which the first row has most of the known columns, and then most columns."""

    def columns(separator: str) -> tuple[int, int]:
        try:
            header = next(
                (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)), []
            )
        except csv.Error:
            return 0, 0
        names = [name.strip().casefold() for name in header]
        return sum(_first(known, names) is not None for known in _COLUMNS.values()), len(header)

    return max(_SEPARATORS, key=columns)


def _columns_of(header: list[str], path: Path) -> dict[str, int]:
    names = [name.strip().casefold() for name in header]
    columns = {what: column for what, known in _COLUMNS.items() if (column := _first(known, names)) is not None}
    for what in ("path", "label"):
        if what not in columns:
            raise DataError(
                f"{path} has no column {what!r}: its first line is {', '.join(map(repr, header))}. Name the columns in "
                f"the first line: path and label, such as path,label and then cats/1.jpg,cat."
            )
    return columns


def _first(known: Iterable[str], names: list[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)
