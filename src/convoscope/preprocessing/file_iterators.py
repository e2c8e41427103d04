"""Batches of images in files: of a folder with a subfolder a class, or of a table of names and labels."""

from __future__ import annotations

import os
import warnings
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import pair
from convoscope.errors import ConvoscopeWarning, MissingFileError, unknown_name
from convoscope.preprocessing.images import INTERPOLATIONS, img_to_array, is_channels_first, load_img
from convoscope.preprocessing.iterators import Indices, Iterator, Saving, split_of
from convoscope.preprocessing.labelled_table import Labelled
from convoscope.streams import show

if TYPE_CHECKING:
    from convoscope.preprocessing.generator import ImageDataGenerator

_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class FileIterator(Iterator):
    """What the iterators over files have in common: how a batch is read, changed and labelled.

    Attributes
    ----------
    filenames, filepaths : list of str
        The files, in the order of the indices: as they were found, and with the folder in front.
    samples : int
        How many there are.
    image_shape : tuple of int
        Of each image in a batch.
    class_indices : dict of str to int
        The number of each class.
    classes : array of int, or list
        The number of each file's class.
    """

    allowed_class_modes: Sequence[str | None]
    filenames: list[str]
    filepaths: list[str]
    class_indices: dict[str, int]
    classes: Any

    def __init__(
        self,
        image_data_generator: ImageDataGenerator,
        target_size: Sequence[int],
        color_mode: str,
        class_mode: str | None,
        data_format: str | None,
        saving: tuple[str | os.PathLike[str] | None, str, str],
        subset: str | None,
        interpolation: str,
        keep_aspect_ratio: bool,
        dtype: npt.DTypeLike | None,
    ) -> None:
        name = type(self).__name__
        if class_mode not in self.allowed_class_modes:
            raise unknown_name("class_mode", class_mode, map(str, self.allowed_class_modes))
        if color_mode not in _CHANNELS:
            raise unknown_name("color_mode", color_mode, _CHANNELS)
        if interpolation not in INTERPOLATIONS:
            raise unknown_name("interpolation", interpolation, INTERPOLATIONS)
        self.image_data_generator = image_data_generator
        self.target_size = pair(tuple(target_size), "target_size", name)
        self.color_mode, self.class_mode, self.subset = color_mode, class_mode, subset
        self.interpolation, self.keep_aspect_ratio = interpolation, keep_aspect_ratio
        self.dtype = np.dtype(np.float32 if dtype is None else dtype)
        self.data_format = data_format or "channels_last"
        channels = (_CHANNELS[color_mode],)
        first = is_channels_first(data_format)
        self.image_shape = (*channels, *self.target_size) if first else (*self.target_size, *channels)
        self.split = split_of(subset, image_data_generator)
        self._saving = Saving(*saving, 10_000_000, self.data_format)

    @property
    def samples(self) -> int:
        """How many files there are."""
        return len(self.filenames)

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_indices)

    @property
    @abstractmethod
    def labels(self) -> Any:
        """What is predicted for each file."""

    @property
    def sample_weight(self) -> npt.NDArray[Any] | None:
        """The weight of each file in the loss, or None."""
        return None

    def _get_batches_of_transformed_samples(self, index_array: Indices) -> Any:
        batch = np.empty((len(index_array), *self.image_shape), self.dtype)
        for number, index in enumerate(index_array):
            batch[number] = self.image_data_generator.changed(self._read(self.filepaths[index]))
        self._saving.save(batch, index_array)
        if self.class_mode is None:
            return batch
        y = batch.copy() if self.class_mode == "input" else self._targets(index_array)
        weights = () if self.sample_weight is None else (self.sample_weight[index_array],)
        return batch, y, *weights

    def _read(self, path: str) -> npt.NDArray[Any]:
        image = load_img(path, self.color_mode, self.target_size, self.interpolation, self.keep_aspect_ratio)
        return img_to_array(image, self.data_format)

    def _targets(self, indices: Indices) -> Any:
        """Give the labels of a batch in the form that `class_mode` says."""
        if self.class_mode != "categorical":
            return np.array([self.classes[index] for index in indices], self.dtype)
        rows = np.zeros((len(indices), self.num_classes), self.dtype)
        for number, index in enumerate(indices):
            rows[number, self.classes[index]] = 1.0  # one class, or several
        return rows


