"""PyDataset by itself; what `fit` makes of one is tested with `fit`."""

from __future__ import annotations

import itertools

import pytest

from convoscope.training.data.py_dataset import PyDataset


class Counting(PyDataset):
    """Gives the index of each batch; forgets ``super().__init__``, as many programs do."""

    def __init__(self, batches: int) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> int:
        return index


class Endless(PyDataset):
    @property
    def num_batches(self) -> None:
        return None

    def __getitem__(self, index: int) -> int:
        return index


def test_iterating_ends_with_the_length() -> None:
    assert list(Counting(3)) == [0, 1, 2]
    assert Counting(3).num_batches == 3


def test_without_an_end_it_goes_on() -> None:
    assert list(itertools.islice(Endless(), 4)) == [0, 1, 2, 3]


def test_settings_are_kept_and_have_keras_defaults() -> None:
    made = Endless(workers=4, use_multiprocessing=True, max_queue_size=3)
    assert (made.workers, made.use_multiprocessing, made.max_queue_size) == (4, True, 3)
    forgot = Counting(1)
    assert (forgot.workers, forgot.use_multiprocessing, forgot.max_queue_size) == (1, False, 10)
    forgot.workers = 2
    assert (forgot.workers, Counting(1).workers) == (2, 1)


def test_what_is_missing_is_named() -> None:
    class Nothing(PyDataset):
        pass

    with pytest.raises(NotImplementedError, match="Nothing has no __getitem__"):
        Nothing()[0]
    with pytest.raises(NotImplementedError, match="Nothing does not define its number of batches"):
        _ = Nothing().num_batches
