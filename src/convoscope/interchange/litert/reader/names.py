"""Names of classes: in a text file that is appended to a model, or that lies beside it."""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

from convoscope.interchange.keras import labels
from convoscope.interchange.onnx import metadata
from convoscope.paths import is_there, open_regular

_LARGEST = 1 << 20  # bytes of a text file
_MOST_FILES = 64
_LONGEST_END = (1 << 16) + 22  # bytes of an archive's end, with the longest comment


def of(path: Path, texts: dict[str, str], output_shape: Any) -> list[str] | None:
    """Return the names that a file says its classes have, one for each of its output; else None.

    Ours are a list among its metadata. TensorFlow Lite's metadata append a zip archive with a text file of one name a
    line. Teachable Machine puts ``labels.txt`` beside the model, whose lines begin with numbers.
    """
    is_row = isinstance(output_shape, tuple) and len(output_shape) == 2
    classes = output_shape[-1] if is_row else None
    own = metadata.class_names(texts)
    if own is not None and len(own) == classes:
        return own
    told = [*_appended(path), *_beside(path)]
    found = (names for text in told for names in (labels.read(text), _lines(text)) if names is not None)
    return next((names for names in found if len(names) == classes), None)


def _appended(path: Path) -> list[str]:
    """Return the texts on labels in an archive behind the model."""
    texts: list[str] = []
    if not _has_small_archive(path):
        return texts
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist()[:_MOST_FILES]:
                name = member.filename.lower()
                if name.endswith(".txt") and "label" in name and member.file_size <= _LARGEST:
                    with archive.open(member) as file:
                        texts.append(_text(file.read(_LARGEST)))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError):
        return texts  # a model without names is one still
    return texts


def _has_small_archive(path: Path) -> bool:
    """Return whether all ends of archives in a file tell of few members: Python's library reads the list whole."""
    with open_regular(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _LONGEST_END, 0))
        end = file.read(_LONGEST_END)
    starts = [found.start() for found in re.finditer(rb"PK\x05\x06", end) if found.start() + 16 <= len(end)]
    lists = [int.from_bytes(end[start + 12 : start + 16], "little") for start in starts]
    return bool(lists) and max(lists) <= _LARGEST and b"PK\x06\x07" not in end  # of archives above 4 GB


def _beside(path: Path) -> list[str]:
    place = path.with_name(labels.NAME)
    if not is_there(place):
        return []
    with open_regular(place) as file:
        return [_text(file.read(_LARGEST))]


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace")


def _lines(text: str) -> list[str] | None:
    """Return the names of a text that has one a line, if they differ."""
    found = [line.strip() for line in text.strip().splitlines()]
    return found if all(found) and len(set(found)) == len(found) else None
