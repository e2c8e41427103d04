"""Splitting, packing, and the names in ``convoscope.utils``."""

from __future__ import annotations

import numpy as np
import pytest

from convoscope import preprocessing, utils
from convoscope.errors import ConfigurationError, DataError, ShapeError
from convoscope.training.data.py_dataset import PyDataset
from convoscope.utils import pack_x_y_sample_weight, split_dataset, unpack_x_y_sample_weight

X, Y = np.arange(23) * 2, np.arange(23)


@pytest.mark.parametrize(
    ("sizes", "counts"),
    [
        ({"left_size": 0.3}, (7, 16)),
        ({"right_size": 0.3}, (16, 7)),
        ({"left_size": 5}, (5, 18)),
        ({"left_size": 5, "right_size": 0.2}, (5, 5)),
    ],
)
def test_halves_are_as_large_as_those_of_keras(sizes: dict[str, float], counts: tuple[int, int]) -> None:
    (x_left, y_left), (x_right, y_right) = split_dataset((X, Y), **sizes)
    assert (len(y_left), len(y_right)) == counts
    assert y_left.tolist() == list(range(counts[0]))
    assert y_right.tolist() == list(range(23 - counts[1], 23))
    assert (x_left == 2 * y_left).all()
    assert (x_right == 2 * y_right).all()


def test_a_seed_gives_the_order_that_keras_gives() -> None:
    # keras.utils.split_dataset(np.arange(8), left_size=5, shuffle=True, seed=3), Keras 3.15.1
    left, right = split_dataset(np.arange(8), left_size=5, shuffle=True, seed=3)
    assert (left.tolist(), right.tolist()) == ([0, 5, 7, 2, 1], [6, 4, 3])
    assert [type(half) for half in split_dataset([X, Y], 0.5)] == [list, list]


class Elements:
    """A data set that takes, skips and shuffles, as `convoscope.data` has them."""

    def __init__(self, elements: list[int]) -> None:
        self.elements = elements

    def __len__(self) -> int:
        return len(self.elements)

    def take(self, count: int) -> list[int]:
        return self.elements[:count]

    def skip(self, count: int) -> list[int]:
        return self.elements[count:]

    def shuffle(self, size: int, seed: int, reshuffle_each_iteration: bool) -> Elements:
        assert (size, seed, reshuffle_each_iteration) == (4, 7, False)
        return Elements(self.elements[::-1])


def test_a_data_set_is_split_by_its_elements() -> None:
    assert split_dataset(Elements([1, 2, 3, 4]), left_size=0.25) == ([1], [2, 3, 4])
    assert split_dataset(Elements([1, 2, 3, 4]), right_size=1, shuffle=True, seed=7) == ([4, 3, 2], [1])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({}, "needs left_size or right_size"),
        (
            {"left_size": 1.5},
            r"left_size must be a fraction between 0 and 1 or a number of samples below 23, but is 1\.5",
        ),
        ({"right_size": 23}, "but is 23"),
        ({"left_size": 0.7, "right_size": 0.7}, "parts of 16 and 16 samples, which is not possible with 23"),
        ({"left_size": 0.01}, "parts of 0 and 23"),
    ],
)
def test_sizes_that_cannot_be_meant_are_named(sizes: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        split_dataset(X, **sizes)


def test_data_that_cannot_be_split_is_described() -> None:
    with pytest.raises(ShapeError, match=r"they have \[3, 23\] entries"):
        split_dataset((X, Y[:3]), 0.5)

    class Endless:
        take = skip = None

    with pytest.raises(DataError, match="without a length"):
        split_dataset(Endless(), 0.5)


def test_packing_and_unpacking_undo_each_other() -> None:
    for parts in ((1, 2, 3), (1, 2, None), (1, None, None), ([1, 2], None, None)):
        assert unpack_x_y_sample_weight(pack_x_y_sample_weight(*parts)) == parts
    with pytest.raises(DataError, match="has 4 parts"):
        unpack_x_y_sample_weight((1, 2, 3, 4))


def test_names_of_keras_are_the_same_objects() -> None:
    assert utils.Sequence is utils.PyDataset is PyDataset
    assert utils.load_img is preprocessing.image.load_img
    assert set(utils.__all__) == set(dir(utils))
    for name in utils.__all__:
        assert callable(getattr(utils, name))


def test_an_unknown_name_lists_those_that_are_there() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'nothing'; it has .*get_file"):
        utils.nothing  # noqa: B018
