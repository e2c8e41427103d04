"""CIFAR-10 and CIFAR-100: found, downloaded where they are nowhere, and read into arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convoscope.datasets.cifar_batches import SIDE, Form, Found, most_bytes
from convoscope.datasets.description import NOT_ON_DISK, Dataset, DatasetInfo, Pair
from convoscope.datasets.fetching import fetch
from convoscope.datasets.locate import VARIABLE, candidates, lacks, places_to_look
from convoscope.datasets.progress import Progress
from convoscope.errors import DataError, DownloadError, MissingFileError

Folder = str | os.PathLike[str] | None


@dataclass(frozen=True)
class Cifar:
    """One of the two data sets.

    Attributes
    ----------
    info : DatasetInfo
    forms : tuple of Form
        The forms it is published in; the first is downloaded.
    kind : str
        Which labels are meant where nothing is said.
    """

    info: DatasetInfo
    forms: tuple[Form, ...]
    kind: str

    def load(
        self,
        data_dir: Folder = None,
        *,
        download: bool = True,
        progress: Progress | None = None,
        kind: str | None = None,
        classes: int | None = None,
    ) -> Dataset:
        """Find the files, download them where they are nowhere, read them and check that they fit.

        Parameters
        ----------
        data_dir, download, progress
            See `convoscope.datasets.load`.
        kind : str, optional
            Which labels; those of `info` where it is left out.
        classes : int, optional
            How many of those there are.

        Returns
        -------
        Dataset
            Images ``(N, 32, 32, 3)`` and labels ``(N,)``, uint8.

        Raises
        ------
        MissingFileError, DownloadError, StorageError
            If it is not found; the message lists every folder and address tried.
        FileFormatError, DataError
            The files found are damaged, or another data set's.
        """
        there, looked = self._find(data_dir)
        found = there or self._fetched(looked, data_dir, download, progress)
        most = self.info.train_count + self.info.test_count
        contents = found.contents(most_bytes(most))

        def part(names: Sequence[str]) -> Pair:
            batches = [
                found.form.read(contents.pop(name), f"{name} in {found.path}", kind or self.kind, most)
                for name in names
            ]
            images, labels = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
            return _upright(images), _checked(labels, found.path, classes or len(self.info.class_names))

        (x_train, y_train), (x_test, y_test) = part(found.form.train), part(found.form.test)
        info = replace(self.info, where=str(found.place), train_count=len(x_train), test_count=len(x_test))
        return Dataset(x_train, y_train, x_test, y_test, info)

    def where(self, data_dir: Folder = None) -> str:
        """Give the folder that has the data set, or ``"not on disk"``."""
        found, _ = self._find(data_dir)
        return NOT_ON_DISK if found is None else str(found.place)

    def _find(self, data_dir: Folder) -> tuple[Found | None, list[str]]:
        """Look for a folder of batches, or their archive; and say what each place lacks that has none."""
        looked: list[str] = []
        for place in places_to_look(data_dir):
            best: list[str] = []
            for form, folder in self._folders(place.folder):
                has = [name for name in form.files if os.path.isfile(folder / name)]
                if len(has) == len(form.files):
                    return Found(form, folder), looked
                archive = next((folder / name for name in form.archives if os.path.isfile(folder / name)), None)
                if archive is not None:
                    return Found(form, archive), looked
                best = has if form is self.forms[0] and len(has) > len(best) else best
            looked.append(f"{place.folder} ({place.why}) {lacks(place.folder, self.forms[0].files, best)}")
        return None, looked

    def _folders(self, root: Path) -> Iterator[tuple[Form, Path]]:
        """Give the folders below a place that may have the files: its own, its publisher's, Keras'."""
        for folder in candidates(root, self.info.name):
            for form in self.forms:
                yield form, folder / form.folder
                yield form, folder / f"{form.folder}-target" / form.folder
                yield form, folder

    def _fetched(self, looked: list[str], data_dir: Folder, download: bool, progress: Progress | None) -> Found:
        nowhere = f"{self.info.name} is not on this machine: {'; '.join(looked)}."
        archive = self.info.files[0].name
        remedy = f"Put {archive} into a folder, and give that folder as data_dir, with --data-dir or in {VARIABLE}."
        if not download:
            raise MissingFileError(f"{nowhere} {remedy}")
        try:
            folder = fetch(self.info, data_dir, progress)
        except DownloadError as error:
            raise DownloadError(f"{nowhere} {error} {remedy}") from error
        return Found(self.forms[0], folder / archive)


def _upright(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return rows of red, green and blue planes as images ``(N, 32, 32, 3)``."""
    return np.ascontiguousarray(images.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))


def _checked(labels: NDArray[Any], path: Path, classes: int) -> NDArray[np.uint8]:
    if not labels.size:
        raise DataError(f"{path} has no images. At least one is needed for training and one for testing.")
    if labels.min() < 0 or labels.max() >= classes:
        wrong = labels[(labels < 0) | (labels >= classes)][0]
        raise DataError(f"{path} has the label {wrong}, but labels must be 0 to {classes - 1}. Replace its files.")
    return labels.astype(np.uint8)
