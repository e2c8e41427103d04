"""Images are taken as they are, or refused with what brings them into shape."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.errors import DataError, ShapeError
from convoscope.training.data import check_inputs, first_bad_sample


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_arrays_that_engines_take_are_not_copied(dtype: type) -> None:
    x: np.ndarray = np.zeros((5, 4, 4, 1), dtype)
    assert check_inputs(x, (4, 4, 1), "fit") is x


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint16, np.float16, np.longdouble])
def test_other_numbers_become_float32_with_their_values(dtype: type) -> None:
    x: np.ndarray = np.arange(16).reshape(1, 4, 4, 1).astype(dtype)
    taken = check_inputs(x, (4, 4, 1), "fit")
    assert taken.dtype == np.float32
    assert taken.reshape(-1).tolist() == list(range(16))


def test_lists_truth_values_another_byte_order_and_slices_are_brought_into_form() -> None:
    x = np.arange(32, dtype=np.float32).reshape(2, 4, 4)
    assert check_inputs(x.tolist(), (4, 4), "fit").tolist() == x.tolist()
    assert check_inputs(x > 3, (4, 4), "fit").dtype == np.uint8
    for other in (x.astype(">f4"), np.asfortranarray(x), x[:, ::-1][:, ::-1]):
        taken = check_inputs(other, (4, 4), "fit")
        assert taken.flags.c_contiguous
        assert taken.dtype.isnative
        assert taken.tolist() == x.tolist()


@pytest.mark.parametrize(
    ("shape", "wanted", "remedy"),
    [
        ((28, 28, 1), (28, 28, 1), r"without the batch axis: x\[np.newaxis\]"),
        ((28, 28), (28, 28, 1), "without batch and channel axes"),
        ((9, 784), (28, 28, 1), r"x.reshape\(-1, 28, 28, 1\) gives"),
        ((9, 28, 28), (784,), r"x.reshape\(-1, 784\) gives the right shape, or start the model with a Flatten"),
        ((9, 3, 32, 32), (32, 32, 3), r"channels come first.*transpose\(0, 2, 3, 1\)"),
        ((9, 32, 32, 1), (28, 28, 1), r"32 × 32 pixels, not 28 × 28.*input_shape=\(32, 32, 1\)"),
        ((9, 32, 32), (28, 28, 1), r"32 × 32 pixels, not 28 × 28.*input_shape=\(32, 32, 1\)"),
        ((9, 28, 28, 3), (28, 28, 1), "3 channels, not 1"),
        ((9,), (28, 28, 1), "Reshape the data"),
        ((), (28, 28, 1), "Reshape the data"),
    ],
)
def test_a_wrong_shape_is_answered_with_what_mends_it(shape: tuple[int, ...], wanted: Any, remedy: str) -> None:
    with pytest.raises(ShapeError, match=remedy) as caught:
        check_inputs(np.zeros(shape), wanted, "evaluate")
    assert str(wanted) in str(caught.value)
    assert str(shape) in str(caught.value)
    assert "evaluate" in str(caught.value)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((0, 4, 4, 1)), "x is empty"),
        (None, "x is missing"),
        (np.array(["cat", "dog"]), "must contain numbers, but its dtype is <U3"),
        (np.array([None, 1]), "dtype is object"),
        (np.zeros((2, 4, 4, 1), complex), "dtype is complex128"),
        ([[1, 2], [3]], "its parts differ in shape"),
    ],
)
def test_what_is_no_batch_of_images_is_refused(x: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_inputs(x, (4, 4, 1), "fit")


@pytest.mark.parametrize(("value", "name"), [(np.nan, "NaN"), (np.inf, "an infinite value"), (-np.inf, "infinite")])
def test_a_value_that_is_no_number_is_refused_with_its_place(value: float, name: str) -> None:
    x = np.zeros((900, 20, 20, 1), np.float32)  # more than one block
    x[700, 3, 3, 0] = value
    x[800] = np.nan
    with pytest.raises(DataError, match=f"{name}.*first in sample 700 of 900"):
        check_inputs(x, (20, 20, 1), "fit")


def test_large_numbers_whose_sum_overflows_are_taken() -> None:
    assert first_bad_sample(np.full((4, 10), 3e38, np.float32)) is None
    x = np.full((4, 10), 3e38, np.float32)
    x[2, 5] = np.nan
    assert first_bad_sample(x) == 2


def test_looking_for_bad_values_takes_no_memory_of_the_data_sets_size() -> None:
    x = np.zeros((2000, 40, 40, 1), np.float64)  # 25 MB
    tracemalloc.start()
    check_inputs(x, (40, 40, 1), "fit")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e6


@pytest.mark.parametrize("value", [1e39, -1e300, np.longdouble("1e4000")])
def test_numbers_that_float32_cannot_hold_are_refused(value: Any) -> None:
    """NumPy makes infinities of them, and a network NaN of those."""
    with np.errstate(over="ignore"):
        assert np.isinf(np.float32(value))
    x = np.zeros((3, 2), np.result_type(value, np.float64))
    x[2, 1] = value
    with pytest.raises(DataError, match="in sample 2 of 3"):
        check_inputs(x, (2,), "predict")
    many = np.zeros((20_000, 2), x.dtype)  # the other way round: block by block
    many[10_000, 0] = value
    with pytest.raises(DataError, match="in sample 10000 of"):
        check_inputs(many, (2,), "predict")
    largest = float(np.finfo(np.float32).max)
    assert check_inputs(np.array([[largest, -largest]]), (2,), "predict").tolist() == [[largest, -largest]]


def test_what_lies_under_a_mask_is_not_taken_for_data() -> None:
    x = np.ma.masked_array(np.ones((3, 2), np.float32), mask=False)
    assert check_inputs(x, (2,), "fit").tolist() == [[1, 1]] * 3
    x[1, 0] = np.ma.masked
    with pytest.raises(DataError, match=r"1 masked values.*x\.filled"):
        check_inputs(x, (2,), "fit")


@pytest.mark.parametrize("x", [(np.zeros(2) for _ in range(3)), {"x": np.zeros((3, 2))}, lambda: 3])
def test_what_is_no_array_is_named_as_what_it_is(x: Any) -> None:
    with pytest.raises(DataError, match=f"is a {type(x).__name__}. Pass something that yields batches .* alone"):
        check_inputs(x, (2,), "fit")


@pytest.mark.parametrize("x", [{"x": np.zeros((3, 2))}, lambda: 3])
def test_a_model_without_shapes_names_what_it_cannot_be_built_for(x: Any) -> None:
    with pytest.raises(DataError, match=f"is a {type(x).__name__}. Pass something that yields batches .* alone"):
        cs.Sequential([cs.layers.Dense(2)]).predict(x)
