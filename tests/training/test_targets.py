"""Labels are brought into the form that the loss takes, or refused with what mends them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, ConvoscopeError, DataError, ShapeError
from convoscope.training import losses
from convoscope.training.data import check_targets, sample_weights

SPARSE = losses.SparseCategoricalCrossentropy()
DENSE = losses.CategoricalCrossentropy()
BINARY = losses.BinaryCrossentropy()
SQUARED = losses.MeanSquaredError()


@pytest.mark.parametrize(
    "y",
    [
        np.array([2, 0, 1]),
        np.array([2, 0, 1], np.uint8),
        np.array([[2], [0], [1]]),
        np.array([2.0, 0.0, 1.0]),
        [2, 0, 1],
    ],
)
def test_class_numbers_are_taken_in_every_form(y: Any) -> None:
    taken = check_targets(y, 3, (3,), SPARSE)
    assert taken.dtype == np.int32
    assert taken.tolist() == [2, 0, 1]


def test_truth_values_are_labels_of_two_classes() -> None:
    assert check_targets([True, False], 2, (1,), BINARY).tolist() == [[1.0], [0.0]]
    assert check_targets([True, False], 2, (2,), SPARSE).tolist() == [1, 0]


def test_labels_shaped_as_the_outputs_become_float32() -> None:
    taken = check_targets(np.eye(3, dtype=int), 3, (3,), DENSE)
    assert taken.dtype == np.float32
    assert check_targets([[0.5], [7.0]], 2, (1,), SQUARED).tolist() == [[0.5], [7.0]]
    assert check_targets([0.5, 7.0], 2, (1,), SQUARED).shape == (2, 1)


def test_maps_of_class_numbers_are_taken() -> None:
    y = np.zeros((2, 4, 4, 1), int)
    assert check_targets(y, 2, (4, 4, 3), SPARSE).shape == (2, 4, 4)


@pytest.mark.parametrize(
    ("y", "outputs", "loss", "message"),
    [
        ([0, 1, 2, 10], 10, SPARSE, r"label 10 at y\[3\] is out of range: the model has 10 classes.*0 to 9"),
        ([1, 2, 3, 3], 3, SPARSE, "seem to start at 1: use y - 1"),
        ([0, -1, 2, 1], 3, SPARSE, r"label -1 at y\[1\].*return_inverse"),
        ([0, 1, 2, 12], 10, SPARSE, "Give the last layer 13 units"),
        (np.eye(4), 4, SPARSE, r"one-hot labels.*loss='categorical_crossentropy'.*argmax"),
        ([0, 1, 2, 3], 4, DENSE, r"as class numbers have.*sparse_categorical_crossentropy.*to_categorical\(y, 4\)"),
        ([[0], [1], [2], [3]], 4, DENSE, "as class numbers have"),
        ([0, 1, 0, 1], 2, BINARY, "as class numbers have"),
        ([0.0, 0.5, 1.0, 1.0], 3, SPARSE, r"y\[1\] is 0.5.*mean_squared_error"),
        ([0.0, np.nan, 1.0, 1.0], 3, SPARSE, "first in sample 1"),
        ([0, 1, 2, 1], 1, BINARY, r"values from 0 to 1, but y\[2\] contains 2.*softmax"),
        (-np.eye(4), 4, DENSE, "values from 0 to 1"),
        (None, 3, SPARSE, "y is missing"),
        (["cat", "dog", "cat", "cow"], 3, SPARSE, "y must contain numbers"),
    ],
)
def test_labels_that_cannot_be_meant_are_refused(y: Any, outputs: int, loss: losses.Loss, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_targets(y, 4, (outputs,), loss)


@pytest.mark.parametrize(
    ("y", "outputs", "loss", "message"),
    [
        ([0, 1, 2], 3, SPARSE, "x has 4 samples and y has 3 labels"),
        (1, 3, SPARSE, "y has one value"),
        (np.zeros((4, 9)), 10, DENSE, "has 10 units and the labels have 9 columns"),
        (np.zeros((4, 2)), 3, SPARSE, r"y of shape \(4,\)"),
        (np.zeros((4, 3)), 1, SQUARED, "1 units and the labels have 3 columns"),
        (
            np.zeros((4, 2, 2)),
            3,
            SQUARED,
            r"the model's outputs, \(4, 3\).*one output for each value",
        ),
    ],
)
def test_labels_of_a_wrong_shape_are_refused(y: Any, outputs: int, loss: losses.Loss, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        check_targets(y, 4, (outputs,), loss)


def test_class_weights_go_by_the_label_in_whatever_form() -> None:
    table = {0: 2.0, 2: 0.5}
    expected = [2.0, 1.0, 0.5, 2.0]
    labels = [0, 1, 2, 0]
    for y, loss in ((labels, SPARSE), (np.eye(3)[labels], DENSE)):
        taken = check_targets(y, 4, (3,), loss)
        weights = sample_weights(taken, (3,), table)
        assert weights is not None
        assert weights.dtype == np.float32
        assert weights.tolist() == expected
    binary = sample_weights(check_targets([0, 1], 2, (1,), BINARY), (1,), {1: 3.0})
    assert binary is not None
    assert binary.tolist() == [1.0, 3.0]


def test_automatic_class_weights_let_all_classes_count_the_same_and_average_to_one() -> None:
    y = np.repeat([0, 1, 3], [10, 5, 1]).astype(np.int32)  # class 2 does not occur
    weights = sample_weights(y, (4,), "auto")
    assert weights is not None
    assert weights.mean() == pytest.approx(1.0)
    sums = [float(weights[y == label].sum()) for label in (0, 1, 3)]
    assert sums == pytest.approx([16 / 3] * 3)


def test_class_and_sample_weights_are_multiplied() -> None:
    y = np.array([0, 1], np.int32)
    weights = sample_weights(y, (2,), {1: 3.0}, [[0.5], [2.0]])
    assert weights is not None
    assert weights.tolist() == [0.5, 6.0]
    assert sample_weights(y, (2,)) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_weight": {7: 1.0}}, "names class 7.*0 to 2"),
        ({"class_weight": {0: -1.0}}, "not negative"),
        ({"class_weight": {0: "much"}}, "must be a number"),
        ({"class_weight": "balanced"}, "'auto' or None"),
        ({"class_weight": [1.0, 2.0, 3.0]}, "must be a dict"),
        ({"sample_weight": [1.0]}, r"must have the shape \(2,\)"),
        ({"sample_weight": [1.0, -1.0]}, r"sample_weight\[1\] is -1"),
        ({"sample_weight": [np.nan, 1.0]}, r"sample_weight\[0\] is nan"),
    ],
)
def test_weights_that_cannot_be_meant_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConvoscopeError, match=message):
        sample_weights(np.array([0, 1], np.int32), (3,), **options)


def test_class_weights_need_one_label_for_each_sample() -> None:
    with pytest.raises(ConfigurationError, match="Use sample_weight"):
        sample_weights(np.zeros((2, 4, 4), np.int32), (4, 4, 3), {0: 1.0})
    with pytest.raises(ConfigurationError, match="labels that are classes"):
        sample_weights(np.array([[0.0], [5.0]], np.float32), (1,), {0: 1.0})
