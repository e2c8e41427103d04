"""What `ImageDataGenerator` hands out: batches of changed images, by index or one after another without an end."""
# ruff: noqa: NPY002 - as in Keras, the global generator is what is drawn from

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import integer
from convoscope.errors import DataError, MissingFileError, ShapeError, unknown_name
from convoscope.preprocessing.images import array_to_img
from convoscope.training.data.py_dataset import PyDataset

if TYPE_CHECKING:
    from convoscope.preprocessing.generator import ImageDataGenerator

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.intp]


class Iterator(PyDataset):
    """Batches of `n` images, by their index, or one after another with `next`.

    Parameters
    ----------
    n : int
        How many images there are.
    batch_size : int
        How many images a batch has; the last one of an epoch may be smaller.
    shuffle : bool
        Whether each epoch has a new order.
    seed : int, optional
        Seeds NumPy's global generator with ``seed + number of batches so far`` before each batch. Two iterators with
        the same seed, for images and for masks, then change them alike.
    **options
        ``workers``, ``use_multiprocessing``, ``max_queue_size``: see `PyDataset`. Several workers draw in no fixed
        order, so such a run cannot be repeated exactly.

    Notes
    -----
    Looping over it never ends; `fit` takes ``len(iterator)`` batches for an epoch.

    Examples
    --------
    >>> class Squares(Iterator):
    ...     def _get_batches_of_transformed_samples(self, index_array):
    ...         return index_array**2
    >>> squares = Squares(5, batch_size=2, shuffle=False, seed=None)
    >>> len(squares), [next(squares).tolist() for _ in range(3)]
    (3, [[0, 1], [4, 9], [16]])
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None, **options: Any) -> None:
        super().__init__(**options)
        self.n = n
        self.batch_size = integer(batch_size, "batch_size", type(self).__name__)
        self.shuffle = shuffle
        self.seed = seed
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_array: Indices | None = None
        self.lock = threading.Lock()

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"There is no batch {index}: there are {len(self)} batches, counted from 0.")
        with self.lock:
            self._begin_batch()
            order = self._order()
        return self._get_batches_of_transformed_samples(order[self.batch_size * index : self.batch_size * (index + 1)])

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        if not self.n:
            raise DataError("There are no images, so there is no batch. Check how many images were found at the start.")
        with self.lock:
            self._begin_batch(begins_epoch=self.batch_index == 0)
            start = self.batch_index * self.batch_size % self.n
            self.batch_index = self.batch_index + 1 if self.n > start + self.batch_size else 0
            indices = self._order()[start : start + self.batch_size]
        return self._get_batches_of_transformed_samples(indices)

    def next(self) -> Any:
        """Give the next batch, as ``next(iterator)`` does.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope.preprocessing.generator import ImageDataGenerator
        >>> batches = ImageDataGenerator().flow(np.zeros((3, 8, 8, 1)), [0, 1, 2], batch_size=2, shuffle=False)
        >>> [batches.next()[1].tolist() for _ in range(3)]  # the third batch belongs to the next epoch
        [[0, 1], [2], [0, 1]]
        """
        return next(self)

    def reset(self) -> None:
        """Let `next` begin again with the first batch.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope.preprocessing.generator import ImageDataGenerator
        >>> batches = ImageDataGenerator().flow(np.zeros((3, 8, 8, 1)), [0, 1, 2], batch_size=2, shuffle=False)
        >>> first = batches.next()
        >>> batches.reset()
        >>> batches.next()[1].tolist()
        [0, 1]
        """
        self.batch_index = 0

    def on_epoch_end(self) -> None:
        """Draw the order of the next epoch."""
        self._draw_order()

    def _begin_batch(self, begins_epoch: bool = False) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1
        if begins_epoch:
            self._draw_order()

    def _order(self) -> Indices:
        return self._draw_order() if self.index_array is None else self.index_array

    def _draw_order(self) -> Indices:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)
        return self.index_array

    def _get_batches_of_transformed_samples(self, index_array: Indices) -> Any:
        """Make the batch of the images with these indices. Keras' name, which subclasses of people's own override."""
        raise NotImplementedError(f"{type(self).__name__} does not implement making batches from image indices.")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, lock=threading.Lock())


class Saving:
    """Where the changed images are written to be looked at, if anywhere.

    Parameters
    ----------
    folder : path or None
        An existing folder, or None to write nothing.
    prefix, form : str
        How names begin, and the format of the files.
    largest : int
        One more than the largest random number in a name.
    data_format : str
    """

    def __init__(self, folder: Any, prefix: str, form: str, largest: int, data_format: str) -> None:
        if folder is not None and not os.path.isdir(folder):
            raise MissingFileError(
                f"save_to_dir must be an existing folder, but there is no folder {folder}. Create it first."
            )
        self._folder, self._prefix, self._form = folder, prefix, form
        self._largest, self._data_format = largest, data_format

    def save(self, batch: Array, indices: Indices) -> None:
        """Write a batch, each image with its index in its name."""
        if self._folder is None:
            return
        for image, index in zip(batch, indices, strict=True):
            name = f"{self._prefix}_{index}_{np.random.randint(self._largest)}.{self._form}"
            array_to_img(image, self._data_format, scale=True).save(os.path.join(self._folder, name))


class NumpyArrayIterator(Iterator):
    """Batches of images in an array: what `ImageDataGenerator.flow` returns. See there for the parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope.preprocessing.generator import ImageDataGenerator
    >>> batches = NumpyArrayIterator(np.ones((5, 8, 8, 1)), np.arange(5), ImageDataGenerator(rescale=0.5), batch_size=2)
    >>> x, y = next(batches)
    >>> len(batches), x.shape, float(x.max()), y.tolist()
    (3, (2, 8, 8, 1), 0.5, [0, 1])
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: ImageDataGenerator,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | os.PathLike[str] | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        self.dtype = np.dtype(np.float32 if dtype is None else dtype)
        images, *others = _images_and_others(x)
        kept = _part(subset, image_data_generator, y, len(images), ignore_class_split)
        for name, along in (("y", y), ("sample_weight", sample_weight), *(("x[1]", other) for other in others)):
            if along is not None and len(along) != len(images):
                raise ShapeError(
                    f"There are {len(images)} images, but {name} has {len(along)} entries. Give one for each image."
                )
        self.x = images[kept]
        self.x_misc = [other[kept] for other in others]
        self.y = None if y is None else np.asarray(y)[kept]
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)[kept]
        self.image_data_generator = image_data_generator
        self.data_format = data_format or "channels_last"
        self._saving = Saving(save_to_dir, save_prefix, save_format, 10_000, self.data_format)
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _get_batches_of_transformed_samples(self, index_array: Indices) -> Any:
        batch = np.empty((len(index_array), *self.x.shape[1:]), self.dtype)
        for number, index in enumerate(index_array):
            batch[number] = self.image_data_generator.changed(self.x[index].astype(self.dtype))
        self._saving.save(batch, index_array)
        x = [batch, *(other[index_array] for other in self.x_misc)] if self.x_misc else batch
        if self.y is None:
            return x
        weights = () if self.sample_weight is None else (self.sample_weight[index_array],)
        return x, self.y[index_array], *weights


