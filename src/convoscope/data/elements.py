"""The elements of a data set: how many there are, how they are read, and what they all come to."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convoscope.data.options import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
from convoscope.data.spec import TensorSpec
from convoscope.data.structure import as_element, mapped
from convoscope.errors import ConfigurationError
from convoscope.tensors import Tensor, tensor

Make = Callable[[], Iterator[Any]]


class Elements:
    """Elements that are made whenever they are asked for.

    Parameters
    ----------
    make : callable
        Returns a new iterator over them.
    cardinality : int
        How many there are, or `INFINITE_CARDINALITY` or `UNKNOWN_CARDINALITY`.
    batched : bool
        Whether the first axis of each may differ from one to the next.
    """

    def __init__(self, make: Make, cardinality: int, *, batched: bool = False) -> None:
        self._make, self._cardinality, self._batched = make, cardinality, batched

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any], name: str | None = None) -> Any:
        """Combine all elements: ``state = reduce_func(state, element)`` for each, beginning with `initial_state`.

        Examples
        --------
        >>> from convoscope.data import Dataset
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
        >>> from convoscope.data import Dataset
        >>> Dataset.range(3).batch(3).get_single_element().tolist()
        [0, 1, 2]
        """
        found = list(itertools.islice(self, 2))
        if len(found) != 1:
            raise ConfigurationError("Dataset.get_single_element needs a data set with exactly one element.")
        return found[0]

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Iterate over the elements as plain NumPy arrays, nested as the elements are.

        Examples
        --------
        >>> from convoscope.data import Dataset
        >>> [type(batch).__name__ for batch in Dataset.range(4).batch(2).as_numpy_iterator()]
        ['ndarray', 'ndarray']
        """
        return (mapped(lambda leaf: leaf.numpy(), element) for element in self)

    def cardinality(self, name: str | None = None) -> Tensor:
        """Return the number of elements, `INFINITE_CARDINALITY` (-1), or `UNKNOWN_CARDINALITY` (-2).

        Examples
        --------
        >>> from convoscope.data import Dataset
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
