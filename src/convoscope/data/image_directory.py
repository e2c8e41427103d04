"""Images in a folder as a Dataset, under Keras' name and with its arguments."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from convoscope.checks import flag, integer
from convoscope.data.dataset import Dataset
from convoscope.data.directory import Files, check_split, list_directory
from convoscope.data.images import CHANNELS, ImageForm
from convoscope.data.options import AUTOTUNE
from convoscope.data.resampling import INTERPOLATIONS
from convoscope.errors import ConfigurationError, DataError, unknown_name
from convoscope.processes import share_of, world
from convoscope.seeds import next_seed
from convoscope.tensors import tensor

FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_HERE = "image_dataset_from_directory"


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | Sequence[int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return the images in a folder as a `Dataset` of batches ``(images, labels)``, read as they are needed.

    Parameters
    ----------
    directory : path
        A folder with a subfolder for each class.
    labels : "inferred", sequence of int or None
        ``"inferred"``: the subfolders are the classes. Otherwise the label of each file, in alphabetical order; or no
        labels.
    label_mode : {"int", "categorical", "binary", None}
        Labels as whole numbers (N,), as rows with a single 1 (N, classes), as 0 or 1 (N, 1), or none.
    class_names : sequence of str, optional
        The subfolders that are classes, in the order of their numbers; if left out, all of them in alphabetical order.
    color_mode : {"rgb", "grayscale", "rgba"}
    batch_size : int or None
        None gives images one by one.
    image_size : (height, width) or int
    shuffle : bool
        Whether the files come in a random order, a new one in each iteration.
    seed : int, optional
        Determines these orders.
    validation_split : float, optional
        The share of the files, in the order determined by `seed`, that is held out for validation.
    subset : {"training", "validation", "both"}, optional
        Which part is returned; ``"both"`` returns a list.
    interpolation : str
        ``"bilinear"``, ``"nearest"``, ``"bicubic"``, ``"area"``, ``"lanczos3"``, ``"lanczos5"``, ``"gaussian"`` or
        ``"mitchellcubic"``; none of them smooths first.
    follow_links : bool
        Whether links to folders are followed.
    crop_to_aspect_ratio, pad_to_aspect_ratio : bool
        Cut images to the aspect ratio of `image_size`, or add black edges, instead of distorting them.
    data_format : {"channels_last", "channels_first"}, optional
    format : "tf"
    verbose : bool
        Whether to print how many files there are.

    Returns
    -------
    Dataset, or list of two for ``subset="both"``
        Images are float32 from 0 to 255. The attributes ``class_names`` and ``file_paths`` list its contents.

    Notes
    -----
    Files, their order, splits, labels and sizes are those of Keras. JPEG files may differ from TensorFlow's by a few
    levels of 256, as decoders do. Only the first image of an animated GIF is used.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, value in ("dark", 30), ("light", 220):
    ...         Path(folder, name).mkdir()
    ...         for number in range(4):
    ...             Image.new("RGB", (8, 8), (value, value, value)).save(Path(folder, name, f"{number}.png"))
    ...     images = image_dataset_from_directory(folder, batch_size=4, image_size=(8, 8), shuffle=False, verbose=False)
    ...     x, y = next(iter(images))
    ...     images.class_names, x.shape, y.tolist()
    (['dark', 'light'], (4, 8, 8, 3), [0, 0, 0, 0])
    """
    channels, size = _form(color_mode, image_size)
    labels, label_mode = _labelling(labels, label_mode, class_names)
    if format != "tf":
        raise ConfigurationError(f"{_HERE}: format must be 'tf', which gives a Dataset, but is {format!r}.")
    if interpolation.lower() not in INTERPOLATIONS:
        raise unknown_name(f"interpolation of {_HERE}", interpolation, INTERPOLATIONS)
    crop = flag(crop_to_aspect_ratio, "crop_to_aspect_ratio", _HERE)
    pad = flag(pad_to_aspect_ratio, "pad_to_aspect_ratio", _HERE)
    if crop and pad:
        raise ConfigurationError(f"{_HERE}: only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be True.")
    if data_format not in (None, "channels_last", "channels_first"):
        raise unknown_name(f"data_format of {_HERE}", data_format, ["channels_last", "channels_first"])
    shuffle = flag(shuffle, "shuffle", _HERE)
    check_split(validation_split, subset, shuffle, seed)
    seed = _drawn() if seed is None else integer(seed, "seed", _HERE, minimum=0)
    files = list_directory(os.fspath(directory), labels, FORMATS, class_names, follow_links, bool(verbose))
    if label_mode == "binary" and len(files.class_names or ()) != 2:
        raise ConfigurationError(
            f"{_HERE}: label_mode='binary' needs exactly two classes, but there are {len(files.class_names or ())}: "
            f"{', '.join(files.class_names or ())}. Use label_mode='int'."
        )
    form = ImageForm(*size, channels, interpolation.lower(), crop, pad, data_format == "channels_first")
    batch = None if batch_size is None else integer(batch_size, "batch_size", _HERE)
    ordered = files.shuffled(seed) if shuffle else files
    parts = ["training", "validation"] if subset == "both" else [subset]
    made = []
    for part in parts:
        own = ordered.part(validation_split, part)
        if not own.paths:
            what = f"images for {part}" if part else "images"
            raise DataError(f"{_HERE}: no {what} in {directory}. Supported file extensions: {', '.join(FORMATS)}.")
        # As in Keras: the part to validate with, of both, keeps its order.
        order = seed if shuffle and not (subset == "both" and part == "validation") else None
        made.append(_dataset(own, form, label_mode, batch, order))
    return made if subset == "both" else made[0]


