"""``with_labels``: the names of classes behind a LiteRT file, in an archive that others look for them in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

#: The file in the archive.
LABELS = "labels.txt"


def fits(names: Sequence[str]) -> bool:
    """Return whether names can stand in lines: those with line breaks could not be told apart."""
    return "\n".join(names).splitlines() == list(names)


def with_labels(content: bytes, names: Sequence[str]) -> bytes:
    """Append a zip archive with a text file of one name a line, as TensorFlow Lite's associated files are.

    A flatbuffer says itself where it ends, and an archive is found from the file's end: it is both.

    Parameters
    ----------
    content : bytes
        The flatbuffer.
    names : sequence of str
        That `fits` is true of.
    """
    text = "\n".join(names)
    whole = io.BytesIO(content)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr(zipfile.ZipInfo(LABELS), f"{text}\n".encode(errors="replace"))
    return whole.getvalue()
