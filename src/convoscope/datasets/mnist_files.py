"""Data sets that are four IDX files, as MNIST was published: images and labels, to train with and to test with."""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from convoscope.datasets.description import NOT_ON_DISK, Dataset, DatasetInfo, FileInfo, Pair
from convoscope.datasets.fetching import fetch
from convoscope.datasets.idx import read_checked
from convoscope.datasets.locate import VARIABLE, find
from convoscope.datasets.npz import Check, find_npz, read_npz
from convoscope.datasets.progress import Progress
from convoscope.errors import (
    ConvoscopeWarning,
    DataError,
    DownloadError,
    FileFormatError,
    MissingFileError,
)
from convoscope.paths import user_path

_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)

# The four files have the same names in every such data set, so a wrong folder would load without a word.
# These are the SHA-256 of the training labels, unpacked, without the header.
_WHOSE_LABELS = {
    "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13": "mnist",
    "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7": "fashion-mnist",
}

_LOAD_DATA = """Load {what}.

It is looked for in `data_dir`, in the folder that ``CONVOSCOPE_DATA`` names, in the cache and in Keras' folder
``~/.keras``, and downloaded ({size}) if it is in none of them.

Parameters
----------
path : str
    Keras' argument: a file ``.npz`` with x_train, y_train, x_test and y_test, used if it is found in these folders or
    at this path.
data_dir : str or path-like, optional
    A folder with data sets, or with this one; downloads go there.
download : bool
    Whether it may be downloaded.
progress : callable, optional
    ``progress(done_bytes, total_bytes_or_None, name)``. By default one line on stderr, if that is a terminal.

Returns
-------
(x_train, y_train), (x_test, y_test)
    Images ``(60000, 28, 28)`` and ``(10000, 28, 28)`` of values 0 to 255, labels ``(60000,)`` and ``(10000,)`` of
    0 to 9, all uint8.

Raises
------
MissingFileError, DownloadError, StorageError
    If it is not found; the message lists every folder and address tried.
FileFormatError, DataError
    If the files found are damaged or belong to another data set.

Examples
--------
>>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
>>> x_train.shape  # doctest: +SKIP
(60000, 28, 28)
>>> CLASS_NAMES[9]
{last!r}
"""


def published(*sizes_and_sums: tuple[int, str]) -> tuple[FileInfo, ...]:
    """Describe the four files: training images and labels, test images and labels, each by its size and SHA-256."""
    return tuple(FileInfo(name, size, sha256) for name, (size, sha256) in zip(_NAMES, sizes_and_sums, strict=True))


def load(
    info: DatasetInfo,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    download: bool = True,
    progress: Progress | None = None,
    npz: str | None = None,
) -> Dataset:
    """Find the files of a data set, download them where they are nowhere, read them and check that they fit.

    Parameters
    ----------
    info : DatasetInfo
        Which data set.
    data_dir : str or path-like, optional
        A folder to look in first, and to download into.
    download : bool
        Whether it may be downloaded.
    progress : callable, optional
        ``progress(done_bytes, total_bytes_or_None, name)``. By default one line on stderr, if that is a terminal.
    npz : str, optional
        The name or path of one ``.npz`` file to take instead, where it is found. Left out, ``NAME.npz`` is taken where
        no folder has the four files.

    Returns
    -------
    Dataset
        Images ``(N, height, width)`` and labels ``(N,)``, uint8.

    Raises
    ------
    MissingFileError
        It is on none of the places looked at, and `download` is false; or only some of its files are.
    DownloadError
        No address delivered it.
    StorageError
        What was downloaded could not be written.
    FileFormatError
        A file is damaged, or its images and labels do not fit each other.
    DataError
        A label stands for no class, there are no images, or the files are those of another data set.
    """
    found = _npz(info, npz, data_dir)
    if found is not None:
        arrays = read_npz(found, lambda name: _images(info, found) if name[0] == "x" else _labels(info, found))
        x_train, y_train = _checked(info, (arrays["x_train"], found), (arrays["y_train"], found))
        x_test, y_test = _checked(info, (arrays["x_test"], found), (arrays["y_test"], found))
        folder = found.parent
    else:
        files = _obtain(info, data_dir, download, progress)
        x_train, y_train = _read_pair(info, files[_NAMES[0]], files[_NAMES[1]])
        x_test, y_test = _read_pair(info, files[_NAMES[2]], files[_NAMES[3]])
        folder = next(iter(files.values())).parent
    whose = _WHOSE_LABELS.get(hashlib.sha256(y_train.tobytes()).hexdigest(), info.name)
    if whose != info.name:
        raise DataError(
            f"The files in {folder} are those of {whose}, but {info.name} was requested. Request {whose}, or give the "
            f"folder of {info.name}."
        )
    loaded = replace(info, where=str(folder), train_count=len(x_train), test_count=len(x_test))
    return Dataset(x_train, y_train, x_test, y_test, loaded)


class LoadData(Protocol):
    """``load_data`` of a data set's module, as in Keras."""

    def __call__(
        self,
        path: str | None = None,
        *,
        data_dir: str | os.PathLike[str] | None = None,
        download: bool = True,
        progress: Progress | None = None,
    ) -> tuple[Pair, Pair]: ...