class DirectoryIterator(FileIterator):
    """Batches from a folder: what `ImageDataGenerator.flow_from_directory` returns, which describes the parameters.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from convoscope.preprocessing.image import ImageDataGenerator
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, value in ("dark", 30), ("light", 220):
    ...         Path(folder, name).mkdir()
    ...         for number in range(4):
    ...             Image.new("RGB", (8, 8), (value, value, value)).save(Path(folder, name, f"{number}.png"))
    ...     batches = DirectoryIterator(folder, ImageDataGenerator(), target_size=(8, 8), batch_size=6, shuffle=False)
    ...     x, y = next(batches)
    ...     batches.class_indices, x.shape, y[:, 1].tolist()
    Found 8 images belonging to 2 classes.
    ({'dark': 0, 'light': 1}, (6, 8, 8, 3), [0.0, 0.0, 0.0, 0.0, 1.0, 1.0])
    """

    allowed_class_modes = ("categorical", "binary", "sparse", "input", None)

    def __init__(
        self,
        directory: str | os.PathLike[str],
        image_data_generator: ImageDataGenerator,
        target_size: Sequence[int] = (256, 256),
        color_mode: str = "rgb",
        classes: Iterable[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | os.PathLike[str] | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        saving = (save_to_dir, save_prefix, save_format)
        super().__init__(
            image_data_generator, target_size, color_mode, class_mode, data_format, saving, subset, interpolation,
            keep_aspect_ratio, dtype,
        )  # fmt: skip
        self.directory = os.path.expanduser(directory)
        names = list(classes or _subfolders(self.directory))
        self.class_indices = {name: number for number, name in enumerate(names)}
        self.filenames, numbers = [], []
        for name, number in self.class_indices.items():
            found = self._files_of(name, follow_links)
            self.filenames += found
            numbers += [number] * len(found)
        self.classes = np.array(numbers, np.int32)
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        # Keras' words, plural and all: programs read the two numbers out of this line.
        show(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        Iterator.__init__(self, self.samples, batch_size, shuffle, seed)

    @property
    def labels(self) -> npt.NDArray[np.int32]:
        """The number of each file's class."""
        labels: npt.NDArray[np.int32] = self.classes
        return labels

    def _files_of(self, name: str, follow_links: bool) -> list[str]:
        """List the images of a class below its folder, or the share of them that belongs to the subset."""
        folder = os.path.join(self.directory, name)
        if not os.path.isdir(folder):
            warnings.warn(f"There is no folder {folder}, so class {name!r} has no images.", ConvoscopeWarning, 4)
        walked = sorted(os.walk(folder, followlinks=follow_links), key=lambda found: found[0])
        files = [os.path.join(root, file) for root, _, files in walked for file in sorted(files)]
        images = [file for file in files if file.lower().endswith(self.white_list_formats)]
        begins, ends = (int(share * len(images)) for share in self.split)
        return [os.path.join(name, os.path.relpath(file, folder)) for file in images[begins:ends]]


class DataFrameIterator(FileIterator):
    """Batches from a table: what `ImageDataGenerator.flow_from_dataframe` returns, which describes the parameters.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from convoscope.preprocessing.image import ImageDataGenerator
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, value in ("dark", 30), ("light", 220):
    ...         Path(folder, name).mkdir()
    ...         for number in range(4):
    ...             Image.new("RGB", (8, 8), (value, value, value)).save(Path(folder, name, f"{number}.png"))
    ...     table = {"filename": ["dark/0.png", "light/3.png"], "class": ["night", "day"]}
    ...     batches = DataFrameIterator(table, folder, ImageDataGenerator(), target_size=(8, 8), shuffle=False)
    ...     x, y = next(batches)
    ...     batches.class_indices, x.shape, y.tolist()
    Found 2 validated image filenames belonging to 2 classes.
    ({'day': 0, 'night': 1}, (2, 8, 8, 3), [[0.0, 1.0], [1.0, 0.0]])
    """

    allowed_class_modes = ("categorical", "binary", "sparse", "input", "multi_output", "raw", None)

    def __init__(
        self,
        dataframe: Any,
        directory: str | os.PathLike[str] | None,
        image_data_generator: ImageDataGenerator,
        x_col: str = "filename",
        y_col: str | Sequence[str] = "class",
        weight_col: str | None = None,
        target_size: Sequence[int] = (256, 256),
        color_mode: str = "rgb",
        classes: Iterable[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | os.PathLike[str] | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: npt.DTypeLike | None = None,
        validate_filenames: bool = True,
    ) -> None:
        saving = (save_to_dir, save_prefix, save_format)
        super().__init__(
            image_data_generator, target_size, color_mode, class_mode, data_format, saving, subset, interpolation,
            keep_aspect_ratio, dtype,
        )  # fmt: skip
        self.directory = os.path.expanduser(directory or "")
        table = Labelled(dataframe, x_col, y_col, weight_col, class_mode, classes)
        if validate_filenames:
            table.keep(self._valid, x_col)
        table.number_classes()
        table.cut(self.split)
        self.class_indices = table.class_indices
        self.filenames, self.classes = table.files, table.classes
        self._labels, self._weights = table.labels, table.weights
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        validated = "validated" if validate_filenames else "non-validated"
        belonging = f" belonging to {self.num_classes} classes" if table.has_classes else ""
        show(f"Found {self.samples} {validated} image filenames{belonging}.")
        Iterator.__init__(self, self.samples, batch_size, shuffle, seed)

    @property
    def labels(self) -> Any:
        """What is predicted for each file: the numbers of classes, or the columns' values."""
        return self._labels

    @property
    def sample_weight(self) -> npt.NDArray[Any] | None:
        """The weight of each file in the loss, or None."""
        return self._weights

    def _valid(self, name: str) -> bool:
        path = os.path.join(self.directory, name)
        return path.lower().endswith(self.white_list_formats) and os.path.isfile(path)

    def _targets(self, indices: Indices) -> Any:
        if self.class_mode == "multi_output":
            return [output[indices] for output in self._labels]
        return self._labels[indices] if self.class_mode == "raw" else super()._targets(indices)


def _subfolders(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name)))
    except OSError as error:
        raise MissingFileError(
            f"flow_from_directory cannot read the folder {folder}: {error.strerror or error}. Give a folder that has "
            "a subfolder for each class."
        ) from error
