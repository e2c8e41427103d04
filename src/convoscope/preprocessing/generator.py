"""ImageDataGenerator: images changed at random while they are read, as in the Keras of many lessons."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy.typing as npt

from convoscope.checks import real
from convoscope.errors import ConfigurationError
from convoscope.preprocessing.file_iterators import DataFrameIterator, DirectoryIterator
from convoscope.preprocessing.iterators import NumpyArrayIterator
from convoscope.preprocessing.random_changes import RandomChanges
from convoscope.preprocessing.standardization import Standardization

Array = npt.NDArray[Any]
Folder = str | os.PathLike[str]


class ImageDataGenerator(RandomChanges, Standardization):
    """Read images in batches, and augment and standardize each of them.

    `flow` reads from arrays, `flow_from_directory` from a folder with a subfolder for each class, and
    `flow_from_dataframe` from a table. Pass what they return to `fit`, `evaluate` or `predict`, or loop over it. Layers
    such as `RandomRotation` in the model do the same faster, and are saved with it.

    Parameters
    ----------
    featurewise_center, featurewise_std_normalization : bool
        Subtract the mean and divide by the standard deviation of each channel over all images; call `fit` first.
    samplewise_center, samplewise_std_normalization : bool
        Subtract each image's own mean, and divide by its own standard deviation.
    zca_whitening : bool
        Remove the correlations between pixels (ZCA); call `fit` first. It needs a matrix with as many rows and columns
        as an image has values, so use it only for small images.
    zca_epsilon : float
        Added to the singular values in the whitening.
    rotation_range : float
        The largest angle of a rotation, in degrees.
    width_shift_range, height_shift_range : float, int or list
        A share of the width or height if below 1, otherwise pixels. A whole number n means the whole numbers below n,
        and a list means one of its entries; both with either sign. As in Keras, the two are swapped: images are moved
        up and down by `width_shift_range`, and sideways by `height_shift_range` (keras-team/keras#17398).
    brightness_range : (float, float), optional
        The range of the factor for `apply_brightness_shift`.
    shear_range : float
        The largest angle of a shear, in degrees.
    zoom_range : float or (float, float)
        The range of the factors, one for the width and one for the height: 0.2 means (0.8, 1.2).
    channel_shift_range : float
        The largest number to add to all values.
    fill_mode : {"nearest", "constant", "reflect", "wrap"}
        What is outside the image, see `apply_affine_transform`.
    cval : float
        The value outside with "constant".
    horizontal_flip, vertical_flip : bool
        Mirror every second image, left to right or top to bottom.
    rescale : float, optional
        A factor for all values, before they are centered: ``1 / 255``.
    preprocessing_function : callable, optional
        Called with each augmented image, of three axes; returns one of the same shape.
    data_format : {"channels_last", "channels_first"}, optional
        The layers here take "channels_last".
    validation_split : float
        The share of images, from the first on, that ``subset="validation"`` reads, and ``subset="training"`` does not.
    interpolation_order : {0, 1}
        Take the nearest pixel, or interpolate between four.
    dtype : dtype, optional
        The type of the batches; float32 if left out.

    Notes
    -----
    Values are those of Keras, and so are random numbers: they are drawn from NumPy's global generator, in Keras' order,
    so the same ``np.random.seed`` or `seed` gives the same images.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.arange(2 * 4 * 4 * 1.0).reshape(2, 4, 4, 1)
    >>> generator = ImageDataGenerator(rescale=1 / 32, horizontal_flip=True)
    >>> x, y = next(generator.flow(images, [0, 1], batch_size=2, shuffle=False))
    >>> x.shape, float(x.max()), y
    ((2, 4, 4, 1), 0.96875, array([0, 1]))
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: float | Sequence[float] = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[Array], Array] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        Standardization.__init__(
            self, featurewise_center, samplewise_center, featurewise_std_normalization, samplewise_std_normalization,
            zca_whitening, zca_epsilon, rescale, preprocessing_function, dtype,
        )  # fmt: skip
        RandomChanges.__init__(
            self, rotation_range, width_shift_range, height_shift_range, brightness_range, shear_range, zoom_range,
            channel_shift_range, fill_mode, cval, horizontal_flip, vertical_flip, data_format, interpolation_order,
        )  # fmt: skip
        self.validation_split = _share(validation_split)

    def changed(self, image: Array) -> Array:
        """Augment one image and standardize it, as the iterators do; it may be changed in place.

        Examples
        --------
        >>> import numpy as np
        >>> ImageDataGenerator(rescale=1 / 255).changed(np.full((2, 2, 1), 255.0))[..., 0].tolist()
        [[1.0, 1.0], [1.0, 1.0]]
        """
        parameters = self.get_random_transform(image.shape)
        return self.standardize(self.apply_transform(image, parameters))

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Folder | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Read images from an array.

        Parameters
        ----------
        x : array (number, height, width, channels)
            The images; or a pair of them and a further input, or a list of further inputs.
        y, sample_weight : array, optional
            Labels and weights, one for each image.
        batch_size, shuffle, seed
            See `Iterator`.
        save_to_dir : path, optional
            An existing folder to write the changed images to.
        save_prefix, save_format : str
            The beginning and the ending of their names.
        ignore_class_split : bool
            Allow the two subsets to have different classes.
        subset : {"training", "validation"}, optional
            The part to read, see `validation_split`.

        Returns
        -------
        NumpyArrayIterator
            Of ``x``, ``(x, y)`` or ``(x, y, sample_weight)``.

        Examples
        --------
        >>> import numpy as np
        >>> generator = ImageDataGenerator(validation_split=0.2)
        >>> batches = generator.flow(np.ones((10, 8, 8, 1)), np.arange(10) % 2, subset="training")
        >>> batches.n, len(batches)  # eight images, in a batch of up to 32
        (8, 1)
        """
        return NumpyArrayIterator(
            x, y, self, batch_size, shuffle, sample_weight, seed, self.data_format, save_to_dir, save_prefix,
            save_format, subset, ignore_class_split, self.dtype,
        )  # fmt: skip

    def flow_from_directory(
        self,
        directory: Folder,
        target_size: Sequence[int] = (256, 256),
        color_mode: str = "rgb",
        classes: Iterable[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Folder | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Read the image files of a folder that has a subfolder for each class.

        Parameters
        ----------
        directory : path
            The folder. Images are PNG, JPEG, BMP, PPM and TIFF files at any depth below the subfolders.
        target_size, color_mode, interpolation, keep_aspect_ratio
            The form that each image is brought into, see `load_img`.
        classes : list of str, optional
            The subfolders to read, in the order of their numbers; all, in alphabetical order, where it is left out.
        class_mode : {"categorical", "binary", "sparse", "input", None}
            The labels: rows with a single 1; numbers; numbers; the images themselves; none.
        follow_links : bool
            Whether to look into folders that are symbolic links.
        batch_size, shuffle, seed, save_to_dir, save_prefix, save_format, subset
            See `flow`. A subset is a share of each class.

        Returns
        -------
        DirectoryIterator

        Raises
        ------
        MissingFileError
            If there is no such folder.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("cats", "dogs"):
        ...         Path(folder, name).mkdir()
        ...         Image.new("RGB", (30, 20)).save(Path(folder, name, "1.png"))
        ...     batches = ImageDataGenerator().flow_from_directory(folder, target_size=(8, 8), class_mode="sparse")
        ...     next(batches)[0].shape
        Found 2 images belonging to 2 classes.
        (2, 8, 8, 3)
        """
        return DirectoryIterator(
            directory, self, target_size, color_mode, classes, class_mode, batch_size, shuffle, seed, self.data_format,
            save_to_dir, save_prefix, save_format, follow_links, subset, interpolation, keep_aspect_ratio, self.dtype,
        )  # fmt: skip

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Folder | None = None,
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
        save_to_dir: Folder | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
    ) -> DataFrameIterator:
        """Read the image files that a table names.

        Parameters
        ----------
        dataframe : pandas.DataFrame, dict of columns or the like
            Anything whose columns can be read by their names.
        directory : path, optional
            The folder that the names are relative to.
        x_col, y_col, weight_col : str
            The columns of file names, of labels and of weights. `y_col` may be a list with "raw" and "multi_output".
        class_mode : {"categorical", "binary", "sparse", "input", "multi_output", "raw", None}
            As in `flow_from_directory`, where a label is the name of a class, and with "categorical" perhaps a list of
            several; "raw" gives the values of `y_col`, and "multi_output" a list of the values of each column.
        validate_filenames : bool
            Leave out files that are not images or do not exist, with a warning.
        target_size, color_mode, classes, interpolation
            See `flow_from_directory`.
        batch_size, shuffle, seed, save_to_dir, save_prefix, save_format, subset
            See `flow`. A subset is a share of all rows.

        Returns
        -------
        DataFrameIterator

        Raises
        ------
        DataError
            If a column's values are not what `class_mode` takes.

        Examples
        --------
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("RGB", (30, 20)).save(f"{folder}/1.png")
        ...     table = {"filename": ["1.png"], "age": [41.0]}
        ...     generator = ImageDataGenerator()
        ...     batches = generator.flow_from_dataframe(table, folder, y_col="age", class_mode="raw")
        ...     next(batches)[1].tolist()
        Found 1 validated image filenames.
        [41.0]
        """
        return DataFrameIterator(
            dataframe, directory, self, x_col, y_col, weight_col, target_size, color_mode, classes, class_mode,
            batch_size, shuffle, seed, self.data_format, save_to_dir, save_prefix, save_format, subset, interpolation,
            False, self.dtype, validate_filenames,
        )  # fmt: skip


def _share(validation_split: float) -> float:
    """Check `validation_split`: None or 0 for no split, else a share between 0 and 1."""
    if not validation_split:
        return 0.0
    number = real(validation_split, "validation_split", "ImageDataGenerator")
    if not 0 < number < 1:
        raise ConfigurationError(
            f"ImageDataGenerator: validation_split must be a fraction between 0 and 1, but is {number:g}."
        )
    return number