def loader(info: DatasetInfo, what: str, size: str, module: str) -> LoadData:
    """Make the ``load_data`` of a module: for what it loads, and the size of the download, in words."""

    def load_data(
        path: str | None = None,
        *,
        data_dir: str | os.PathLike[str] | None = None,
        download: bool = True,
        progress: Progress | None = None,
    ) -> tuple[Pair, Pair]:
        named = None if path == f"{info.name}.npz" else path
        return load(info, data_dir, download=download, progress=progress, npz=named).pairs

    load_data.__doc__ = _LOAD_DATA.format(what=what, size=size, last=info.class_names[-1])
    load_data.__module__, load_data.__qualname__ = module, "load_data"
    return load_data


def where(info: DatasetInfo, data_dir: str | os.PathLike[str] | None = None) -> str:
    """Give the folder that has all files of a data set, or ``"not on disk"``."""
    files = find(info.name, [file.name for file in info.files], data_dir).files
    found = next(iter(files.values())) if files else _npz(info, None, data_dir)
    return str(found.parent) if found else NOT_ON_DISK


def _npz(info: DatasetInfo, named: str | None, data_dir: str | os.PathLike[str] | None) -> Path | None:
    """Look for the one file that Keras keeps: a named one before all, else where no folder has the four files."""
    if named is not None:
        own = user_path(named)
        return own if os.path.isfile(own) else find_npz(info.name, named, data_dir)
    if find(info.name, [file.name for file in info.files], data_dir).files:
        return None
    return find_npz(info.name, f"{info.name}.npz", data_dir)


def _read_pair(info: DatasetInfo, images_path: Path, labels_path: Path) -> Pair:
    images = read_checked(images_path, _images(info, images_path))
    labels = read_checked(labels_path, _labels(info, labels_path))
    return _checked(info, (images, images_path), (labels, labels_path))


def _images(info: DatasetInfo, path: Path) -> Check:
    """Return the check that an array is this data set's images."""
    height, width, _ = info.image_shape

    def check(shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        fits = len(shape) == 3 and shape[1:] == (height, width)
        _expect(shape, dtype, path, f"images of shape (N, {height}, {width})", fits, info)

    return check


def _labels(info: DatasetInfo, path: Path) -> Check:
    """Return the check that an array is labels."""
    return lambda shape, dtype: _expect(shape, dtype, path, "labels of shape (N,)", len(shape) == 1, info)


def _checked(
    info: DatasetInfo, images_and_path: tuple[NDArray[Any], Path], labels_and_path: tuple[NDArray[Any], Path]
) -> Pair:
    """Check that images and labels fit each other and the data set."""
    (images, images_path), (labels, labels_path) = images_and_path, labels_and_path
    if len(images) != len(labels):
        raise FileFormatError(
            f"{images_path} has {len(images):,} images and {labels_path} has {len(labels):,} labels; expected one "
            f"label per image. One of the two belongs to another data set: replace both with those of {info.name}."
        )
    if len(images) == 0:
        raise DataError(f"{images_path} has no images. At least one is needed; give a folder with {info.name}.")
    classes = len(info.class_names)
    if labels.max() >= classes:
        first = int(np.argmax(labels >= classes))
        raise DataError(
            f"{labels_path} has the label {labels[first]} at index {first}; {info.name} has 0 to {classes - 1}. "
            f"Give the file of {info.name}, or number the classes from 0."
        )
    return images, labels


def _expect(shape: tuple[int, ...], dtype: np.dtype[Any], path: Path, what: str, fits: bool, info: DatasetInfo) -> None:
    most = info.train_count + info.test_count
    if not fits or dtype != np.uint8:
        raise FileFormatError(
            f"{path} should contain uint8 {what}, but contains {dtype} values of shape {shape}. The file "
            "does not match its name: replace it."
        )
    if shape[0] > most:
        raise FileFormatError(
            f"{path} should contain uint8 {what}, but claims to have {shape[0]:,} of them; the whole data set "
            f"has {most:,}. It is damaged or does not match its name: replace it."
        )


def _obtain(
    info: DatasetInfo,
    data_dir: str | os.PathLike[str] | None,
    download: bool,
    progress: Progress | None,
) -> dict[str, Path]:
    search = find(info.name, [file.name for file in info.files], data_dir)
    looked = "; ".join(search.looked)
    if search.files is not None:
        if search.partial:
            found = next(iter(search.files.values())).parent
            warnings.warn(f"{looked}. {info.name} was loaded from {found} instead.", ConvoscopeWarning, stacklevel=4)
        return search.files
    nowhere = f"{info.name} is not on this machine: {looked}."
    remedy = (
        f"Put its files ({', '.join(file.name for file in info.files)}) into a folder, and give that folder as "
        f"data_dir, with --data-dir or in {VARIABLE}."
    )
    if not download:
        raise MissingFileError(f"{nowhere} {remedy}")
    # What an earlier download left is completed. Files of your own are not: two data sets would be mixed.
    if own := _not_published(info, search.partial):
        raise MissingFileError(
            f"{nowhere} {own} is not the published file, so the others are not downloaded. Complete that folder, or "
            "give one without these files to download all of them."
        )
    try:
        folder = fetch(info, data_dir, progress)
    except DownloadError as error:
        raise DownloadError(f"{nowhere} {error} {remedy}") from error
    return {file.name: folder / file.name for file in info.files}


def _not_published(info: DatasetInfo, paths: tuple[Path, ...]) -> Path | None:
    from convoscope.datasets.download import sha256

    sums = {file.name: file.sha256 for file in info.files}
    return next((path for path in paths if sums.get(path.name) != sha256(path)), None)
