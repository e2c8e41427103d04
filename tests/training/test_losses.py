"""Losses have Keras' names, arguments and values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, DataError, ShapeError, UnknownNameError
from convoscope.training import losses


def test_every_loss_has_keras_value_with_and_without_sample_weights(keras_values: dict[str, Any]) -> None:
    for case in keras_values["losses"]:
        loss = getattr(losses, case["class"])(**case["settings"])
        where = f"{case['class']} {case['settings']}"
        assert loss(case["y_true"], case["y_pred"]) == pytest.approx(case["value"], rel=2e-6), where
        weighted = loss(case["y_true"], case["y_pred"], sample_weight=case["sample_weight"])
        assert weighted == pytest.approx(case["weighted"], rel=2e-6), where


def test_smoothing_of_sparse_labels_is_that_of_one_hot_labels() -> None:
    logits = np.random.default_rng(0).standard_normal((5, 4))
    labels = np.array([0, 3, 1, 1, 2])
    sparse = losses.SparseCategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    dense = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    assert sparse(labels, logits) == pytest.approx(dense(np.eye(4)[labels], logits), rel=1e-12)


def test_losses_of_extreme_logits_stay_finite_and_exact() -> None:
    assert losses.SparseCategoricalCrossentropy(from_logits=True)([1], [[1000.0, 0.0]]) == 1000.0
    assert losses.BinaryCrossentropy(from_logits=True)([[1.0]], [[-1000.0]]) == 1000.0


def test_columns_of_labels_are_taken_as_labels() -> None:
    predictions = [[0.2, 0.8], [0.6, 0.4]]
    loss = losses.SparseCategoricalCrossentropy()
    assert loss([[1], [0]], predictions) == loss([1, 0], predictions)
    assert losses.BinaryCrossentropy()([1, 0], [[0.8], [0.4]]) == losses.BinaryCrossentropy()(
        [[1], [0]], [[0.8], [0.4]]
    )


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("sparse_categorical_crossentropy", "sparse_categorical_crossentropy"),
        ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"),
        ("mse", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ("mean_squared_error", "mean_squared_error"),
        ("MAPE", "mean_absolute_percentage_error"),
        ("kullback_leibler_divergence", "kl_divergence"),
        ("logcosh", "log_cosh"),
        (losses.binary_crossentropy, "binary_crossentropy"),
        (losses.mse, "mean_squared_error"),
        (losses.KLD, "kl_divergence"),
        (losses.CategoricalCrossentropy, "categorical_crossentropy"),
        (losses.MeanSquaredError(), "mean_squared_error"),
    ],
)
def test_a_loss_is_found_by_name_function_class_or_object(identifier: Any, kind: str) -> None:
    assert losses.get(identifier).rule().kind == kind


def test_settings_reach_the_engine_and_survive_serialization() -> None:
    loss = losses.get(losses.serialize(losses.SparseCategoricalCrossentropy(True, label_smoothing=0.1, name="mine")))
    assert (loss.rule().from_logits, loss.rule().label_smoothing, loss.name) == (True, 0.1, "mine")
    assert losses.get(losses.serialize(losses.MeanSquaredError())).name == "mean_squared_error"


def test_reductions_are_those_of_keras_where_a_loss_is_called() -> None:
    y, p, weights = [[0.0, 1.0], [2.0, 0.0]], [[1.0, 1.0], [0.0, 1.0]], [1.0, 3.0]  # losses 0.5 and 2.5
    means = [losses.MeanSquaredError(reduction)(y, p, weights) for reduction in ("sum_over_batch_size", "mean", "auto")]
    assert means == [4.0] * 3
    assert losses.MeanSquaredError(losses.Reduction.SUM)(y, p, weights) == 8.0
    assert losses.MeanSquaredError("mean_with_sample_weight")(y, p, weights) == 2.0
    assert losses.MeanSquaredError(None)(y, p, weights).tolist() == [0.5, 7.5]
    ignoring = losses.SparseCategoricalCrossentropy(ignore_class=255)
    assert ignoring([1, 255], [[0.5, 0.5], [0.9, 0.1]]) == pytest.approx(np.log(2), rel=1e-6)


def test_a_loss_of_your_own_is_refused_with_what_there_is() -> None:
    class Mine(losses.Loss):
        pass

    with pytest.raises(ConfigurationError, match=r"Mine: custom losses are not supported.*convoscope\.losses"):
        Mine()


def test_an_unknown_loss_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'sparse_categorical_crossentropy'"):
        losses.get("sparse_categorical_crossentropi")


def test_a_function_of_your_own_is_refused_with_the_reason() -> None:
    with pytest.raises(ConfigurationError, match="cannot be differentiated"):
        losses.get(lambda y_true, y_pred: 0.0)


def test_keras_arguments_that_mean_nothing_here_are_taken_at_their_defaults_only() -> None:
    losses.CategoricalCrossentropy(axis=-1, reduction="sum_over_batch_size", dtype=None)
    with pytest.raises(ConfigurationError, match="axis=1 is not supported"):
        losses.CategoricalCrossentropy(axis=1)
    with pytest.raises(ConfigurationError, match=r"reduction must be one of 'sum_over_batch_size'.*'median'"):
        losses.CategoricalCrossentropy(reduction="median")
    with pytest.raises(UnknownNameError, match="Did you mean 'from_logits'"):
        losses.CategoricalCrossentropy(from_logit=True)
    with pytest.raises(ConfigurationError, match="label_smoothing"):
        losses.CategoricalCrossentropy(label_smoothing=1.0)


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="without 'sparse'"):
        losses.SparseCategoricalCrossentropy()(np.eye(3), np.full((3, 3), 1 / 3))
    with pytest.raises(ShapeError, match="with 'sparse'"):
        losses.CategoricalCrossentropy()([0, 1, 2], np.full((3, 4), 1 / 4))
    with pytest.raises(ShapeError, match="sample_weight"):
        losses.MeanSquaredError()(np.eye(3), np.eye(3), sample_weight=[1.0, 2.0])


def test_labels_that_are_ignored_are_no_classes_to_weigh(images: Any, new_model: Any) -> None:
    model = new_model(loss=losses.SparseCategoricalCrossentropy(ignore_class=-1))
    labels = np.where(np.arange(len(images[1])) % 4 == 0, -1, images[1])
    assert np.isfinite(model.fit(images[0], labels, verbose=0).history["loss"]).all()
    with pytest.raises(ConfigurationError, match="labels that are classes, but y holds other values"):
        model.fit(images[0], labels, class_weight="auto", verbose=0)
    with pytest.raises(DataError, match=r"label -2 at y.0. is out of range"):
        model.fit(images[0], labels - 1, verbose=0)