def split_of(subset: str | None, generator: ImageDataGenerator) -> tuple[float, float]:
    """Return where a part begins and ends, as shares: the validation images come first."""
    shares = {None: (0.0, 1.0), "validation": (0.0, generator.validation_split)}
    shares["training"] = (generator.validation_split, 1.0)
    if subset not in shares:
        raise unknown_name("subset", subset, ("training", "validation"))
    return shares[subset]


def _images_and_others(x: Any) -> list[Array]:
    """Return the images, and further inputs that come with them: ``(images, other)`` or ``(images, [several])``."""
    images, others = x, []
    if isinstance(x, (list, tuple)) and len(x) == 2 and np.ndim(x[0]) == 4:
        images, others = x[0], x[1] if isinstance(x[1], list) else [x[1]]
    images = np.asarray(images)
    if images.ndim != 4:
        raise ShapeError(
            f"flow takes images of shape (number, height, width, channels), but got an array of shape {images.shape}. "
            "Greyscale images need a last axis: x[..., None]."
        )
    return [images, *(np.asarray(other) for other in others)]


def _part(
    subset: str | None, generator: ImageDataGenerator, y: Sequence[Any] | None, count: int, ignore_classes: bool
) -> slice:
    """Return which images belong to a part."""
    split_of(subset, generator)
    if subset is None:
        return slice(None)
    at = int(count * generator.validation_split)
    if y is not None and not ignore_classes and not np.array_equal(np.unique(y[:at]), np.unique(y[at:])):
        raise DataError(
            f"The first {at} images, for validation, and the other {count - at}, for training, do not have the same "
            "classes. Shuffle the images, or allow it with ignore_class_split=True."
        )
    return slice(None, at) if subset == "validation" else slice(at, None)
