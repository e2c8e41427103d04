"""The images that trials are trained on: the real ones, their shuffled copies, and enlarged digits to try it out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from convoscope import datasets
from convoscope.datasets import Dataset, DatasetInfo
from convoscope.datasets.idx import write_idx
from convoscope.errors import DownloadError, MissingFileError
from convoscope.lessons.trial import MNIST, Trial
from convoscope.paths import user_path

QUICK_IMAGES = 640  # of the digits: enough to see that all of it works
_ORDER = 0x73687566  # "shuf"
_ENLARGED, _BORDER = 3, 2  # 8 × 8 pixels become 24 × 24, and with a border 28 × 28


@dataclass(frozen=True)
class Source:
    """A data set, and the folder to load it from, None for where it always is."""

    info: DatasetInfo
    data_dir: str | None


def find(
    trials: Iterable[Trial], folder: Path, *, quick: bool, data_dir: str | os.PathLike[str] | None
) -> dict[tuple[str, bool], Source]:
    """Load what trials need, and make in a folder what is not there as published.

    Parameters
    ----------
    trials : iterable of Trial
    folder : Path
        Where to.
    quick : bool
        Take enlarged digits for all data sets.
    data_dir : str or path-like, optional
        The folder that is searched first for the data sets.

    Returns
    -------
    dict
        By data set, and whether its pixels are shuffled.

    Raises
    ------
    MissingFileError, DownloadError
        If a data set is neither on disk nor can be downloaded.
    """
    needed = sorted({(trial.dataset, trial.shuffled) for trial in trials})
    found: dict[tuple[str, bool], Source] = {}
    for name, shuffled in needed:
        data, place = _enlarged_digits(folder / "digits") if quick else _published(name, data_dir)
        if shuffled:
            data, place = _kept(shuffled_copy(data), folder / "shuffled")
        found[name, shuffled] = Source(data.info, place)
    return found


def shuffled_copy(data: Dataset) -> Dataset:
    """Give every pixel another place, in all images the same: what was beside each other is not any more.

    Examples
    --------
    >>> digits = datasets.load("digits")
    >>> shuffled = shuffled_copy(digits)
    >>> bool((shuffled.x_train[0] == digits.x_train[0]).all())
    False
    >>> bool((np.sort(shuffled.x_train[0], axis=None) == np.sort(digits.x_train[0], axis=None)).all())
    True
    """
    _, height, width = data.x_train.shape
    order = np.random.default_rng(_ORDER).permutation(height * width)

    def shuffle(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return images.reshape(len(images), -1)[:, order].reshape(images.shape)

    return replace(data, x_train=shuffle(data.x_train), x_test=shuffle(data.x_test))


def _published(name: str, data_dir: str | os.PathLike[str] | None) -> tuple[Dataset, str | None]:
    try:
        data = datasets.load(name, data_dir)
    except (MissingFileError, DownloadError) as error:
        raise type(error)(
            f"{error} To try it without them, on the digits in the package: convoscope lessons --quick."
        ) from error
    return data, None if data_dir is None else str(user_path(data_dir).absolute())


def _enlarged_digits(folder: Path) -> tuple[Dataset, str]:
    """Make images of MNIST's size of some of the package's digits, with MNIST's classes."""
    digits = datasets.load("digits")

    def enlarge(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        larger = images.repeat(_ENLARGED, axis=1).repeat(_ENLARGED, axis=2)  # (N, 24, 24)
        framed = np.pad(larger, ((0, 0), (_BORDER, _BORDER), (_BORDER, _BORDER)))
        brightened: npt.NDArray[np.uint8] = np.rint(framed * (255 / digits.info.max_value)).astype(np.uint8)
        return brightened

    x_train, y_train = digits.x_train[:QUICK_IMAGES], digits.y_train[:QUICK_IMAGES]
    enlarged = Dataset(enlarge(x_train), y_train, enlarge(digits.x_test), digits.y_test, datasets.info(MNIST))
    return _kept(enlarged, folder)


def _kept(data: Dataset, folder: Path) -> tuple[Dataset, str]:
    """Write a data set as published ones are, so that every run finds it; those files stay that are there."""
    place = folder / data.info.name
    place.mkdir(parents=True, exist_ok=True)
    arrays = (data.x_train, data.y_train, data.x_test, data.y_test)
    for file, array in zip(data.info.files, arrays, strict=True):
        path = place / file.name.removesuffix(".gz")
        if not path.exists():
            write_idx(path, array)
    data_dir = str(folder.absolute())
    return datasets.load(data.info.name, data_dir), data_dir
