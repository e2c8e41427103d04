"""Data sets as Keras keeps them: one ``.npz`` file with x_train, y_train, x_test and y_test."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from convoscope.datasets.locate import candidates, places_to_look
from convoscope.errors import ConvoscopeError, FileFormatError
from convoscope.paths import open_regular
from convoscope.wording import clause

NAMES = ("x_train", "y_train", "x_test", "y_test")
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
Check = Callable[[tuple[int, ...], np.dtype[Any]], None]


def find_npz(name: str, file: str, data_dir: str | os.PathLike[str] | None = None) -> Path | None:
    """Look for the one file of a data set at the places where data sets are looked for.

    Parameters
    ----------
    name : str
        The data set: ``"mnist"``.
    file : str
        The file's name, or its path: ``"mnist.npz"``.
    data_dir : path-like, optional
        A folder that goes before all others.
    """
    for place in places_to_look(data_dir):
        for folder in candidates(place.folder, name):
            if os.path.isfile(folder / file):
                return folder / file
    return None


def read_npz(path: Path, check: Callable[[str], Check]) -> dict[str, NDArray[Any]]:
    """Read the four arrays, each after its shape and type were checked.

    Parameters
    ----------
    path : Path
    check : callable
        ``check("x_train")(shape, dtype)`` raises where an array is another than its name says.

    Raises
    ------
    FileFormatError
        The file is damaged, or lacks one of the arrays.
    """
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            missing = [name for name in NAMES if f"{name}.npy" not in archive.namelist()]
            if missing:
                raise FileFormatError(
                    f"{path} has no {missing[0]}. A data set of this kind has {', '.join(NAMES)}. Replace the file."
                )
            return {name: _array(archive, name, check(name)) for name in NAMES}
    except ConvoscopeError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError) as error:
        raise FileFormatError(
            f"{path} is damaged or not an array file: {clause(error)}. Remove it, so that the data set is downloaded "
            "again."
        ) from error


def _array(archive: zipfile.ZipFile, name: str, check: Check) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as file:
        version = npy.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"{name} is stored in version {version}")
        shape, by_columns, dtype = _HEADERS[version](file)
        check(shape, dtype)
        size = int(np.prod(shape)) * dtype.itemsize
        content = file.read(size)
    if len(content) < size:
        raise ValueError(f"{name} is cut short")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if by_columns else "C")
