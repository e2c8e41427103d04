"""Some of many images, without a copy of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.training.data.py_dataset import PyDataset

Array = npt.NDArray[Any]


class Rows:
    """Some of many images: an array of them is made of those that are asked for, when they are.

    Parameters
    ----------
    images : array of shape (N, height, width, channels), or Rows
        It may be mapped from the disk.
    indices : array of int, shape (M,)
        Which of them, in which order.

    Examples
    --------
    >>> some = Rows(np.arange(12).reshape(6, 2), np.array([5, 0, 3]))
    >>> some.shape, some[1:].tolist(), some[0].tolist()
    ((3, 2), [[0, 1], [6, 7]], [10, 11])
    """

    def __init__(self, images: Array | Rows, indices: npt.NDArray[np.integer]) -> None:
        whole, chosen = images._both if isinstance(images, Rows) else (images, np.arange(len(images)))
        self._both: tuple[Array, Array] = whole, chosen[indices]

    @property
    def shape(self) -> tuple[int, ...]:
        """``(M, height, width, channels)``"""
        images, indices = self._both
        return (len(indices), *images.shape[1:])

    def __len__(self) -> int:
        return len(self._both[1])

    def __getitem__(self, which: int | slice | npt.NDArray[np.integer]) -> Array:
        images, indices = self._both
        return np.asarray(images[indices[which]])

    def __iter__(self) -> Iterator[Array]:
        return (self[index] for index in range(len(self)))


#: Images (N, height, width, channels), all in an array, or some of them.
AnyImages = Array | Rows


class Batches(PyDataset):
    """Batches of images for `predict`, of which a few are in memory at a time.

    Parameters
    ----------
    images : array or Rows
    size : int
        Images in a batch.

    Examples
    --------
    >>> [batch.tolist() for batch in Batches(np.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, images: AnyImages, size: int = 32) -> None:
        super().__init__()
        self._images, self._size = images, size

    def __len__(self) -> int:
        return -(-len(self._images) // self._size)

    def __getitem__(self, index: int) -> Array:
        return np.asarray(self._images[index * self._size : (index + 1) * self._size])
