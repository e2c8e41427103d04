"""PyDataset: batches that your own class makes, one at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any


class PyDataset:
    """The base of your own classes that make batches for `fit`, `evaluate` and `predict`; also Keras' ``Sequence``.

    Write `__getitem__`, which returns one batch, and `__len__`, which returns the number of batches in an epoch. A
    class without `__len__` overrides `num_batches`, which may be None: then `fit` needs ``steps_per_epoch``.

    Parameters
    ----------
    workers : int
        How many batches `fit` makes at the same time, in threads.
    use_multiprocessing : bool
        Accepted as in Keras. Batches are made in threads in either case: NumPy and Pillow let other threads run, and
        nothing has to be copied between processes.
    max_queue_size : int
        How many batches may be made in advance.

    Notes
    -----
    The three settings apply to `fit`, not if you loop over the data set yourself. A subclass that does not call
    ``super().__init__`` has the defaults.

    Examples
    --------
    >>> import numpy as np
    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 2
    ...
    ...     def __getitem__(self, index):
    ...         x = np.arange(3) + 3 * index
    ...         return x, x**2
    >>> for x, y in Squares(workers=2):
    ...     print(x, y)
    [0 1 2] [0 1 4]
    [3 4 5] [ 9 16 25]
    """

    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Give the batch at an index: ``x``, ``(x, y)`` or ``(x, y, sample_weight)``."""
        raise NotImplementedError(
            f"{type(self).__name__} has no __getitem__. Define one that takes the index of a batch and returns the "
            "batch as (x, y)."
        )

    @property
    def num_batches(self) -> int | None:
        """How many batches make an epoch: the length. None says that there is no end.

        Raises
        ------
        NotImplementedError
            The class has neither `__len__` nor its own `num_batches`.
        """
        length = getattr(self, "__len__", None)
        if length is None:
            raise NotImplementedError(
                f"{type(self).__name__} does not define its number of batches. Define __len__, or override the "
                "property num_batches; None means unlimited."
            )
        return int(length())

    def on_epoch_begin(self) -> None:
        """Called by `fit` before each epoch. Override it; by default it does nothing."""

    def on_epoch_end(self) -> None:
        """Called by `fit` after each epoch. Override it, for instance to shuffle; by default it does nothing."""

    def __iter__(self) -> Iterator[Any]:
        batches = self.num_batches
        for index in itertools.count() if batches is None else range(batches):
            yield self[index]
