"""How a prediction becomes a row of a file: CSV for spreadsheets and pandas, JSON lines for programs."""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from convoscope.errors import ConvoscopeError
from convoscope.explore.image_predictions import ImagePrediction
from convoscope.names import encodable, for_table, json_text

Found = ImagePrediction | ConvoscopeError
_LONGEST_ROW = 1 << 20  # bytes; a file with a longer one is none of these


def columns(top: int, refuses: bool) -> list[str]:
    """Return the names of a table's columns.

    Parameters
    ----------
    top : int
        How many classes are named.
    refuses : bool
        Whether the model can tell images that belong to none of its classes.

    Examples
    --------
    >>> columns(2, True)
    ['file', 'class', 'probability', 'class_2', 'probability_2', 'none_of_these', 'score', 'error']
    """
    further = [name for rank in range(2, top + 1) for name in (f"class_{rank}", f"probability_{rank}")]
    return ["file", "class", "probability", *further, *(["none_of_these", "score"] if refuses else []), "error"]


def record(file: Path, found: Found) -> dict[str, Any]:
    """Return what is found of a file as plain values for JSON; of one that cannot be read, why."""
    name = str(file)
    return {"file": name, "error": str(found)} if isinstance(found, ConvoscopeError) else {"file": name, **found.told()}


def cells(told: dict[str, Any], top: int, refuses: bool) -> list[Any]:
    """Return a record as the cells of a table; None where there is nothing.

    Examples
    --------
    >>> cells({"file": "a.png", "classes": [{"class": "ant", "index": 0, "probability": 0.75}]}, 1, False)
    ['a.png', 'ant', 0.75, None]
    """
    named = [cell for each in told.get("classes", ()) for cell in (each["class"], each["probability"])]
    refused = [told.get("none_of_these"), told.get("score")] if refuses else []
    return [told["file"], *(named or [None] * 2 * top), *refused, told.get("error")]


class Rows(ABC):
    """The rows of a file.

    Parameters
    ----------
    top : int
        How many classes each row names.
    refuses : bool
        Whether the model can tell images that belong to none of its classes.
    """

    def __init__(self, top: int, refuses: bool) -> None:
        self.top, self.refuses = top, refuses

    #: What stands before the rows.
    header = b""

    @abstractmethod
    def encoded(self, told: dict[str, Any]) -> bytes:
        """Return a row as the bytes of it, with its end."""

    @abstractmethod
    def file_and_error(self, row: bytes) -> tuple[str, bool]:
        """Return a row's file, as `name` writes it, and whether it could not be read; `ValueError` if it is no row."""

    @abstractmethod
    def name(self, file: Path) -> str:
        """Return a file as rows name it."""

    def whole(self, stream: BinaryIO) -> Iterator[bytes]:
        """Give the rows of a file from where it is read, without one that is not complete."""
        row = b""
        while piece := stream.readline(_LONGEST_ROW):
            row += piece
            if len(row) >= _LONGEST_ROW:
                raise ValueError("a row has more than a megabyte")
            if piece.endswith(b"\n") and self._is_whole(row):
                yield row
                row = b""

    def _is_whole(self, row: bytes) -> bool:
        return True


class CsvRows(Rows):
    """Rows with commas between cells, and the names of the columns above them.

    What a spreadsheet would take for a formula gets an apostrophe before it.
    """

    def __init__(self, top: int, refuses: bool) -> None:
        super().__init__(top, refuses)
        self.header = _line(columns(top, refuses))

    def encoded(self, told: dict[str, Any]) -> bytes:
        return _line([_cell(each) for each in cells(told, self.top, self.refuses)])

    def file_and_error(self, row: bytes) -> tuple[str, bool]:
        try:
            (found,) = csv.reader([row.decode("utf-8")], strict=True)
        except csv.Error as error:
            raise ValueError(str(error)) from error
        if len(found) != len(columns(self.top, self.refuses)):
            raise ValueError(f"it has {len(found)} cells")
        return found[0], bool(found[-1])

    def name(self, file: Path) -> str:
        return str(_cell(str(file)))

    def _is_whole(self, row: bytes) -> bool:
        return row.count(b'"') % 2 == 0  # else its end is within a name


class JsonRows(Rows):
    """An object of JSON on each line."""

    def encoded(self, told: dict[str, Any]) -> bytes:
        return f"{json_text(told)}\n".encode()

    def file_and_error(self, row: bytes) -> tuple[str, bool]:
        try:
            told = json.loads(row)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        if not isinstance(told, dict) or not isinstance(told.get("file"), str):
            raise ValueError("it names no file")
        return told["file"], "error" in told

    def name(self, file: Path) -> str:
        return str(json.loads(json_text(str(file))))


def _line(row: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return for_table(encodable(value)) if isinstance(value, str) else value
