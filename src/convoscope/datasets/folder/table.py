"""A CSV file of paths and labels."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from convoscope.datasets.folder.listing import Entry, Listing, entry, natural_key, part_of
from convoscope.errors import DataError, FileFormatError, MissingFileError

_COLUMNS = {
    "path": ("path", "file", "filename", "file_name", "filepath", "image", "image_path"),
    "label": ("label", "class", "class_name", "category", "target"),
    "part": ("split", "part", "subset", "set"),
}


def list_table(path: Path) -> Listing:
    """List the images that a CSV file names.

    Parameters
    ----------
    path : Path
        A file with a line of column names: ``path`` (or file, filename, image, ...), ``label`` (or class, category,
        ...) and perhaps ``split`` with train, val or test. Separated by commas, semicolons or tabs; UTF-8. Paths are
        looked for from the file's own folder on.

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
    A row without path, label or known part is skipped and named, and so is a file that is listed before.
    """
    rows = _rows(path)
    if not rows:
        raise DataError(
            f"{path} is empty. Expected a line with the columns path and label, then a line for each image."
        )
    places = _places(rows[0], path)
    entries: dict[str, Entry] = {}
    skipped: dict[str, str] = {}
    for number, row in enumerate(rows[1:], start=2):
        cells = {what: row[place].strip() if place < len(row) else "" for what, place in places.items()}
        part = part_of(cells["part"]) if "part" in cells else None
        name = Path(cells["path"]).as_posix() if cells["path"] else f"line {number} of {path.name}"
        if not cells["path"]:
            skipped[name] = "names no file"
        elif not cells["label"]:
            skipped[name] = f"has no label in line {number} of {path.name}"
        elif "part" in cells and part is None:
            skipped[name] = f"has the unknown split {cells['part']!r}: train, val and test are known"
        elif name in entries:
            skipped[f"line {number} of {path.name}"] = f"names {name} again; its first line counts"
        else:
            entries[name] = entry(path.parent / cells["path"], name, cells["label"], part)
    if not entries:
        raise DataError(
            f"{path} names no image with a label. Expected a line for each, under the columns path and label."
        )
    names = sorted({found.label for found in entries.values()}, key=natural_key)
    return Listing(path.parent, list(entries.values()), names, skipped)


def _rows(path: Path) -> list[list[str]]:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise MissingFileError(f"There is no file {path}. Check the path.") from error
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path} is not a CSV file in UTF-8. Save it as one.") from error
    except OSError as error:
        raise MissingFileError(f"{path} cannot be read: {error.strerror}.") from error
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    try:
        return [row for row in csv.reader(text.splitlines(), delimiter=separator) if any(row)]
    except csv.Error as error:
        raise FileFormatError(f"{path} is not a CSV file: {error}.") from error


def _places(header: list[str], path: Path) -> dict[str, int]:
    names = [name.strip().casefold() for name in header]
    places = {what: place for what, known in _COLUMNS.items() if (place := _first(known, names)) is not None}
    for what in ("path", "label"):
        if what not in places:
            raise DataError(
                f"{path} has no column {what!r}: its first line is {', '.join(map(repr, header))}. Name the columns in "
                f"the first line: path and label, such as path,label and then cats/1.jpg,cat."
            )
    return places


def _first(known: Iterable[str], names: list[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)
