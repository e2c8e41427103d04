"""Where Keras' files have what: texts and arrays, out of an archive or an HDF5 file.

A ``.keras`` file is an archive with ``config.json``, ``metadata.json`` and ``model.weights.h5``. Keras reads entries by
their names and leaves others alone, so what it has no words for stands beside them. An ``.h5`` file has the same as
attributes.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoscope.errors import FileFormatError
from convoscope.models.weights import hdf5

#: The entry of the archive, and the attribute, that are ours.
OURS_ENTRY, OURS_ATTRIBUTE = "convoscope.json", "convoscope"
CONFIG, METADATA = "config.json", "metadata.json"
_LARGEST_TEXT = 1 << 26


@dataclass(frozen=True)
class Contents:
    """What a file says.

    Attributes
    ----------
    file : h5py.File
        The weights.
    architecture : dict
        The model's description, as Keras has it.
    training : dict or None
        What was compiled.
    ours : dict or None
        What Convoscope wrote beside it.
    legacy : bool
        Whether it is one HDF5 file, as Keras 2 writes them.
    """

    file: Any
    architecture: dict[str, Any]
    training: dict[str, Any] | None
    ours: dict[str, Any] | None
    legacy: bool


@contextmanager
def opened(path: Path) -> Iterator[Contents]:
    """Open a file, and read what it says; the arrays are left to who asks for them.

    Raises
    ------
    FileFormatError
        If it is damaged, of another kind, or has weights alone.
    """
    with hdf5.opened(path) as file:
        yield _of_archive(path, file) if hdf5.archived(path) else _of_hdf5(path, file)


def _of_archive(path: Path, file: Any) -> Contents:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if CONFIG not in names:
            raise FileFormatError(f"{path} is damaged: it has no {CONFIG}. Download or save it again.")
        description = _as_dict(_entry(archive, CONFIG, path), CONFIG, path)
        ours = _as_dict(_entry(archive, OURS_ENTRY, path), OURS_ENTRY, path) if OURS_ENTRY in names else None
    return Contents(file, description, description.get("compile_config"), ours, legacy=False)


def _of_hdf5(path: Path, file: Any) -> Contents:
    texts = {name: _attribute(file, name, path) for name in ("model_config", "training_config", OURS_ATTRIBUTE)}
    if texts["model_config"] is None:
        raise FileFormatError(
            f"{path} is an HDF5 file without a model description: it may contain only weights. Create the model's "
            "layers, and call model.load_weights(path)."
        )
    description, training, ours = (None if text is None else _as_dict(text, name, path) for name, text in texts.items())
    assert description is not None
    return Contents(file, description, training, ours, legacy=True)


def _entry(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    size = archive.getinfo(name).file_size
    if size > _LARGEST_TEXT:
        raise FileFormatError(
            f"{path} claims to have {size:,} bytes of {name}, but at most {_LARGEST_TEXT:,} are read."
        )
    with archive.open(name) as file:
        return file.read(_LARGEST_TEXT)


def _attribute(file: Any, name: str, path: Path) -> bytes | str | None:
    if name not in file.attrs:
        return None
    attribute = file.attrs.get_id(name)
    if attribute.shape != () or attribute.get_storage_size() > _LARGEST_TEXT:
        raise FileFormatError(f"{path} is damaged: its {name} is not text.")
    text = file.attrs[name]
    if isinstance(text, (str, bytes)):
        return text
    raise FileFormatError(f"{path} is damaged: its {name} must be text, but is {type(text).__name__}.")


def _as_dict(text: bytes | str, name: str, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise FileFormatError(f"{path} is damaged: its {name} cannot be read ({reason:.200}).") from None
    if not isinstance(found, dict):
        raise FileFormatError(f"{path} is damaged: its {name} must be a JSON object, but is a {type(found).__name__}.")
    return found


def size_of(path: Path) -> int:
    """Return how many bytes a file has."""
    return os.path.getsize(path)
