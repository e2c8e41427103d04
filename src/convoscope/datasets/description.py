"""What is known of a data set before a byte of it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from convoscope.datasets.folder.report import FolderReport

Pair = tuple[NDArray[np.uint8], NDArray[Any]]
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

    Examples
    --------
    >>> from convoscope import datasets
    >>> file = datasets.info("mnist").files[0]
    >>> file.name, file.size
    ('train-images-idx3-ubyte.gz', 9912422)
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
        The name that `load` takes: ``"fashion-mnist"``.
    title : str
        What it shows, in one line.
    image_shape : tuple of int
        ``(height, width, channels)``. The arrays of a grey data set come without the last axis, as in Keras.
    max_value : int
        The largest possible value of a pixel; dividing images by it gives values from 0 to 1.
    class_names : tuple of str
        What each label stands for.
    train_count, test_count : int
        How many training and test images there are.
    licence, source : str
        The terms of use, and who published it.
    urls : tuple of str
        Addresses of the folder with `files`, in the order in which they are tried. Empty if nothing is downloaded.
    files : tuple of FileInfo
        The published files.
    where : str
        ``"bundled"`` with the package, the folder on this machine, or ``"not on disk"``.

    Examples
    --------
    >>> from convoscope import datasets
    >>> info = datasets.info("digits")
    >>> info.image_shape, info.max_value, info.train_count, info.test_count
    ((8, 8, 1), 16, 1437, 360)
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
    def is_custom(self) -> bool:
        """Whether these are your own images, and no published data set."""
        return not self.files and self.where not in (BUNDLED, NOT_ON_DISK)

    @property
    def key(self) -> str:
        """What `load` takes: the name, or the path of your own images."""
        return self.where if self.is_custom else self.name


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
        Its counts and its location are those of what was loaded.
    x_val, y_val : ndarray or None
        Validation images and their labels, if the data set has some; see `validation`.
    train_files, val_files, test_files : tuple of str or None
        The files of the images in order, if each image is a file.
    train_digests, val_digests, test_digests : tuple of str or None
        The SHA-256 of each of these files' bytes, in hexadecimal.
    report : FolderReport or None
        What was found in the folder, what was left out, and why.
    test_part : {"test", "validation", "all", "cross-validation"}
        Which images are in ``x_test``: if your own have no test images, these are the validation images, or
        the training images, each of which is held out once in cross-validation.

    Examples
    --------
    >>> from convoscope import datasets
    >>> data = datasets.load("digits")
    >>> data.x_train.shape, data.x_test.shape, data.info.class_names[data.y_test[0]]
    ((1437, 8, 8), (360, 8, 8), '6')
    """

    x_train: NDArray[np.uint8] = field(repr=False)
    y_train: NDArray[Any] = field(repr=False)
    x_test: NDArray[np.uint8] = field(repr=False)
    y_test: NDArray[Any] = field(repr=False)
    info: DatasetInfo
    x_val: NDArray[np.uint8] | None = field(default=None, repr=False)
    y_val: NDArray[Any] | None = field(default=None, repr=False)
    train_files: tuple[str, ...] | None = field(default=None, repr=False)
    val_files: tuple[str, ...] | None = field(default=None, repr=False)
    test_files: tuple[str, ...] | None = field(default=None, repr=False)
    train_digests: tuple[str, ...] | None = field(default=None, repr=False)
    val_digests: tuple[str, ...] | None = field(default=None, repr=False)
    test_digests: tuple[str, ...] | None = field(default=None, repr=False)
    report: FolderReport | None = field(default=None, repr=False)
    test_part: str = field(default="test", repr=False)

    @property
    def pairs(self) -> tuple[Pair, Pair]:
        """``(x_train, y_train), (x_test, y_test)``, as Keras' ``load_data`` gives them."""
        return (self.x_train, self.y_train), (self.x_test, self.y_test)

    @property
    def validation(self) -> Pair | None:
        """``(x_val, y_val)``; None where it is left to you which training images are held out for that.

        A data set that comes split may have no validation image: then the arrays are empty.
        """
        return None if self.x_val is None or self.y_val is None else (self.x_val, self.y_val)

    @property
    def test_subject(self) -> str:
        """What is in ``x_test``, in words."""
        if self.test_part == "cross-validation" and len(self.x_test) < len(self.x_train):
            return f"a fifth of the images of {self.info.name}, held out from a trial training"
        if self.test_part == "cross-validation":
            return f"the images of {self.info.name}, each held out once in cross-validation"
        return f"{'all' if self.test_part == 'all' else f'the {self.test_part}'} images of {self.info.name}"

    @property
    def class_weight(self) -> str | None:
        """``"auto"`` for `fit` where a class of your own images is three times rarer than another, else None."""
        return None if self.report is None else self.report.class_weight

    @property
    def preprocessing(self) -> dict[str, Any]:
        """For ``model.preprocessing``: how `predict` brings any image into the form of these."""
        height, width, channels = self.info.image_shape
        return {
            "height": height,
            "width": width,
            "channels": channels,
            "max_value": self.info.max_value,
            "scale": 1 / self.info.max_value,
            **self._surroundings(),
        }

    def _surroundings(self) -> dict[str, Any]:
        """Give how light the edges of the training images are: it tells what to put behind transparent images."""
        images = self.x_train
        border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
        return {"edge": round(float(border.mean()) / self.info.max_value, 4)}

    def record(self) -> dict[str, Any] | None:
        """Return what a run keeps of your own images, the report and every file; None for a published data set.

        Examples
        --------
        >>> from convoscope import datasets
        >>> datasets.load("digits").record() is None
        True
        """
        return None

    def digest(self) -> str | None:
        """Return a checksum that changes with the images or their split; None for a published data set, which is fixed.

        Examples
        --------
        >>> from convoscope import datasets
        >>> datasets.load("digits").digest() is None
        True
        """
        return None

    def _repr_html_(self) -> str:
        from convoscope.datasets.dataset_html import dataset_html

        return dataset_html(self)


def folded(name: object) -> str:
    """Give a name without case, hyphens, underscores and spaces: ``Fashion_MNIST`` is ``fashion-mnist``."""
    return "".join(c for c in str(name).lower() if c not in "-_ ")
