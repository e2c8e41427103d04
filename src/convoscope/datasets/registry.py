"""The data sets by name, or by the path of your own images."""

from __future__ import annotations

import difflib
import os
from contextlib import suppress

from convoscope.datasets import cifar10, cifar100, digits, fashion_mnist, kmnist, mnist
from convoscope.datasets.description import Dataset, DatasetInfo, folded
from convoscope.datasets.progress import Progress
from convoscope.datasets.sources import Bundled, CifarLike, Custom, MnistLike, Published, Source
from convoscope.errors import UnknownNameError
from convoscope.paths import refuse_address, user_path

_SOURCES: dict[str, Published] = {
    source.name: source
    for source in (
        Bundled(digits.INFO),
        MnistLike(mnist.INFO),
        MnistLike(fashion_mnist.INFO),
        MnistLike(kmnist.INFO),
        CifarLike(cifar10.CIFAR),
        CifarLike(cifar100.CIFAR),
    )
}


def names() -> tuple[str, ...]:
    """Return the names of all data sets, the bundled one first.

    Examples
    --------
    >>> names()
    ('digits', 'mnist', 'fashion-mnist', 'kmnist', 'cifar10', 'cifar100')
    """
    return tuple(_SOURCES)


def info(name: str, data_dir: str | os.PathLike[str] | None = None) -> DatasetInfo:
    """Return the facts about a data set, without reading or downloading it.

    A folder of your own has to be read for that, the first time.

    Parameters
    ----------
    name : str
        One of `names`, in any case, with hyphens, underscores or neither; or the path of a folder or CSV file.
    data_dir : str or path-like, optional
        The folder that is searched first.

    Returns
    -------
    DatasetInfo
        ``where`` says where it is found now.

    Raises
    ------
    UnknownNameError
        There is no such data set.
    MissingFileError, DataError, StorageError
        For your own images, see `from_folder`.

    Examples
    --------
    >>> info("Digits").image_shape, info("Digits").where
    ((8, 8, 1), 'bundled')
    """
    return source(name).info(data_dir)


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
        One of `names`, in any case, with hyphens, underscores or neither; or the path of a folder with a subfolder for
        each class, or of a CSV file of paths and labels.
    data_dir : str or path-like, optional
        The folder that is searched first, and downloaded to; for your own images, where they are kept decoded.
    download : bool
        Whether it may be downloaded.
    progress : callable, optional
        ``progress(done_bytes, total_bytes_or_None, name)``. By default one line on stderr, if that is a terminal.

    Returns
    -------
    Dataset
        The arrays and their description; for your own images, a `FolderDataset`.

    Raises
    ------
    UnknownNameError
        There is no such data set.
    MissingFileError, DownloadError, StorageError
        If it is not found; the message lists every folder and address tried.
    FileFormatError, DataError
        If the files found are damaged or belong to another data set.

    Examples
    --------
    >>> data = load("digits")
    >>> data.x_train.shape, data.x_test.shape, data.info.class_names[3]
    ((1437, 8, 8), (360, 8, 8), '3')
    """
    return source(name).load(data_dir, download=download, progress=progress)


def source(name: str) -> Source:
    """Find what a name stands for: one of `names`, or your own images; see `is_custom`.

    Raises
    ------
    UnknownNameError
        There is no such data set.

    Examples
    --------
    >>> source("Digits").key, source("./digits").known
    ('digits', None)
    """
    for known in _SOURCES.values():
        if folded(known.name) == folded(name):
            return known
    if is_custom(name):
        return Custom(name)
    folders = [entry.name for entry in _entries_here() if entry.is_dir() and not entry.name.startswith(".")]
    nearest = difflib.get_close_matches(name, [*names(), *folders], n=1, cutoff=0.6)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    raise UnknownNameError(
        f"There is no folder or CSV file {name!r} here, and no data set of that name.{hint} The data sets are "
        f"{', '.join(names())}."
    )


def is_custom(name: str) -> bool:
    """Say whether a name stands for your own images: it is none of `names`, and a folder, a CSV file, or a path.

    Examples
    --------
    >>> is_custom("digits"), is_custom("./digits"), is_custom("flowers.csv"), is_custom("digitz")
    (False, True, True, False)
    """
    if any(folded(known) == folded(name) for known in _SOURCES):
        return False
    path = user_path(name)
    if not os.path.lexists(path):
        refuse_address(path)
    return path.suffix.lower() == ".csv" or os.path.isdir(path) or path.name != str(name)


def _entries_here() -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir() as entries:
        return list(entries)
    return []
