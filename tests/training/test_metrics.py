"""Metrics have Keras' names and values."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from convoscope.errors import ConfigurationError, DataError, ShapeError, UnknownNameError
from convoscope.training import metrics


def test_every_metric_has_keras_value_over_two_updates(keras_values: dict[str, Any]) -> None:
    for case in keras_values["metrics"]:
        metric = getattr(metrics, case["class"])(**case["settings"])
        for part in (slice(0, 5), slice(5, None)):
            metric.update_state(np.array(case["y_true"])[part], np.array(case["y_pred"], np.float32)[part])
        assert metric.result() == pytest.approx(case["value"], rel=1e-6), f"{case['class']} {case['settings']}"


@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        ([[1], [0], [1]], [[0.9], [0.6], [0.2]], 1 / 3),  # one output: binary
        ([1, 0, 1], [[0.9], [0.6], [0.2]], 1 / 3),
        ([1, 0], [[0.1, 0.9], [0.3, 0.7]], 1 / 2),  # labels with an axis less: class numbers
        ([[1], [0]], [[0.1, 0.9], [0.3, 0.7]], 1 / 2),
        ([[0, 1], [1, 0]], [[0.1, 0.9], [0.3, 0.7]], 1 / 2),  # shaped as the predictions: one-hot
    ],
)
def test_accuracy_is_binary_sparse_or_categorical_as_the_shapes_tell(
    y_true: list[Any], y_pred: list[Any], expected: float
) -> None:
    assert metrics.Accuracy()(y_true, y_pred) == pytest.approx(expected)


def test_a_metric_keeps_the_name_that_was_asked_for() -> None:
    assert metrics.get("acc").name == "acc"
    assert metrics.get("accuracy").name == "accuracy"
    assert metrics.get(metrics.SparseCategoricalAccuracy).name == "sparse_categorical_accuracy"
    assert metrics.get(metrics.SparseCategoricalAccuracy(name="share")).name == "share"


def test_a_metric_forgets_when_it_is_reset_and_is_zero_before_the_first_sample() -> None:
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state([0], [[1.0, 0.0]])
    metric.reset_state()
    assert metric.result() == 0.0


def test_sample_weights_weigh_the_mean() -> None:
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state([0, 1], [[0.9, 0.1], [0.9, 0.1]], sample_weight=[3.0, 1.0])
    assert metric.result() == 0.75


def test_settings_survive_serialization() -> None:
    metric = metrics.get(metrics.serialize(metrics.SparseTopKCategoricalAccuracy(k=3, name="top3")))
    assert isinstance(metric, metrics.SparseTopKCategoricalAccuracy)
    assert (metric.k, metric.name) == (3, "top3")
    binary = metrics.get(metrics.serialize(metrics.BinaryAccuracy(threshold=0.3)))
    assert isinstance(binary, metrics.BinaryAccuracy)
    assert binary.threshold == 0.3


def test_a_metric_of_your_own_is_a_class_with_values() -> None:
    class Distance(metrics.Metric):
        default_name = "distance"
        higher_is_better = False

        def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
            return np.asarray(np.abs(y_true - y_pred.argmax(axis=-1)), np.float64)

    assert metrics.get(Distance)([0, 3], [[1, 0, 0], [0, 1, 0]]) == 1.0


def test_what_is_no_metric_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'accuracy'"):
        metrics.get("acuracy")
    with pytest.raises(ConfigurationError, match="derive from metrics"):
        metrics.get(lambda y_true, y_pred: 0.0)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="k must be at least 1"):
        metrics.TopKCategoricalAccuracy(k=0)
    with pytest.raises(ShapeError, match="without 'sparse'"):
        metrics.SparseCategoricalAccuracy()(np.eye(3), np.eye(3))


def test_a_confusion_matrix_counts_true_classes_in_rows() -> None:
    matrix = metrics.confusion_matrix([0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 0, 2], 4)
    assert matrix.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 2, 0], [0, 0, 0, 0]]
    with pytest.raises(DataError, match="from 0 to 1, but there is 2"):
        metrics.confusion_matrix([0, 2], [0, 1], 2)
    with pytest.raises(ShapeError, match="3 true labels and 2 predicted"):
        metrics.confusion_matrix([0, 1, 2], [0, 1])
