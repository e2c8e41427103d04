"""Where the elements of data sets come from."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from convoscope.data import making
from convoscope.data.elements import Elements, Make
from convoscope.data.options import UNKNOWN_CARDINALITY
from convoscope.data.spec import TensorSpec
from convoscope.data.structure import as_element, leaves, mapped, rows
from convoscope.errors import ConfigurationError, MissingFileError
from convoscope.tensors import tensor

if TYPE_CHECKING:
    from convoscope.data.dataset import Dataset


class Sources:
    """The functions of a `Dataset` that make one: of arrays, a generator, numbers, other data sets or files."""

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """Return the rows of arrays, one after the other; for a tuple or dict of arrays, tuples or dicts of rows.

        Examples
        --------
        >>> from convoscope.data import Dataset
        >>> images = Dataset.from_tensor_slices((np.zeros((3, 28, 28)), [7, 8, 9]))
        >>> len(images), [int(label) for _, label in images]
        (3, [7, 8, 9])
        """
        return _dataset(*slices(tensors))

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """Return a data set with one element: the arrays as they are.

        Examples
        --------
        >>> from convoscope.data import Dataset
        >>> [element.tolist() for element in Dataset.from_tensors([1, 2, 3])]
        [[1, 2, 3]]
        """
        element = as_element(tensors)
        return _dataset(lambda: iter([element]), 1)

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
        >>> from convoscope.data import Dataset, TensorSpec
        >>> def squares(count):
        ...     yield from (n * n for n in range(count))
        >>> [int(n) for n in Dataset.from_generator(squares, output_signature=TensorSpec((), np.int64), args=(4,))]
        [0, 1, 4, 9]
        """
        make = generated(generator, output_types, output_shapes, args, output_signature)
        return _dataset(make, UNKNOWN_CARDINALITY)

    @staticmethod
    def range(*args: Any, output_type: Any = np.int64, name: str | None = None) -> Dataset:
        """Return whole numbers: ``range(stop)``, ``range(start, stop)`` or ``range(start, stop, step)``.

        Examples
        --------
        >>> from convoscope.data import Dataset
        >>> [int(number) for number in Dataset.range(1, 10, 3)]
        [1, 4, 7]
        """
        numbers = range(*(int(number) for number in args))
        return _dataset(lambda: (tensor(number, output_type) for number in numbers), len(numbers))

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Return tuples or dicts of elements, nested as the data sets are, until the shortest data set ends.

        Examples
        --------
        >>> from convoscope.data import Dataset
        >>> [(int(a), int(b)) for a, b in Dataset.zip((Dataset.range(3), Dataset.range(10, 20)))]
        [(0, 10), (1, 11), (2, 12)]
        """
        structure = datasets if datasets is not None else args[0] if len(args) == 1 else args
        structure = tuple(structure) if isinstance(structure, list) else structure
        parts = list(leaves(structure))
        if not parts or not all(isinstance(part, Elements) for part in parts):
            raise ConfigurationError("Dataset.zip takes data sets, as in Dataset.zip((images, labels)).")
        return _dataset(lambda: making.side_by_side(structure, parts), making.least([p._cardinality for p in parts]))

    @staticmethod
    def list_files(
        file_pattern: Any, shuffle: bool | None = None, seed: int | None = None, name: str | None = None
    ) -> Dataset:
        """Return the files that match a pattern, or several patterns, in a random order unless `shuffle` is False.

        Examples
        --------
        >>> from convoscope.data import Dataset
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("b.png", "a.png", "notes.txt"):
        ...         open(f"{folder}/{name}", "wb").close()
        ...     len(Dataset.list_files(f"{folder}/*.png"))
        2
        """
        found = _dataset(*files(file_pattern))
        return found if shuffle is False else found.shuffle(max(1, len(found)), seed)


def _dataset(make: Make, cardinality: int) -> Dataset:
    from convoscope.data.dataset import Dataset

    return Dataset(make, cardinality)


def slices(tensors: Any) -> tuple[Make, int]:
    """Return what gives the rows of arrays, and how many there are."""
    whole = as_element(tuple(tensors) if _is_list_of_arrays(tensors) else tensors)
    count = rows(whole, "Dataset.from_tensor_slices")
    return lambda: (mapped(lambda leaf, at=at: leaf[at], whole) for at in range(count)), count


def generated(
    generator: Callable[..., Any], output_types: Any, output_shapes: Any, args: Any, output_signature: Any
) -> Make:
    """Return what gives the elements of a person's generator, of the types that were asked for."""
    if not callable(generator):
        raise ConfigurationError(
            "Dataset.from_generator takes a function that returns a generator, so that it can start again, but got a "
            f"{type(generator).__name__}. Write from_generator(lambda: ...), or give the function without parentheses."
        )
    signature = output_signature
    if signature is None and output_types is not None:
        types = tuple(output_types) if isinstance(output_types, list) else output_types
        signature = _with_shapes(types, output_shapes)
    given = tuple(args) if args is not None else ()

    def made() -> Iterator[Any]:
        for number, element in enumerate(generator(*given), 1):
            if signature is None:
                yield as_element(tuple(element) if isinstance(element, list) else element)
                continue
            where = f"Dataset.from_generator, element {number}"
            fitting = tuple(element) if isinstance(signature, tuple) else element
            yield mapped(lambda spec, leaf, where=where: tensor(spec.convert(leaf, where)), signature, fitting)

    return made


def files(file_pattern: Any) -> tuple[Make, int]:
    """Return what gives the files that match patterns, and how many there are."""
    patterns = [file_pattern] if isinstance(file_pattern, (str, os.PathLike)) else list(np.asarray(file_pattern).flat)
    found = sorted({path for pattern in patterns for path in glob.glob(os.fspath(str(pattern)))})
    if not found:
        raise MissingFileError(f"Dataset.list_files: no file matches {', '.join(map(str, patterns)) or 'nothing'}.")
    return lambda: (tensor(path) for path in found), len(found)


def _with_shapes(types: Any, shapes: Any) -> Any:
    """Return specs of types and shapes, where a shape is a tuple itself."""
    if isinstance(types, dict):
        return {key: _with_shapes(types[key], None if shapes is None else shapes[key]) for key in types}
    if isinstance(types, tuple):
        each = shapes if shapes is not None else [None] * len(types)
        return tuple(_with_shapes(dtype, shape) for dtype, shape in zip(types, each, strict=True))
    return TensorSpec(None if shapes is None else tuple(shapes), types)


def _is_list_of_arrays(given: Any) -> bool:
    """Whether something is a list of arrays of different shapes, which make no array together."""
    if not isinstance(given, list) or not given or not all(hasattr(each, "shape") for each in given):
        return False
    return len({each.shape for each in given}) > 1