def _drawn() -> int:
    """Return a seed as Keras draws it; in many processes one that all of them have."""
    return int(np.random.randint(10**6)) if world().size == 1 else next_seed() % 10**6  # noqa: NPY002


def _dataset(files: Files, form: ImageForm, label_mode: str | None, batch: int | None, seed: int | None) -> Dataset:
    """Return the images of some files, shuffled if there is a seed."""
    named = Dataset.from_tensor_slices(np.array(files.paths))
    if label_mode is not None:
        named = Dataset.zip((named, Dataset.from_tensor_slices(_labels(files, label_mode))))
    if seed is not None:
        named = named.shuffle(batch * 8 if batch else 1024, seed)

    def read(path: Any, *label: Any) -> Any:
        image = tensor(form.read(str(path)))
        return (image, *label) if label else image

    dataset = named.map(read, num_parallel_calls=AUTOTUNE)
    dataset = dataset.batch(batch) if batch else dataset
    if batch:
        dataset.share = lambda rank, size: _share(named.batch(batch), form, rank, size)
    dataset = dataset.prefetch(AUTOTUNE)
    dataset.class_names, dataset.file_paths = files.class_names, files.paths
    return dataset


def _share(named: Dataset, form: ImageForm, rank: int, size: int) -> Dataset:
    """Return batches in which only a process's part has been read: each of many processes computes with its own."""

    def read(paths: Any, *labels: Any) -> Any:
        own = share_of(len(paths), rank, size)
        images = [form.read(str(path)) for path in paths[own]]
        whole = np.zeros((len(paths), *images[0].shape), images[0].dtype)
        whole[own] = images
        return (tensor(whole), *labels) if labels else tensor(whole)

    return named.map(read, num_parallel_calls=AUTOTUNE)


def _labels(files: Files, label_mode: str) -> Any:
    labels = np.array(files.labels, np.int32)
    if label_mode == "int":
        return labels
    if label_mode == "binary":
        return labels.astype(np.float32)[:, None]
    return (labels[:, None] == np.arange(len(files.class_names or ()))).astype(np.float32)


def _form(color_mode: Any, image_size: Any) -> tuple[int, tuple[int, int]]:
    if color_mode not in CHANNELS:
        raise unknown_name(f"color_mode of {_HERE}", color_mode, CHANNELS)
    given = (image_size, image_size) if np.ndim(image_size) == 0 else tuple(image_size)
    if len(given) != 2:
        raise ConfigurationError(f"{_HERE}: image_size must be (height, width), but is {image_size!r}.")
    height, width = (integer(side, "image_size", _HERE) for side in given)
    return CHANNELS[color_mode], (height, width)


def _labelling(labels: Any, label_mode: Any, class_names: Any) -> tuple[Any, str | None]:
    """Return labels and their form, None for both where there are none."""
    if label_mode not in ("int", "categorical", "binary", None):
        raise ConfigurationError(
            f"{_HERE}: label_mode must be 'int', 'categorical', 'binary' or None, but is {label_mode!r}."
        )
    if labels is not None and labels != "inferred" and not isinstance(labels, (list, tuple)):
        raise ConfigurationError(
            f"{_HERE}: labels must be 'inferred', a list with the label of each file, or None, but is {labels!r}."
        )
    if class_names is not None and labels != "inferred":
        raise ConfigurationError(f"{_HERE}: class_names can be used only with labels='inferred'.")
    return (None, None) if labels is None or label_mode is None else (labels, label_mode)
