"""``with_labels``: the names of classes behind a LiteRT file, in an archive that others look for them in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

_NAME = "labels.txt"


def with_labels(content: bytes, names: Sequence[str]) -> bytes:
    """Append a zip archive with a text file of one name a line, as TensorFlow Lite's associated files are.

    A flatbuffer says itself where it ends, and an archive is found from the file's end: it is both.

    Parameters
    ----------
    content : bytes
        The flatbuffer.
    names : sequence of str
        With line breaks in one of them nothing is appended: lines could not tell them apart.
    """
    text = "\n".join(names)
    if text.splitlines() != list(names):
        return content
    whole = io.BytesIO(content)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr(zipfile.ZipInfo(_NAME), f"{text}\n".encode(errors="replace"))
    return whole.getvalue()
