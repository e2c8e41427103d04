"""The data sets by name, or by the path of one's own."""

from __future__ import annotations

import difflib
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convoscope.datasets import digits, fashion_mnist, mnist, mnist_files
from convoscope.datasets.description import BUNDLED, Dataset, DatasetInfo, folded
from convoscope.datasets.progress import Progress
from convoscope.errors import UnknownNameError
from convoscope.paths import refuse_address, user_path

if TYPE_CHECKING:
    from convoscope.datasets.folder.loading import FolderDataset

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

    One's own folder has to be read for that, the first time.

    Parameters
    ----------
    name : str
        One of `names`, in any case, with hyphens, underscores or neither; or the path of a folder or CSV file.
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
    MissingFileError, DataError, StorageError
        Of one's own images, see `from_folder`.

    Examples
    --------
    >>> info("Digits").image_shape, info("Digits").where
    ((8, 8, 1), 'bundled')
    """
    if is_own(name):
        return load_own(name, data_dir).info
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
        One of `names`, in any case, with hyphens, underscores or neither; or the path of a folder with a subfolder a
        class, or of a CSV file of paths and labels.
    data_dir : str or path-like, optional
        A folder to look for it first, and to download it into; of one's own images, to keep them decoded in.
    download : bool
        Whether the internet may be asked.
    progress : callable, optional
        ``progress(done_bytes, total_bytes_or_None, name)``. By default one line on stderr, if that is a terminal.

    Returns
    -------
    Dataset
        The arrays and what is known of them; of one's own images a `FolderDataset`.

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
    if is_own(name):
        return load_own(name, data_dir, progress=progress)
    known = _known(name)
    if known.where == BUNDLED:
        (x_train, y_train), (x_test, y_test) = digits.load_data()
        return Dataset(x_train, y_train, x_test, y_test, known)
    return mnist_files.load(known, data_dir, download=download, progress=progress)


def is_own(name: str) -> bool:
    """Say whether a name stands for one's own images: it is none of `names`, and a folder, a CSV file, or a path.

    Examples
    --------
    >>> is_own("digits"), is_own("./digits"), is_own("flowers.csv"), is_own("digitz")
    (False, True, True, False)
    """
    if any(folded(known) == folded(name) for known in _INFOS):
        return False
    path = user_path(name)
    if not os.path.lexists(path):
        refuse_address(path)
    return path.suffix.lower() == ".csv" or os.path.isdir(path) or path.name != str(name)


def load_own(name: str, data_dir: str | os.PathLike[str] | None = None, **options: Any) -> FolderDataset:
    """Load one's own images; the options are those of `from_folder`. In `data_dir` they are kept decoded."""
    from convoscope.datasets.folder.loading import from_folder

    cache_dir = None if data_dir is None else user_path(data_dir) / "folders"
    return from_folder(name, cache_dir=cache_dir, **options)


def _known(name: str) -> DatasetInfo:
    for known in _INFOS.values():
        if folded(known.name) == folded(name):
            return known
    folders = [entry.name for entry in _entries_here() if entry.is_dir() and not entry.name.startswith(".")]
    nearest = difflib.get_close_matches(name, [*names(), *folders], n=1, cutoff=0.6)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    raise UnknownNameError(
        f"There is no folder or CSV file {name!r} here, and no data set of that name.{hint} The data sets are "
        f"{', '.join(names())}."
    )


def _entries_here() -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir() as entries:
        return list(entries)
    return []
