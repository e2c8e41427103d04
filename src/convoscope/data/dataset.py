"""Dataset: elements one after the other, made when they are asked for, and what can be done to each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convoscope.checks import integer
from convoscope.data import making
from convoscope.data.elements import Elements, Make
from convoscope.data.options import AUTOTUNE, UNKNOWN_CARDINALITY, Options
from convoscope.data.shuffling import Shuffling
from convoscope.data.sources import Sources
from convoscope.data.structure import as_element
from convoscope.errors import ConfigurationError
from convoscope.tensors import tensor

_ELSEWHERE = {
    "padded_batch": "give all elements the same shape with map, then batch",
    "ragged_batch": "give all elements the same shape with map, then batch",
    "window": "batch the elements, then split the batches with map",
    "group_by_window": "sort the elements before they become a Dataset",
    "bucket_by_sequence_length": "sort the elements before they become a Dataset",
    "sample_from_datasets": "sample in a generator, for Dataset.from_generator",
    "choose_from_datasets": "sample in a generator, for Dataset.from_generator",
    "rejection_resample": "pass class_weight to fit",
    "scan": "keep the state in a generator, for Dataset.from_generator",
    "save": "save the arrays with np.savez",
    "load": "load arrays with np.load, for Dataset.from_tensor_slices",
    "snapshot": "use cache(), which keeps the elements in memory",
    "unique": "np.unique before the elements become a Dataset",
    "random": "a generator of random numbers, for Dataset.from_generator",
    "sparse_batch": "batch",
    "rebatch": "unbatch, and then batch",
    "fingerprint": "hash the arrays",
}


class Dataset(Sources, Elements):
    """A sequence of elements, which are arrays, or tuples and dicts of arrays, as in ``tf.data.Dataset``.

    Make one from arrays (`from_tensor_slices`), from a generator (`from_generator`) or from a folder of images
    (`convoscope.utils.image_dataset_from_directory`). Each method returns a new data set, and nothing is computed until
    you iterate. Elements are NumPy arrays that also have ``.numpy()``; `fit`, `evaluate` and `predict` take data sets
    of batches ``(x, y)``.

    Examples
    --------
    >>> numbers = Dataset.range(6).map(lambda n: n * n).batch(4)
    >>> [batch.tolist() for batch in numbers]
    [[0, 1, 4, 9], [16, 25]]
    >>> len(numbers), numbers.element_spec
    (2, TensorSpec(shape=(None,), dtype=int64))
    """

    class_names: list[str] | None
    file_paths: list[str]
    #: Of a process's number and of how many there are, the data set of the same batches with this process's part of
    #: each; None where that has not been foreseen.
    share: Callable[[int, int], Dataset] | None = None

    # ---- what is done to each element

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        synchronous: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Replace each element by what a function returns for it.

        Parameters
        ----------
        map_func : callable
            Called with the element; the parts of a tuple are separate arguments. Layers and models are
            callable too.
        num_parallel_calls : int, optional
            How many threads call it; `AUTOTUNE` uses as many as there are processors. The order is kept.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(4).map(lambda n: n * n)]
        [0, 1, 4, 9]
        """
        workers = making.workers(num_parallel_calls)

        def call(element: Any) -> Any:
            made = map_func(*element) if isinstance(element, tuple) else map_func(element)
            return as_element(made)

        return self._with(lambda: making.ordered_map(call, self._make, workers), self._cardinality)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """Leave out the elements for which a function returns False.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(6).filter(lambda n: n % 2 == 0)]
        [0, 2, 4]
        """

        def keeps(element: Any) -> bool:
            return bool(predicate(*element) if isinstance(element, tuple) else predicate(element))

        return self._with(lambda: filter(keeps, self._make()), UNKNOWN_CARDINALITY)

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Number the elements: each becomes ``(number, element)``.

        Examples
        --------
        >>> [(int(number), int(element)) for number, element in Dataset.range(5, 7).enumerate(start=1)]
        [(1, 5), (2, 6)]
        """
        pairs = lambda: ((tensor(n, np.int64), each) for n, each in enumerate(self._make(), start))  # noqa: E731
        return Dataset(pairs, self._cardinality)

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> Dataset:
        """Replace each element by all elements of the data set that a function returns for it.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(1, 4).flat_map(Dataset.range)]
        [0, 0, 1, 0, 1, 2]
        """
        return self.interleave(map_func, cycle_length=1)

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: int | None = None,
        block_length: int = 1,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """As `flat_map`, but with `cycle_length` of those data sets at a time, `block_length` elements of each in turn.

        Examples
        --------
        >>> tens = Dataset.range(10, 30, 10).interleave(lambda n: Dataset.range(n, n + 3), cycle_length=2)
        >>> [int(number) for number in tens]
        [10, 20, 11, 21, 12, 22]
        """
        cycle = making.workers(AUTOTUNE if cycle_length is None else cycle_length)
        block = integer(block_length, "block_length", "interleave")

        def call(element: Any) -> Iterator[Any]:
            return iter(map_func(*element) if isinstance(element, tuple) else map_func(element))

        return Dataset(lambda: making.interleaved(map(call, self._make()), cycle, block), UNKNOWN_CARDINALITY)

    # ---- batches

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Join `batch_size` elements into one, with a new first axis. `drop_remainder` leaves out a smaller last batch.

        Examples
        --------
        >>> [batch.tolist() for batch in Dataset.range(5).batch(2)]
        [[0, 1], [2, 3], [4]]
        """
        size = integer(batch_size, "batch_size", "Dataset.batch")
        count = making.batches_of(self._cardinality, size, drop_remainder)
        return Dataset(lambda: making.batches(self._make(), size, drop_remainder), count, batched=not drop_remainder)

    def unbatch(self, name: str | None = None) -> Dataset:
        """Return the rows of each element as separate elements: the opposite of `batch`.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(4).batch(3).unbatch()]
        [0, 1, 2, 3]
        """
        return Dataset(lambda: making.unbatched(self._make()), UNKNOWN_CARDINALITY)

    # ---- order and number

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return the elements in random order: each is drawn from a buffer of the next `buffer_size` elements.

        Parameters
        ----------
        buffer_size : int
            As large as the data set, for all orders to be equally likely.
        seed : int, optional
            Determines the orders; if left out, `convoscope.utils.set_random_seed` does.
        reshuffle_each_iteration : bool
            Whether each iteration has a new order; True if left out.

        Examples
        --------
        >>> numbers = Dataset.range(100).shuffle(100, seed=1, reshuffle_each_iteration=False)
        >>> first, second = ([int(number) for number in numbers] for _ in range(2))
        >>> first == second, first == sorted(first)
        (True, False)
        """
        size = integer(buffer_size, "buffer_size", "Dataset.shuffle")
        shuffling = Shuffling(size, seed, reshuffle_each_iteration is not False)
        return self._with(lambda: shuffling.shuffled(self._make()), self._cardinality)

    def take(self, count: int, name: str | None = None) -> Dataset:
        """Return the first `count` elements; all for -1.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(100).take(3)]
        [0, 1, 2]
        """
        wanted = int(count)
        if wanted < 0:
            return self
        return self._with(lambda: making.taken(self._make, wanted), making.least([self._cardinality, wanted]))

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """Leave out the first `count` elements; all for -1.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(5).skip(3)]
        [3, 4]
        """
        return self._with(lambda: making.skipped(self._make, int(count)), making.less(self._cardinality, int(count)))

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """Return the elements `count` times in all; without end for None or -1.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(2).repeat(3)]
        [0, 1, 0, 1, 0, 1]
        """
        times = None if count is None or int(count) < 0 else int(count)
        return self._with(lambda: making.repeated(self._make, times), making.times(self._cardinality, times))

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """Return the elements of this data set, followed by those of another.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(2).concatenate(Dataset.range(8, 10))]
        [0, 1, 8, 9]
        """
        both = [self._cardinality, dataset._cardinality]
        return self._with(lambda: making.one_after_the_other([self._make, dataset._make]), making.total(both))

    def shard(self, num_shards: int, index: int, name: str | None = None) -> Dataset:
        """Return every `num_shards`-th element, beginning with the one at `index`.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(7).shard(num_shards=3, index=1)]
        [1, 4]
        """
        shards = integer(num_shards, "num_shards", "Dataset.shard")
        first = integer(index, "index", "Dataset.shard", minimum=0, maximum=shards - 1)
        count = -(-(self._cardinality - first) // shards) if self._cardinality >= 0 else self._cardinality
        return self._with(lambda: making.every(self._make(), shards, first), max(count, 0) if count >= 0 else count)

    # ---- speed

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """Keep the elements in memory once all have been made; later iterations return those.

        Examples
        --------
        >>> calls = []
        >>> numbers = Dataset.range(3).map(lambda n: calls.append(n) or n).cache()
        >>> [len(list(numbers)) for _ in range(2)], len(calls)
        ([3, 3], 3)
        """
        if filename:
            raise ConfigurationError(
                f"Dataset.cache caches in memory only, not in a file such as {str(filename)!r}. Write cache(), or "
                "leave it out if the images do not fit into memory."
            )
        return self._with(making.Cache(self._make).elements, self._cardinality)

    def prefetch(self, buffer_size: int, name: str | None = None) -> Dataset:
        """Make the next `buffer_size` elements in a thread while earlier ones are used. `fit` does so in any case.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(3).prefetch(2)]
        [0, 1, 2]
        """
        room = making.AUTOMATIC_ROOM if int(buffer_size) < 0 else int(buffer_size)
        made = self._with(lambda: making.prefetched(self._make, room), self._cardinality) if room else self
        made.share = self.share  # which `fit` makes ahead in any case
        return made

    def with_options(self, options: Any, name: str | None = None) -> Dataset:
        """Return the data set unchanged: TensorFlow's options only change speed, which the engine decides here.

        Examples
        --------
        >>> from convoscope.data import Options
        >>> len(Dataset.range(3).with_options(Options()))
        3
        """
        return self

    def options(self) -> Options:
        """Return options, none of which is set.

        Examples
        --------
        >>> type(Dataset.range(3).options()).__name__
        'Options'
        """
        return Options()

    # ---- all at once

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """Return what a function returns for the whole data set.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(10).apply(lambda numbers: numbers.skip(2).take(3))]
        [2, 3, 4]
        """
        return transformation_func(self)

    def __getattr__(self, name: str) -> Any:
        if name in _ELSEWHERE:
            raise AttributeError(f"Dataset has no {name}. Instead, {_ELSEWHERE[name]}.")
        if name in ("class_names", "file_paths"):
            raise AttributeError(
                f"{name} is an attribute of the data set that image_dataset_from_directory returned: read it there, "
                "before map, take or batch create another data set."
            )
        raise AttributeError(f"Dataset has no attribute {name!r}.")

    def _with(self, make: Make, cardinality: int) -> Dataset:
        """Return a data set whose elements are shaped as those of this one."""
        return Dataset(make, cardinality, batched=self._batched)
