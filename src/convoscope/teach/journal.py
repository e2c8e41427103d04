"""A session's folder: every picture as a file, every change as a line of a journal. Whatever ends the program, all that
the page was told is there the next time."""

from __future__ import annotations

import json
import os
import re
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from convoscope.errors import ConfigurationError, FileFormatError, InUseError, StorageError
from convoscope.locks import alone_in
from convoscope.names import json_text
from convoscope.storage import remedy, write_atomically
from convoscope.teach.board import Board, Change, Picture
from convoscope.wording import clause

_OURS = re.compile(r"\.?\d+\.\w+(\.\d+-\d+)?")
_FORMAT = {"format": "convoscope-teach", "version": 1}


class Journal:
    """A board whose changes are kept.

    Parameters
    ----------
    folder : path
        Made if it is not there. A session that is in it goes on.

    Attributes
    ----------
    board : Board

    Raises
    ------
    InUseError
        Another program has this session open.
    StorageError
        The folder cannot be made or written into.
    FileFormatError
        The journal is damaged before its last line, or was written by something else.

    Notes
    -----
    ``journal.jsonl`` has a line a change, ``pictures/ID.jpg`` the pictures. A picture's file is written before the line
    that names it, so that a line never names a file that is not there. A last line that a kill cut short is left out.
    Files of removed pictures stay as long as the removal can be undone: until the session is closed, or opened again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.board = Board()
        self._path = folder / "journal.jsonl"
        self._pictures = folder / "pictures"
        self._lock = threading.Lock()
        self._held = ExitStack()
        try:
            self._pictures.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be created: {error.strerror or error}. {remedy(error)}.") from error
        try:
            self._held.enter_context(alone_in(folder))
        except InUseError as error:
            raise InUseError(
                f"The session in {folder} is open in another convoscope teach. Use its page, stop it with Ctrl-C, or "
                "give another folder with --out."
            ) from error
        try:
            self._replay()
            self._rewrite()
        except BaseException:
            self._held.close()
            raise

    def file(self, picture: Picture) -> Path:
        """Return where a picture is kept."""
        return self._pictures / f"{picture.id}{picture.ending}"

    def keep(self, picture: Picture, content: bytes) -> None:
        """Write a picture's file. It is part of the session once a change that adds it is kept."""
        write_atomically(self.file(picture), [content])

    def change(self, change: Change) -> None:
        """Make a change, and keep it before this returns.

        Raises
        ------
        ConfigurationError
            It cannot be made.
        StorageError
            It cannot be written down. It is undone then.
        """
        with self._lock:
            self.board.apply(change)
            length = 0
            try:
                with open(self._path, "ab") as file:
                    length = file.tell()
                    file.write(_line(change))
                    file.flush()
            except OSError as error:
                self._return_to(length)
                raise StorageError(
                    f"{self._path} cannot be written: {error.strerror or error}. {remedy(error)}."
                ) from error

    def close(self) -> None:
        """Remove the files of removed pictures, and let others open the session."""
        with self._lock, suppress(StorageError):
            self._rewrite()
        self._held.close()

    def _return_to(self, length: int) -> None:
        """Take back what could not be written."""
        if length:
            with suppress(OSError):
                os.truncate(self._path, length)
        self.board = Board()
        self._replay()

    def _replay(self) -> None:
        if not self._path.exists():
            return
        lines = self._path.read_bytes().split(b"\n")
        for number, line in enumerate(lines[:-1], 1):  # what follows the last line break was cut short
            try:
                entry = json.loads(line.decode("utf-8"))
                if number == 1 and (not isinstance(entry, dict) or {**entry, **_FORMAT} != entry):
                    raise ConfigurationError("it is not a session of this version of Convoscope")
                if number > 1:
                    self.board.apply(entry)
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
                if number == len(lines) - 1 and number > 1 and isinstance(error, json.JSONDecodeError):
                    break  # a power cut left a line with a hole
                raise FileFormatError(
                    f"{self._path} is damaged in line {number}: {clause(error)}. The pictures are in "
                    f"{self._pictures}. Move "
                    "the folder away, or give another with --out."
                ) from error

    def _rewrite(self) -> None:
        """Write the journal anew without detours, and remove files that nothing names."""
        board = self.board
        board.forget()
        gone = [picture.id for picture in board.pictures.values() if not self.file(picture).is_file()]
        if gone:  # somebody has removed files by hand
            board.apply({"do": "remove pictures", "ids": gone})
            board.forget()
        write_atomically(self._path, [_line(_FORMAT), *map(_line, board.as_changes())])
        named = {self.file(picture).name for picture in board.pictures.values()}
        with suppress(OSError):
            for left in os.listdir(self._pictures):
                if left not in named and _OURS.fullmatch(left):
                    (self._pictures / left).unlink()


def _line(entry: Any) -> bytes:
    return (json_text(entry, separators=(",", ":")) + "\n").encode()
