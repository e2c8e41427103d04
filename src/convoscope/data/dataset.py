"""Dataset: elements one after the other, made when they are asked for, and what can be done to each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convoscope.checks import integer
from convoscope.data import making, sources
from convoscope.data.options import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Options
from convoscope.data.shuffling import Shuffling
from convoscope.data.spec import TensorSpec
from convoscope.data.structure import as_element, leaves, mapped
from convoscope.errors import ConfigurationError
from convoscope.tensors import Tensor, tensor

Make = Callable[[], Iterator[Any]]

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


class Dataset:
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

    def __init__(self, make: Make, cardinality: int, *, batched: bool = False) -> None:
        self._make, self._cardinality, self._batched = make, cardinality, batched

    # ---- sources

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """Return the rows of arrays, one after the other; for a tuple or dict of arrays, tuples or dicts of rows.

        Examples
        --------
        >>> images = Dataset.from_tensor_slices((np.zeros((3, 28, 28)), [7, 8, 9]))
        >>> len(images), [int(label) for _, label in images]
        (3, [7, 8, 9])
        """
        return Dataset(*sources.slices(tensors))

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """Return a data set with one element: the arrays as they are.

        Examples
        --------
        >>> [element.tolist() for element in Dataset.from_tensors([1, 2, 3])]
        [[1, 2, 3]]
        """
        element = as_element(tensors)
        return Dataset(lambda: iter([element]), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Any],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """Return the elements that a function yields. The function is called for every iteration.

        Parameters
        ----------
        generator : callable
            Returns something that can be iterated over; a generator function, for instance.
        output_types, output_shapes, output_signature : optional
            The types and shapes that elements are converted to and checked against, nested as the elements are.
        args : tuple, optional
            The function's arguments.

        Examples
        --------
        >>> def squares(count):
        ...     yield from (n * n for n in range(count))
        >>> [int(n) for n in Dataset.from_generator(squares, output_signature=TensorSpec((), np.int64), args=(4,))]
        [0, 1, 4, 9]
        """
        make = sources.generated(generator, output_types, output_shapes, args, output_signature)
        return Dataset(make, UNKNOWN_CARDINALITY)

    @staticmethod
    def range(*args: Any, output_type: Any = np.int64, name: str | None = None) -> Dataset:
        """Return whole numbers: ``range(stop)``, ``range(start, stop)`` or ``range(start, stop, step)``.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(1, 10, 3)]
        [1, 4, 7]
        """
        numbers = range(*(int(number) for number in args))
        return Dataset(lambda: (tensor(number, output_type) for number in numbers), len(numbers))

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Return tuples or dicts of elements, nested as the data sets are, until the shortest data set ends.

        Examples
        --------
        >>> [(int(a), int(b)) for a, b in Dataset.zip((Dataset.range(3), Dataset.range(10, 20)))]
        [(0, 10), (1, 11), (2, 12)]
        """
        structure = datasets if datasets is not None else args[0] if len(args) == 1 else args
        structure = tuple(structure) if isinstance(structure, list) else structure
        parts = list(leaves(structure))
        if not parts or not all(isinstance(part, Dataset) for part in parts):
            raise ConfigurationError("Dataset.zip takes data sets, as in Dataset.zip((images, labels)).")
        return Dataset(lambda: making.side_by_side(structure, parts), making.least([p._cardinality for p in parts]))

    @staticmethod
    def list_files(
        file_pattern: Any, shuffle: bool | None = None, seed: int | None = None, name: str | None = None
    ) -> Dataset:
        """Return the files that match a pattern, or several patterns, in a random order unless `shuffle` is False.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("b.png", "a.png", "notes.txt"):
        ...         open(f"{folder}/{name}", "wb").close()
        ...     len(Dataset.list_files(f"{folder}/*.png"))
        2
        """
        files = Dataset(*sources.files(file_pattern))
        return files if shuffle is False else files.shuffle(max(1, len(files)), seed)

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

    # ---- as a whole

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """Return what a function returns for the whole data set.

        Examples
        --------
        >>> [int(number) for number in Dataset.range(10).apply(lambda numbers: numbers.skip(2).take(3))]
        [2, 3, 4]
        """
        return transformation_func(self)

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any], name: str | None = None) -> Any:
        """Combine all elements: ``state = reduce_func(state, element)`` for each, beginning with `initial_state`.

        Examples
        --------
        >>> int(Dataset.range(5).reduce(0, lambda state, number: state + number))
        10
        """
        state = as_element(initial_state)
        for element in self:
            state = as_element(reduce_func(state, element))
        return state

    def get_single_element(self, name: str | None = None) -> Any:
        """Return the only element. Raises a `ConfigurationError` if there is none, or more than one.

        Examples
        --------
        >>> Dataset.range(3).batch(3).get_single_element().tolist()
        [0, 1, 2]
        """
        found = list(self.take(2))
        if len(found) != 1:
            raise ConfigurationError("Dataset.get_single_element needs a data set with exactly one element.")
        return found[0]

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Iterate over the elements as plain NumPy arrays, nested as the elements are.

        Examples
        --------
        >>> [type(batch).__name__ for batch in Dataset.range(4).batch(2).as_numpy_iterator()]
        ['ndarray', 'ndarray']
        """
        return (mapped(lambda leaf: leaf.numpy(), element) for element in self)

    def cardinality(self, name: str | None = None) -> Tensor:
        """Return the number of elements, `INFINITE_CARDINALITY` (-1), or `UNKNOWN_CARDINALITY` (-2).

        Examples
        --------
        >>> numbers = Dataset.range(10)
        >>> int(numbers.cardinality()), int(numbers.repeat().cardinality()), int(numbers.filter(bool).cardinality())
        (10, -1, -2)
        """
        return tensor(self._cardinality, np.int64)

    @property
    def element_spec(self) -> Any:
        """The shapes and types of an element, nested as it is. The first one is made to find out."""
        for element in self._make():
            return mapped(lambda leaf: TensorSpec.of(leaf, self._batched), element)
        raise ConfigurationError("The Dataset has no elements, so it has no element_spec.")

    def __iter__(self) -> Iterator[Any]:
        return self._make()

    def __len__(self) -> int:
        if self._cardinality < 0:
            known = "has no end" if self._cardinality == INFINITE_CARDINALITY else "has an unknown number of elements"
            raise TypeError(f"The Dataset {known}, so it has no length.")
        return self._cardinality

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        known = {INFINITE_CARDINALITY: "without end", UNKNOWN_CARDINALITY: "of unknown length"}
        length = known.get(self._cardinality, f"of {self._cardinality:,}")
        return f"<Dataset {length}{', in batches' if self._batched else ''}>"

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
