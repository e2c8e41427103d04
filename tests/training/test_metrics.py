"""Metrics have Keras' names and values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from convoscope.errors import ConfigurationError, DataError, ShapeError, UnknownNameError
from convoscope.training import losses, metrics


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
    assert metrics.get("accuracy")(y_true, y_pred) == pytest.approx(expected)


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
        metrics.get(3)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"'MeanIoU' needs arguments.*metrics.MeanIoU\(...\)"):
        metrics.get("MeanIoU")
    with pytest.raises(ConfigurationError, match="thresholds must be from 0 to 1"):
        metrics.Precision(thresholds=[0.5, 2])
    with pytest.raises(ShapeError, match="class_id=3 needs"):
        metrics.Recall(class_id=3)(np.eye(3), np.eye(3))
    with pytest.raises(ShapeError, match="to_categorical"):
        metrics.F1Score()([0, 1, 2], np.eye(3))
    with pytest.raises(ShapeError, match="sparse_y_pred=False"):
        metrics.MeanIoU(3)([0, 1, 2], np.eye(3))
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


# ---- names, functions, means


def test_metrics_without_a_name_are_numbered_over_the_process() -> None:
    metrics.reset_names()
    assert [metrics.AUC().name, metrics.AUC().name, metrics.Recall().name] == ["auc", "auc_1", "recall"]
    assert metrics.get("AUC").name == "AUC"
    assert metrics.AUC(name="area").name == "area"
    metrics.reset_names()
    assert metrics.AUC().name == "auc"


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("mse", metrics.MeanSquaredError),
        ("MAE", metrics.MeanAbsoluteError),
        ("true_positives", metrics.TruePositives),
        ("f1_score", metrics.F1Score),
        ("F1Score", metrics.F1Score),
        ("BinaryAccuracy", metrics.BinaryAccuracy),
        (metrics.Precision, metrics.Precision),
    ],
)
def test_a_metric_is_found_by_every_name_of_keras(identifier: Any, kind: type[metrics.Metric]) -> None:
    assert type(metrics.get(identifier)) is kind


def test_our_functions_are_metrics_under_their_names() -> None:
    metric = metrics.get(metrics.binary_accuracy)
    metric.update_state([[1.0, 0.0], [1.0, 1.0]], [[0.6, 0.6], [0.1, 0.2]])
    assert (metric.name, metric.result()) == ("binary_accuracy", 0.25)
    again = metrics.get(metrics.serialize(metrics.get(metrics.mse)))
    assert (again.name, again([[1.0]], [[3.0]])) == ("mean_squared_error", 4.0)
    assert metrics.get(metrics.mse).higher_is_better is False


def largest_error(y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Any:
    return np.abs(y_true - y_pred).max()


def test_a_function_of_your_own_is_a_metric_and_its_one_value_is_averaged_over_batches() -> None:
    metric = metrics.get(largest_error)
    metric.update_state([[0.0], [0.0]], [[1.0], [3.0]])
    metric.update_state([[0.0]], [[1.0]])
    assert (metric.name, metric.result(), metric.higher_is_better) == ("largest_error", 2.0, None)
    with pytest.raises(ConfigurationError, match=r"custom_objects=\{'largest_error': largest_error\}"):
        metrics.deserialize(metrics.serialize(metric))
    again = metrics.deserialize(metrics.serialize(metric), {"largest_error": largest_error})
    assert again([[0.0]], [[5.0]]) == 5.0
    with pytest.raises(ShapeError, match="one for each of 2 samples, but its shape is"):
        metrics.get(lambda y_true, y_pred: np.zeros(3))([0, 1], [0, 1])


@pytest.mark.parametrize("size", [3, 8, 100])
def test_what_depends_on_batches_sees_those_of_training(size: int, new_model: Any, images: Any) -> None:
    seen: list[int] = []

    def counted(y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> float:
        seen.append(len(y_true))
        return len(y_true)

    model = new_model(metrics=[counted])
    batches = [len(images[1][i : i + size]) for i in range(0, len(images[1]), size)]
    found = model.fit(*images, batch_size=size, verbose=0).history["counted"]
    assert (seen, found) == (batches, [pytest.approx(np.mean(batches))])
    seen.clear()
    model.evaluate(*images, batch_size=size, verbose=0)
    assert seen == batches


def test_means_and_sums_take_values_and_weights() -> None:
    mean, total = metrics.Mean(), metrics.Sum()
    for values, weights in (([1.0, 3.0], None), (5.0, None), ([2.0, 4.0], [0.0, 3.0])):
        mean.update_state(values, weights)
        total.update_state(values, weights)
    assert mean.result() == (1 + 3 + 5 + 12) / 6
    assert total.result() == 1 + 3 + 5 + 12
    assert mean.result().numpy() == mean.result()
    mean.reset_state()
    assert mean([[1.0, 2.0], [3.0, 4.0]]) == 2.5


def test_accuracy_in_words_and_as_a_class_stay_what_they_are_in_files() -> None:
    in_words, exact = metrics.get("accuracy"), metrics.Accuracy()
    described = metrics.serialize(in_words)
    assert described == {"class_name": "Accuracy", "config": {"name": "accuracy"}}  # as files of all versions have it
    predicted = [[0.9, 0.1], [0.2, 0.8]]
    assert metrics.get(described)([0, 0], predicted) == in_words([0, 0], predicted) == 0.5
    assert (
        metrics.get(metrics.serialize(exact))([0, 1, 1, 3], [0, 1, 2, 3]) == exact([0, 1, 1, 3], [0, 1, 2, 3]) == 0.75
    )


def test_a_metric_of_your_own_in_the_way_of_keras() -> None:
    class Share(metrics.Metric):
        """How many predictions are above 0.5."""

        def __init__(self, name: str = "share", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.found = self.add_weight(name="found", initializer="zeros")
            self.seen = self.add_weight(name="seen", shape=(), initializer="zeros")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.found.assign_add(np.sum(np.asarray(y_pred) > 0.5))
            self.seen.assign_add(len(y_pred))

        def result(self) -> Any:
            return self.found / np.maximum(self.seen, 1)

    metric = Share()
    metric.update_state([0, 0], [0.2, 0.7])
    metric.update_state([0, 0], [0.6, 0.7])
    assert (metric.name, metric.by_batch, float(metric.result()), metric.found.numpy()) == ("share", True, 0.75, 3.0)
    assert repr(metric).endswith("(name='share', result=0.7500)")
    metric.reset_state()
    assert float(metric.result()) == 0.0
    assert metric.seen.shape == ()
    metric.seen.assign(5)
    metric.seen.assign_sub(2.0)
    assert float(metric.seen) == 3.0


def test_results_of_losses_and_metrics_have_numpy() -> None:
    assert metrics.MeanSquaredError()([[1.0]], [[3.0]]).numpy() == 4.0
    assert metrics.F1Score()(np.eye(2), np.eye(2)).numpy().shape == (2,)


def test_a_loss_is_a_metric_whose_batches_are_averaged() -> None:
    metric = metrics.get(losses.Huber(delta=2.0))
    metric.update_state([[0.0], [0.0]], [[1.0], [1.0]])
    metric.update_state([[0.0]], [[4.0]])
    assert (metric.name, metric.result(), metric.higher_is_better) == ("huber_loss", (0.5 + 6.0) / 2, False)
    again = metrics.get(json.loads(json.dumps(metrics.serialize(metric))))
    assert again([[0.0]], [[4.0]]) == 6.0
