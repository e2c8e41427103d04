"""Safetensors files: named arrays of floats with a JSON description beside them, and no code to run.

The library does the work. What is added here: the description is one JSON text under one name, so that the same model
always gives the same bytes (the library orders several names at random), the file is written atomically, and whatever
is wrong with a file comes as one kind of error that names it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from convoscope.errors import FileFormatError, MissingFileError
from convoscope.models.unsupported import describe_unsupported
from convoscope.names import json_text
from convoscope.paths import open_regular
from convoscope.storage import write_atomically

Array = npt.NDArray[np.float32]
AnyFloats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float16]

#: The name in the header's metadata under which the description stands.
KEY = "convoscope"
_FLOATS = ("F32", "F16")


@dataclass(frozen=True)
class Header:
    """The description, empty if another program wrote the file, and the arrays' shapes."""

    metadata: dict[str, Any]
    shapes: dict[str, tuple[int, ...]]


def write_tensors(path: str | os.PathLike[str], tensors: Mapping[str, AnyFloats], metadata: Mapping[str, Any]) -> None:
    """Write arrays and a description of plain JSON values. The same content gives the same bytes.

    Parameters
    ----------
    path : path
    tensors : mapping of str to array
        Those of float16 are written as they are, any others as float32.
    metadata : mapping

    Raises
    ------
    StorageError
        If the file cannot be written; an existing file is then unchanged.
    """
    write_atomically(path, [file_of(tensors, metadata)])


def file_of(tensors: Mapping[str, AnyFloats], metadata: Mapping[str, Any]) -> bytes:
    """Return the content of the file that `write_tensors` writes."""
    from safetensors.numpy import save

    arrays = {
        # Not ascontiguousarray, which gives a single number an axis.
        name: np.asarray(array, np.float16 if array.dtype == np.float16 else np.float32, order="C")
        for name, array in tensors.items()
    }
    return save(arrays, {KEY: json_text(metadata)})


def fingerprint(tensors: Mapping[str, AnyFloats]) -> str:
    """Return what tells arrays from any others: a checksum of all of them, by their names."""
    digest = sha256()
    for name in sorted(tensors):
        digest.update(np.ascontiguousarray(tensors[name], "<f4").data)
    return digest.hexdigest()


def read_header(path: str | os.PathLike[str]) -> Header:
    """Read the description and the arrays' shapes, and check that the file is whole.

    Raises
    ------
    MissingFileError, FileFormatError
    """
    with _open(path) as file:
        return _header(file, path)


def read_tensors(path: str | os.PathLike[str]) -> tuple[Header, dict[str, Array]]:
    """Read everything; of a file of another program, which has no description, no arrays.

    The arrays are float32, writable, and stand for themselves.

    Raises
    ------
    MissingFileError, FileFormatError
    """
    with _open(path) as file:
        header = _header(file, path)
        if not header.metadata:
            return header, {}
        return header, {name: file.get_tensor(name).astype(np.float32, copy=False) for name in header.shapes}


@contextmanager
def _open(path: str | os.PathLike[str]) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    place = Path(path)
    if os.path.isdir(place):
        raise MissingFileError(f"{path} is a folder, not a file. Give the file in it: {place / 'model.safetensors'}.")
    open_regular(place).close()  # the library calls a file that may not be read one that is not there
    try:
        with safe_open(place, "numpy") as file:
            yield file
    except SafetensorError as error:
        known = describe_unsupported(place)
        if known is not None:
            raise FileFormatError(
                f"{path} is not a safetensors file, but {known}. Only files from model.save() can be loaded."
            ) from error
        reason = str(error).rpartition(": ")[2]
        raise FileFormatError(
            f"{path} is not a safetensors file, or is cut short or damaged ({reason}). Download or save it again."
        ) from error
    except OSError as error:
        raise MissingFileError(f"{path} cannot be read: {error.strerror or error}.") from error


def _header(file: Any, path: str | os.PathLike[str]) -> Header:
    slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    metadata = file.metadata() or {}
    for name, each in slices.items():
        if KEY in metadata and each.get_dtype() not in _FLOATS:
            raise FileFormatError(
                f"{path}: tensor {name!r} is {each.get_dtype()}; only 32-bit and 16-bit floats (F32, F16) can be read."
            )
    text = metadata.get(KEY, "{}")
    try:
        description = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(
            f"{path} is damaged: the description in its header cannot be read ({error}). Download or save it again."
        ) from error
    if not isinstance(description, dict):
        raise FileFormatError(
            f"{path} is damaged: its header must contain a description, but contains {description!r}."
        )
    return Header(description, {name: tuple(each.get_shape()) for name, each in slices.items()})
