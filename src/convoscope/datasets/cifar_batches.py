"""The files of CIFAR-10 and CIFAR-100: batches that are pickled or binary, in a folder or still in their archive."""

from __future__ import annotations

import os
import tarfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convoscope.datasets.pickled import read_pickled
from convoscope.errors import ConvoscopeError, FileFormatError
from convoscope.paths import open_regular
from convoscope.wording import clause

SIDE, PIXELS = 32, 3 * 32 * 32
#: Bytes a pickled image takes besides its pixels, at most: its file's name and its labels.
_BESIDE = 256
#: What `tarfile` raises on damaged archives: its own, those of what they are packed with, and of its parser.
_DAMAGED = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, LookupError, TypeError)
Batch = tuple[NDArray[np.uint8], NDArray[Any]]
"""Images ``(N, 3072)``, all red values first, and their labels ``(N,)``."""


class Form(ABC):
    """One of the two forms in which a data set is published.

    Parameters
    ----------
    folder : str
        The folder in the archive.
    archives : sequence of str
        What the archive is called: by its publisher first, then by Keras.
    train, test : sequence of str
        The files of training images and to test with.
    labels : mapping of str to str or int
        Where each kind of label is in a batch.
    """

    def __init__(
        self,
        folder: str,
        archives: Sequence[str],
        train: Sequence[str],
        test: Sequence[str],
        labels: Mapping[str, Any],
    ) -> None:
        self.folder, self.archives = folder, tuple(archives)
        self.train, self.test = tuple(train), tuple(test)
        self.labels = labels

    @property
    def files(self) -> tuple[str, ...]:
        """All files that are needed."""
        return (*self.train, *self.test)

    def read(self, content: bytes, what: str, kind: str, most: int) -> Batch:
        """Read a batch.

        Parameters
        ----------
        content : bytes
        what : str
            What messages call it.
        kind : str
            Which labels.
        most : int
            How many images there can be.

        Raises
        ------
        FileFormatError
            It is damaged or does not match its name.
        """
        images, labels = self._decoded(content, what, self.labels[kind])
        if images.ndim != 2 or images.shape[1] != PIXELS or images.dtype != np.uint8 or labels.dtype.kind not in "iu":
            raise FileFormatError(
                f"{what} should contain uint8 images of {PIXELS} values and one label for each, but contains "
                f"{images.dtype} values of shape {images.shape} and {labels.dtype} labels. The file does not "
                "match its name."
            )
        if labels.shape != (len(images),) or len(images) > most:
            raise FileFormatError(
                f"{what} has {len(images):,} images and labels of shape {labels.shape}; expected one label per image, "
                f"and at most the {most:,} images of the data set. It is damaged: replace it."
            )
        return images, labels

    @abstractmethod
    def _decoded(self, content: bytes, what: str, where: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give a batch's images and labels as they are stored."""


class Pickled(Form):
    """Python's form: dictionaries with ``data`` and lists of labels."""

    def _decoded(self, content: bytes, what: str, where: str) -> tuple[NDArray[Any], NDArray[Any]]:
        batch = read_pickled(content, what)
        missing = [key for key in ("data", where) if key not in batch]
        if missing:
            raise FileFormatError(f"{what} has no {missing[0]!r}: the file does not match its name. Replace it.")
        labels = batch[where]
        if not isinstance(labels, np.ndarray):
            whole = isinstance(labels, list) and all(type(label) is int and abs(label) < 1 << 31 for label in labels)
            labels = np.array(labels if whole else [0.0], np.int64 if whole else np.float64)
        return np.asarray(batch["data"] if isinstance(batch["data"], np.ndarray) else None), labels


class Binary(Form):
    """The form for C programs: for each image its labels, a byte each, and then its pixels."""

    def _decoded(self, content: bytes, what: str, where: int) -> tuple[NDArray[Any], NDArray[Any]]:
        record = len(self.labels) + PIXELS
        if len(content) % record:
            raise FileFormatError(
                f"{what} has {len(content):,} bytes, which is not a multiple of the {record:,} bytes of an image and "
                "its label. It is cut short or does not match its name: replace it."
            )
        records = np.frombuffer(content, np.uint8).reshape(-1, record)
        return records[:, len(self.labels) :], records[:, where]


@dataclass(frozen=True)
class Found:
    """Where the files of a data set were found, and in which form."""

    form: Form
    path: Path

    def contents(self, most_bytes: int) -> dict[str, bytes]:
        """Read the files that are needed, each of no more bytes than `most_bytes`."""
        read = _of_folder if os.path.isdir(self.path) else _of_archive
        return read(self.path, self.form.files, most_bytes)

    @property
    def place(self) -> Path:
        """The folder that has them."""
        return self.path if os.path.isdir(self.path) else self.path.parent


def most_bytes(images: int) -> int:
    """Return how many bytes a file of so many images can have."""
    return images * (PIXELS + _BESIDE)


def _of_folder(folder: Path, names: Sequence[str], most: int) -> dict[str, bytes]:
    contents = {}
    for name in names:
        with open_regular(folder / name) as file:
            contents[name] = _bounded(file.read(most + 1), folder / name, most)
    return contents


def _of_archive(path: Path, names: Collection[str], most: int) -> dict[str, bytes]:
    """Read files out of an archive, in one pass; nothing is unpacked, whatever its names say."""
    contents: dict[str, bytes] = {}
    try:
        with open_regular(path) as stream, tarfile.open(fileobj=stream, mode="r|*") as archive:
            for member in archive:
                if member.offset > 4 * most:  # small files can unpack to any number of bytes
                    break
                name = os.path.basename(member.name)
                file = archive.extractfile(member) if member.isreg() and name in names else None
                if file is not None:
                    contents[name] = _bounded(file.read(min(member.size, most + 1)), f"{name} in {path}", most)
                if len(contents) == len(names):
                    return contents
    except ConvoscopeError:
        raise
    except _DAMAGED as error:
        raise FileFormatError(
            f"{path} is a damaged archive: {clause(error)}. Remove it, so that it is downloaded again."
        ) from error
    missing = [name for name in names if name not in contents]
    raise FileFormatError(f"{path} has no {missing[0]}: the archive does not match its name. Replace it.")


def _bounded(content: bytes, what: object, most: int) -> bytes:
    if len(content) > most:
        raise FileFormatError(f"{what} has more than {most:,} bytes, more than the whole data set. Replace it.")
    return content
