"""The data sets by name."""

from __future__ import annotations

import os
from dataclasses import replace

from convoscope.datasets import digits, fashion_mnist, mnist, mnist_files
from convoscope.datasets.description import BUNDLED, Dataset, DatasetInfo, folded
from convoscope.datasets.progress import Progress
from convoscope.errors import unknown_name

_INFOS = {info.name: info for info in (digits.INFO, mnist.INFO, fashion_mnist.INFO)}


def names() -> tuple[str, ...]:
    """Give the names of all data sets, the smallest first.

    Examples
    --------
    >>> names()
    ('digits', 'mnist', 'fashion-mnist')
    """
    return tuple(_INFOS)


def info(name: str, data_dir: str | os.PathLike[str] | None = None) -> DatasetInfo:
    """Describe a data set, without reading or downloading it.

    Parameters
    ----------
    name : str
        One of `names`, in any case, with hyphens, underscores or neither.
    data_dir : str or path-like, optional
        A folder to look for it first.

    Returns
    -------
    DatasetInfo
        With ``where`` it is found now.

    Raises
    ------
    UnknownNameError
        There is no such data set.

    Examples
    --------
    >>> info("Digits").image_shape, info("Digits").where
    ((8, 8, 1), 'bundled')
    """
    known = _known(name)
    return known if known.where == BUNDLED else replace(known, where=mnist_files.where(known, data_dir))


def load(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    download: bool = True,
    progress: Progress | None = None,
) -> Dataset:
    """Load a data set by its name.

    Parameters
    ----------
    name : str
        One of `names`, in any case, with hyphens, underscores or neither.
    data_dir : str or path-like, optional
        A folder to look for it first, and to download it into.
    download : bool
        Whether the internet may be asked.
    progress : callable, optional
        ``progress(done_bytes, total_bytes_or_None, name)``. By default one line on stderr, if that is a terminal.

    Returns
    -------
    Dataset
        The arrays and what is known of them.

    Raises
    ------
    UnknownNameError
        There is no such data set.
    MissingFileError, DownloadError, StorageError
        It could not be had; the message has every place and address tried.
    FileFormatError, DataError
        The files found are damaged or another data set's.

    Examples
    --------
    >>> data = load("digits")
    >>> data.x_train.shape, data.x_test.shape, data.info.class_names[3]
    ((1437, 8, 8), (360, 8, 8), '3')
    """
    known = _known(name)
    if known.where == BUNDLED:
        (x_train, y_train), (x_test, y_test) = digits.load_data()
        return Dataset(x_train, y_train, x_test, y_test, known)
    return mnist_files.load(known, data_dir, download=download, progress=progress)


def _known(name: str) -> DatasetInfo:
    for known in _INFOS.values():
        if folded(known.name) == folded(name):
            return known
    raise unknown_name("data set", name, names())
