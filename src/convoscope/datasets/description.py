"""What is known of a data set before a byte of it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""Images ``(N, height, width)`` and their labels ``(N,)``."""

BUNDLED = "bundled"
NOT_ON_DISK = "not on disk"


@dataclass(frozen=True)
class FileInfo:
    """One published file.

    Attributes
    ----------
    name : str
        Its name, in the folder of the data set and at every address.
    size : int
        Bytes.
    sha256 : str
        The checksum of those bytes, in hexadecimal.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class DatasetInfo:
    """The facts of a data set.

    Attributes
    ----------
    name : str
        How it is asked for: ``"fashion-mnist"``.
    title : str
        What it shows, in a line.
    image_shape : tuple of int
        ``(height, width, channels)``. The arrays of a grey data set come without the last axis, as Keras' do.
    max_value : int
        The brightest pixel there can be: what images are divided by to lie between 0 and 1.
    class_names : tuple of str
        What each label stands for.
    train_count, test_count : int
        How many images there are.
    licence, source : str
        Under which terms, and from whom.
    urls : tuple of str
        Addresses of the folder that holds `files`, the first to be tried first. Empty where nothing is downloaded.
    files : tuple of FileInfo
        The published files.
    where : str
        ``"bundled"`` with the package, the folder on this machine, or ``"not on disk"``.
    """

    name: str
    title: str
    image_shape: tuple[int, int, int]
    max_value: int
    class_names: tuple[str, ...]
    train_count: int
    test_count: int
    licence: str
    source: str
    urls: tuple[str, ...]
    files: tuple[FileInfo, ...]
    where: str = NOT_ON_DISK

    @property
    def is_own(self) -> bool:
        """Whether these are images of one's own, and no published data set."""
        return not self.files and self.where not in (BUNDLED, NOT_ON_DISK)

    @property
    def key(self) -> str:
        """What `load` takes: the name, or the path of one's own images."""
        return self.where if self.is_own else self.name


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory.

    Attributes
    ----------
    x_train, x_test : ndarray of uint8
        Images ``(N, height, width)`` with values from 0 to ``info.max_value``.
    y_train, y_test : ndarray of uint8
        Labels ``(N,)``: indices into ``info.class_names``.
    info : DatasetInfo
        Its counts and its place are those of what was loaded.
    """

    x_train: NDArray[np.uint8] = field(repr=False)
    y_train: NDArray[np.uint8] = field(repr=False)
    x_test: NDArray[np.uint8] = field(repr=False)
    y_test: NDArray[np.uint8] = field(repr=False)
    info: DatasetInfo

    @property
    def pairs(self) -> tuple[Pair, Pair]:
        """``(x_train, y_train), (x_test, y_test)``, as Keras' ``load_data`` gives them."""
        return (self.x_train, self.y_train), (self.x_test, self.y_test)

    @property
    def test_part(self) -> str:
        """Which images stand in ``x_test``: ``"test"``, and of your own ``"validation"`` where there are no others."""
        return "test"

    @property
    def test_subject(self) -> str:
        """What stands in ``x_test``, in words."""
        return f"the {self.test_part} images of {self.info.name}"

    def _repr_html_(self) -> str:
        from convoscope.datasets.dataset_html import dataset_html

        return dataset_html(self)


def folded(name: object) -> str:
    """Give a name without case, hyphens, underscores and spaces: ``Fashion_MNIST`` is ``fashion-mnist``."""
    return "".join(c for c in str(name).lower() if c not in "-_ ")
