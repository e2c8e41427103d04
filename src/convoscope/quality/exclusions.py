"""Images that are left out of training: those of an edited ``suspects.csv``, or of a plain list of files."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConvoscopeWarning, DataError, FileFormatError
from convoscope.names import encodable, for_table
from convoscope.paths import open_regular
from convoscope.wording import agreeing, counted

_LARGEST = 1 << 26
_SHOWN = 3


def read_exclusions(path: str | os.PathLike[str]) -> set[str]:
    r"""Read a list of files to leave out.

    Parameters
    ----------
    path : path
        A table as `Findings.write_csv` writes it, of which you may have deleted rows and columns as long as there is a
        column ``file``; commas or semicolons separate its cells. Or a plain list, with the name of a file on each line.

    Returns
    -------
    set of str
        The files' names as the table has them; `excluded` finds the images that they mean.

    Raises
    ------
    MissingFileError
        If there is no such file, or it is a folder.
    FileFormatError
        If it is not text in UTF-8, or is a table without a column ``file``.
    DataError
        If it names no file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "suspects.csv")
    ...     written = path.write_text("kind,label,file\noutlier,daisy,daisy/2.jpg\noutlier,rose,rose/9.jpg\n")
    ...     sorted(read_exclusions(path))
    ['daisy/2.jpg', 'rose/9.jpg']
    """
    lines = _text(path).splitlines()
    header = next((line for line in lines if line.strip()), "")
    separator = max(",;\t", key=header.count)
    columns = [cell.strip().strip('"').casefold() for cell in header.split(separator)]
    if "file" in columns:
        found = _table(path, lines, separator, columns.index("file"))
    elif {"kind", "label", "suggestion", "score", "reason"} & set(columns) and len(columns) > 1:
        raise FileFormatError(
            f"{path} is a table without a column named file: its first line is {header[:200]!r}. Keep that column, or "
            "give a plain list with one file name per line."
        )
    else:
        found = {line.strip() for line in lines}
    names = {name for name in found if name.strip()}
    if not names:
        raise DataError(
            f"{path} contains no file names. Expected a table such as suspects.csv with a column named file, or a "
            "plain list with one file name per line."
        )
    return names


def excluded(names: Iterable[str], files: Sequence[str], source: str) -> npt.NDArray[np.bool_]:
    """Return which images are left out.

    Parameters
    ----------
    names : iterable of str
        The names that `read_exclusions` returned.
    files : sequence of str
        The names of all images in the folder, relative to it.
    source : str
        The path of the file with the names, for messages.

    Returns
    -------
    array of bool, shape (len(files),)

    Raises
    ------
    DataError
        If none of the names is an image of the folder.

    Warns
    -----
    ConvoscopeWarning
        If some of them are not.

    Examples
    --------
    >>> excluded({"daisy/2.jpg"}, ["daisy/1.jpg", "daisy/2.jpg"], "suspects.csv").tolist()
    [False, True]
    """
    forms = [_form(file) for file in files]
    known = set(forms)
    wanted = {next((form for form in _forms(name) if form in known), _form(name)) for name in names}
    unknown = sorted(wanted - known)
    if unknown:
        shown = ", ".join(repr(name) for name in unknown[:_SHOWN]) + (", ..." if len(unknown) > _SHOWN else "")
        example = f" The folder's first image is {encodable(files[0])!r}." if files else ""
        if len(unknown) == len(wanted):
            raise DataError(
                f"{source} lists no image of this folder: {shown}.{example} Names are relative to the folder that you "
                "train on. Does the list belong to another folder?"
            )
        warnings.warn(
            f"{source} names {counted(len(unknown), 'file')} that {agreeing(len(unknown), 'is not an', 'are not')} "
            f"{agreeing(len(unknown), 'image', 'images')} in this folder: {shown}. All other listed files are "
            "left out.",
            ConvoscopeWarning,
            stacklevel=2,
        )
    return np.array([form in wanted for form in forms], bool)


def _text(path: str | os.PathLike[str]) -> str:
    with open_regular(path) as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise FileFormatError(f"{path} has more than {_LARGEST >> 20} MB: it cannot be a list of files.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path} is not UTF-8 text. Give suspects.csv, or a plain list with one file name per line."
        ) from error
    if "\0" in text:
        raise FileFormatError(
            f"{path} is not a text file: it contains NUL characters. Give suspects.csv or a plain list of files."
        )
    return text


def _table(path: str | os.PathLike[str], lines: list[str], separator: str, column: int) -> set[str]:
    reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=separator)
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise FileFormatError(
            f"{path} is not a valid table: {error}, in line {reader.line_num}. Is a quotation mark missing?"
        ) from error
    return {row[column] for row in rows[1:] if column < len(row)}


def _forms(cell: str) -> Iterator[str]:
    """Yield what a cell may mean: as it stands, without what keeps spreadsheets from computing, without spaces."""
    for spaced in (cell, cell.strip()):
        yield _form(spaced)
        if spaced.startswith("'") and for_table(spaced[1:]) == spaced:
            yield _form(spaced[1:])


def _form(name: str) -> str:
    """Return the one form in which names are compared."""
    return unicodedata.normalize("NFC", encodable(name)).replace("\\", "/").removeprefix("./")
