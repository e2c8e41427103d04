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
    "padded_batch": "bring the elements to one shape with map, and then batch",
    "ragged_batch": "bring the elements to one shape with map, and then batch",
    "window": "batch elements, and cut the batches in a map",
    "group_by_window": "sort the elements before they become a Dataset",
    "bucket_by_sequence_length": "sort the elements before they become a Dataset",
    "sample_from_datasets": "choose in a generator, for Dataset.from_generator",
    "choose_from_datasets": "choose in a generator, for Dataset.from_generator",
    "rejection_resample": "give class weights to fit",
    "scan": "keep the state in a generator, for Dataset.from_generator",
    "save": "save the arrays with np.savez",
    "load": "load arrays with np.load, for Dataset.from_tensor_slices",
    "snapshot": "cache() keeps what was made in memory",
    "unique": "np.unique before the elements become a Dataset",
    "random": "a generator of random numbers, for Dataset.from_generator",
    "sparse_batch": "batch",
    "rebatch": "unbatch, and then batch",
    "fingerprint": "hash the arrays",
}


class Dataset:
    """Elements one after the other: arrays, or tuples and dicts of arrays, as ``tf.data.Dataset`` has them.

    Make one from arrays (`from_tensor_slices`), from a generator (`from_generator`) or from a folder of images
    (`convoscope.utils.image_dataset_from_directory`). Each method returns a new data set, and nothing is computed
    before somebody iterates. Elements are NumPy arrays that answer ``.numpy()`` too; `fit`, `evaluate` and `predict`
    take data sets of batches ``(x, y)``.

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
        """Give the rows of arrays one after the other: of a tuple or dict of arrays, tuples or dicts of rows."""
        return Dataset(*sources.slices(tensors))

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """Give one element: the arrays as they are."""
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
        """Give what a function's iterator gives. The function is called for every iteration.

        Parameters
        ----------
        generator : callable
            Returns something that can be iterated over; a generator function, for instance.
        output_types, output_shapes, output_signature : optional
            The types and shapes that elements are converted to and checked against, nested as the elements are.
        args : tuple, optional
            What the function is called with.
        """
        make = sources.generated(generator, output_types, output_shapes, args, output_signature)
        return Dataset(make, UNKNOWN_CARDINALITY)

    @staticmethod
    def range(*args: Any, output_type: Any = np.int64, name: str | None = None) -> Dataset:
        """Give whole numbers: ``range(stop)``, ``range(start, stop)`` or ``range(start, stop, step)``."""
        numbers = range(*(int(number) for number in args))
        return Dataset(lambda: (tensor(number, output_type) for number in numbers), len(numbers))

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Give elements of several data sets side by side, nested as the data sets are, until the shortest ends."""
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
        """Give the files that match a pattern, or several, in an order of their own unless `shuffle` is False."""
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
        """Put what a function makes of each element in its place.

        Parameters
        ----------
        map_func : callable
            Is called with the element; with the parts of a tuple as arguments of their own. Layers and models are
            callable too.
        num_parallel_calls : int, optional
            In how many threads; `AUTOTUNE` takes as many as there are processors. Order stays as it is.
        """
        workers = making.workers(num_parallel_calls)

        def call(element: Any) -> Any:
            made = map_func(*element) if isinstance(element, tuple) else map_func(element)
            return as_element(made)

        return self._with(lambda: making.ordered_map(call, self._make, workers), self._cardinality)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """Leave out the elements of which a function says False."""

        def keeps(element: Any) -> bool:
            return bool(predicate(*element) if isinstance(element, tuple) else predicate(element))

        return self._with(lambda: filter(keeps, self._make()), UNKNOWN_CARDINALITY)

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Put a number in front of each element: ``(number, element)``."""
        pairs = lambda: ((tensor(n, np.int64), each) for n, each in enumerate(self._make(), start))  # noqa: E731
        return Dataset(pairs, self._cardinality)

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> Dataset:
        """Put the elements of the data set that a function makes of each element in its place, one after the other."""
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
        """Do the same with `cycle_length` of those data sets at a time, `block_length` elements of each in turn."""
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
        """Join so many elements into one, with an axis in front. `drop_remainder` leaves out a last one with fewer."""
        size = integer(batch_size, "batch_size", "Dataset.batch")
        count = making.batches_of(self._cardinality, size, drop_remainder)
        return Dataset(lambda: making.batches(self._make(), size, drop_remainder), count, batched=not drop_remainder)

    def unbatch(self, name: str | None = None) -> Dataset:
        """Give the rows of each element as elements of their own."""
        return Dataset(lambda: making.unbatched(self._make()), UNKNOWN_CARDINALITY)

    # ---- order and number

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Give the elements in another order: each is drawn from a buffer of the next `buffer_size` elements.

        Parameters
        ----------
        buffer_size : int
            As large as the data set for an order in which every one is as likely as any other.
        seed : int, optional
            The orders follow from it; of `convoscope.utils.set_random_seed`, if left out.
        reshuffle_each_iteration : bool
            Whether each iteration has an order of its own; True if left out.
        """
        size = integer(buffer_size, "buffer_size", "Dataset.shuffle")
        shuffling = Shuffling(size, seed, reshuffle_each_iteration is not False)
        return self._with(lambda: shuffling.shuffled(self._make()), self._cardinality)

    def take(self, count: int, name: str | None = None) -> Dataset:
        """Give the first `count` elements; all of them for -1."""
        wanted = int(count)
        if wanted < 0:
            return self
        return self._with(lambda: making.taken(self._make, wanted), making.least([self._cardinality, wanted]))

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """Leave out the first `count` elements; all of them for -1."""
        return self._with(lambda: making.skipped(self._make, int(count)), making.less(self._cardinality, int(count)))

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """Begin again when the elements are over, so many times in all; without end for None or -1."""
        times = None if count is None or int(count) < 0 else int(count)
        return self._with(lambda: making.repeated(self._make, times), making.times(self._cardinality, times))

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """Give the elements of another data set after those of this one."""
        both = [self._cardinality, dataset._cardinality]
        return self._with(lambda: making.one_after_the_other([self._make, dataset._make]), making.total(both))

    def shard(self, num_shards: int, index: int, name: str | None = None) -> Dataset:
        """Give every `num_shards`-th element, from the one at `index` on."""
        shards = integer(num_shards, "num_shards", "Dataset.shard")
        first = integer(index, "index", "Dataset.shard", minimum=0, maximum=shards - 1)
        count = -(-(self._cardinality - first) // shards) if self._cardinality >= 0 else self._cardinality
        return self._with(lambda: making.every(self._make(), shards, first), max(count, 0) if count >= 0 else count)

    # ---- speed

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """Keep the elements in memory when they have all been made once, and give those in later iterations."""
        if filename:
            raise ConfigurationError(
                f"Dataset.cache keeps elements in memory, and in no file such as {str(filename)!r}. Write cache(); for "
                "more images than the memory holds leave it out."
            )
        return self._with(making.Cache(self._make).elements, self._cardinality)

    def prefetch(self, buffer_size: int, name: str | None = None) -> Dataset:
        """Make the next `buffer_size` elements in a thread while others are used. `fit` does so in any case."""
        room = making.AUTOMATIC_ROOM if int(buffer_size) < 0 else int(buffer_size)
        made = self._with(lambda: making.prefetched(self._make, room), self._cardinality) if room else self
        made.share = self.share  # which `fit` makes ahead in any case
        return made

    def with_options(self, options: Any, name: str | None = None) -> Dataset:
        """Return the data set: options change how fast elements are made, and the engine settles that here."""
        return self

    def options(self) -> Options:
        """Return options, of which none is set."""
        return Options()

    # ---- as a whole

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """Return what a function makes of the data set."""
        return transformation_func(self)

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any], name: str | None = None) -> Any:
        """Return what is left when a function has joined each element to the state that came of those before."""
        state = as_element(initial_state)
        for element in self:
            state = as_element(reduce_func(state, element))
        return state

    def get_single_element(self, name: str | None = None) -> Any:
        """Return the only element."""
        found = list(self.take(2))
        if len(found) != 1:
            raise ConfigurationError("Dataset.get_single_element is for a data set of one element.")
        return found[0]

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Give the elements as plain NumPy arrays, nested as they are."""
        return (mapped(lambda leaf: leaf.numpy(), element) for element in self)

    def cardinality(self, name: str | None = None) -> Tensor:
        """Return how many elements there are, `INFINITE_CARDINALITY` (-1), or `UNKNOWN_CARDINALITY` (-2)."""
        return tensor(self._cardinality, np.int64)

    @property
    def element_spec(self) -> Any:
        """The shapes and types of an element, nested as it is. The first one is made to find out."""
        for element in self._make():
            return mapped(lambda leaf: TensorSpec.of(leaf, self._batched), element)
        raise ConfigurationError("The Dataset has no elements, so there is nothing to tell element_spec from.")

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
            raise AttributeError(f"Dataset has no {name}. In its place, {_ELSEWHERE[name]}.")
        if name in ("class_names", "file_paths"):
            raise AttributeError(
                f"{name} belongs to the data set that image_dataset_from_directory returned: take it from there, "
                "before map, take or batch make another."
            )
        raise AttributeError(f"Dataset has no attribute {name!r}.")

    def _with(self, make: Make, cardinality: int) -> Dataset:
        """Return a data set whose elements are shaped as those of this one."""
        return Dataset(make, cardinality, batched=self._batched)
