"""Opening files of others: how large they may be, and which file a message is about."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convoscope.errors import FileFormatError
from convoscope.interchange.onnx.reader.converting import NotConvertibleError
from convoscope.interchange.onnx.reader.network import UnsupportedError
from convoscope.interchange.onnx.reader.wire import DamagedError
from convoscope.paths import open_regular
from convoscope.wording import clause

_LARGEST_FILE = 1 << 31  # neither protocol buffers nor flatbuffers are larger


def content_of(path: Path, kind: str) -> memoryview:
    """Return the bytes of a file of a kind, as people call it.

    Raises
    ------
    MissingFileError
        There is no such file.
    FileFormatError
        It is too large.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > _LARGEST_FILE:
            raise FileFormatError(f"{path} has {size:,} bytes; {kind} files may have at most {_LARGEST_FILE:,}.")
        return memoryview(file.read())


@contextmanager
def naming(path: Path, kind: str) -> Iterator[None]:
    """Let messages say which file is damaged, or cannot be made into layers."""
    try:
        yield
    except DamagedError as error:
        raise FileFormatError(
            f"{path} is damaged or not a valid {kind} file: {clause(error)}. Download or export it again."
        ) from error
    except (UnsupportedError, NotConvertibleError) as error:
        raise FileFormatError(f"{path} cannot be converted into layers: {clause(error)}.") from error
