"""Where a data set comes from: published under a name, or your own folder or table of images."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from convoscope.datasets import digits, mnist_files
from convoscope.datasets.cifar_files import Cifar
from convoscope.datasets.description import BUNDLED, Dataset, DatasetInfo
from convoscope.datasets.progress import Progress
from convoscope.paths import user_path

Folder = str | os.PathLike[str] | None


class Source(ABC):
    """What a name stands for, before a byte of it is read.

    Attributes
    ----------
    name : str
        As it was given.
    key : str
        The same for all ways to write the name: that of a published data set, or an absolute path.
    known : DatasetInfo or None
        What is known without reading; of your own images nothing is.
    """

    name: str
    key: str
    known: DatasetInfo | None

    @abstractmethod
    def info(self, data_dir: Folder) -> DatasetInfo:
        """Describe it; see `convoscope.datasets.info`."""

    @abstractmethod
    def load(
        self, data_dir: Folder, *, download: bool = True, progress: Progress | None = None, **wishes: Any
    ) -> Dataset:
        """Load it; see `convoscope.datasets.load`.

        The `wishes` are options of `from_folder`, None for what is not wished. Published images stay as they are.
        """

    @abstractmethod
    def load_to_test(self, data_dir: Folder, form: Mapping[str, Any]) -> Dataset:
        """Load it to test a model that was trained on something else.

        Parameters
        ----------
        data_dir : path-like or None
        form : mapping
            The model's ``preprocessing``, perhaps empty: your own images are scaled to its size and colour.

        Returns
        -------
        Dataset
            Its test images are in ``x_test``; of your own all are, where none are set aside.
        """


class Published(Source):
    """One of `convoscope.datasets.names`, whose files a subclass reads."""

    known: DatasetInfo

    def __init__(self, info: DatasetInfo) -> None:
        self.name, self.key, self.known = info.name, info.name, info

    def info(self, data_dir: Folder) -> DatasetInfo:
        return replace(self.known, where=self.where(data_dir))

    @abstractmethod
    def where(self, data_dir: Folder) -> str:
        """Give the folder that has it, ``"bundled"`` or ``"not on disk"``."""

    def load_to_test(self, data_dir: Folder, form: Mapping[str, Any]) -> Dataset:
        return self.load(data_dir)


class Bundled(Published):
    """The digits, which come with the package."""

    def where(self, data_dir: Folder) -> str:
        return BUNDLED

    def load(
        self, data_dir: Folder, *, download: bool = True, progress: Progress | None = None, **wishes: Any
    ) -> Dataset:
        (x_train, y_train), (x_test, y_test) = digits.load_data()
        return Dataset(x_train, y_train, x_test, y_test, self.known)


class MnistLike(Published):
    """Four IDX files, as MNIST was published."""

    def where(self, data_dir: Folder) -> str:
        return mnist_files.where(self.known, data_dir)

    def load(
        self, data_dir: Folder, *, download: bool = True, progress: Progress | None = None, **wishes: Any
    ) -> Dataset:
        return mnist_files.load(self.known, data_dir, download=download, progress=progress)


class CifarLike(Published):
    """An archive of batches, as CIFAR was published."""

    def __init__(self, cifar: Cifar) -> None:
        super().__init__(cifar.info)
        self._cifar = cifar

    def where(self, data_dir: Folder) -> str:
        return self._cifar.where(data_dir)

    def load(
        self, data_dir: Folder, *, download: bool = True, progress: Progress | None = None, **wishes: Any
    ) -> Dataset:
        return self._cifar.load(data_dir, download=download, progress=progress)


class Custom(Source):
    """A folder of images, or a CSV file of paths and labels. In `data_dir` its images are kept decoded."""

    known = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = os.path.abspath(user_path(name))

    def info(self, data_dir: Folder) -> DatasetInfo:
        return self.load(data_dir).info

    def load(
        self, data_dir: Folder, *, download: bool = True, progress: Progress | None = None, **wishes: Any
    ) -> Dataset:
        from convoscope.datasets.folder.loading import from_folder

        cache_dir = None if data_dir is None else user_path(data_dir) / "folders"
        given = {name: value for name, value in wishes.items() if value is not None}
        return from_folder(self.name, cache_dir=cache_dir, progress=progress, **given)

    def load_to_test(self, data_dir: Folder, form: Mapping[str, Any]) -> Dataset:
        size = (form["height"], form["width"]) if form else None
        mode = {1: "grayscale", 3: "rgb"}.get(form.get("channels", 0))
        fit: dict[str, Any] = {name: form.get(name) for name in ("fit", "resize", "interpolation")}
        data = self.load(data_dir, image_size=size, color_mode=mode, validation_split=0.0, test_split=0.0, **fit)
        if len(data.x_test):
            return data
        return replace(
            data,
            x_test=data.x_train,
            y_test=data.y_train,
            test_files=data.train_files,
            test_digests=data.train_digests,
            test_part="all",
        )
