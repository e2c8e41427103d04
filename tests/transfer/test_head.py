"""The logistic head: held to scikit-learn's, which was fitted to the same pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from convoscope.datasets import digits
from convoscope.errors import DataError
from convoscope.report.calibration import calibration_error
from convoscope.transfer.calibration import best_temperature, softmax
from convoscope.transfer.folds import draw_folds
from convoscope.transfer.head import fit_head
from convoscope.transfer.logistic import Problem, basis_of

VALUES: dict[str, Any] = json.loads((Path(__file__).parent / "values.json").read_text(encoding="utf-8"))
IMAGES, SHOWN = 120, 15


def pixels() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (x, y), (x_test, _) = digits.load_data()
    return x[:IMAGES].reshape(IMAGES, -1) / 16.0, y[:IMAGES].astype(np.int64), x_test[:SHOWN].reshape(SHOWN, -1) / 16.0


@pytest.mark.parametrize("row", VALUES["logistic"], ids=lambda row: f"{row['penalty']}-{row['weighted']}")
def test_logistic_regression_is_scikit_learns(row: dict[str, Any]) -> None:
    features, labels, shown = pixels()
    weights = None
    if row["weighted"]:
        weights = np.where(labels < 3, 2.0, 0.5)
        weights = weights * len(weights) / weights.sum()
    basis = basis_of(features)
    # scikit-learn penalizes weights of the features as they are, whatever their scale.
    centred = features - basis.mean
    values, axes = np.linalg.eigh(centred.T @ centred / IMAGES)
    x, spread = centred @ axes, np.maximum(values, 1e-9)
    w = Problem(x, labels, 10, spread=spread, weights=weights).fit(row["penalty"])
    found = softmax((shown - features.mean(axis=0)) @ axes @ w[:-1] + w[-1])
    np.testing.assert_allclose(found, row["probabilities"], atol=1e-4)
    assert basis.axes.shape[1] <= 64


@pytest.mark.parametrize("row", VALUES["temperatures"], ids=lambda row: f"{row['temperature']:.2f}")
def test_temperature_is_scipys(row: dict[str, Any]) -> None:
    assert best_temperature(row["scores"], np.array(row["labels"])) == pytest.approx(row["temperature"], rel=1e-4)


@pytest.mark.parametrize("images", [30, 100])  # fewer and more than features
def test_axes_turn_and_lose_nothing(images: int) -> None:
    features = np.random.default_rng(0).normal(3, 2, (images, 64)) * np.linspace(0.1, 5, 64)
    features[:, 5] = 7.0
    basis = basis_of(features)
    turned = basis.turned(features)
    scaled = (features - features.mean(axis=0)) / basis.scale
    assert np.mean(scaled**2) == pytest.approx(1)
    np.testing.assert_allclose(turned @ turned.T, scaled @ scaled.T, atol=1e-8)
    np.testing.assert_allclose(basis.axes.T @ basis.axes, np.eye(basis.axes.shape[1]), atol=1e-9)
    np.testing.assert_allclose(np.mean(turned**2, axis=0), basis.spread, rtol=1e-6)


def test_kernel_takes_features_as_they_are_and_has_the_temperature_in_it() -> None:
    features, labels, shown = pixels()
    head = fit_head(features, labels, 10, seed=3)
    scores = shown @ head.kernel.astype(np.float64) + head.bias
    np.testing.assert_allclose(head.probabilities(shown), softmax(scores), atol=1e-9)
    assert head.kernel.dtype == head.bias.dtype == np.float32
    assert np.mean(head.held_out.argmax(axis=1) == labels) > 0.75
    np.testing.assert_allclose(head.held_out.sum(axis=1), 1)


def test_held_out_images_are_judged_without_themselves() -> None:
    # Labels that features say nothing about: who had seen an image would know its label.
    generator = np.random.default_rng(1)
    features, labels = generator.normal(size=(60, 200)), np.tile([0, 1], 30)
    head = fit_head(features, labels, 2)
    assert np.mean(head.probabilities(features).argmax(axis=1) == labels) > 0.9
    assert np.mean(head.held_out.argmax(axis=1) == labels) < 0.75


def test_groups_are_held_out_together() -> None:
    generator = np.random.default_rng(2)
    once = generator.normal(size=(40, 100))
    features, labels, groups = np.repeat(once, 2, axis=0), np.repeat(np.tile([0, 1], 20), 2), np.repeat(range(40), 2)
    apart = fit_head(features, labels, 2)
    together = fit_head(features, labels, 2, groups=groups)
    assert (together.folds[::2] == together.folds[1::2]).all()
    right = [np.mean(head.held_out.argmax(axis=1) == labels) for head in (apart, together)]
    assert right[0] > right[1] + 0.1  # copies of themselves in training flatter those that are torn apart


def test_balanced_classes_weigh_alike() -> None:
    generator = np.random.default_rng(3)
    labels = np.repeat([0, 1], [90, 10])
    features = generator.normal(size=(100, 5)) + labels[:, None]
    plain, balanced = fit_head(features, labels, 2), fit_head(features, labels, 2, balanced=True)
    rare = labels == 1
    assert balanced.probabilities(features)[rare, 1].mean() > plain.probabilities(features)[rare, 1].mean() + 0.1


def test_the_only_image_of_a_class_is_in_no_fold() -> None:
    labels = np.array([0, 1] * 10 + [2])
    features = np.random.default_rng(0).normal(size=(21, 6)) + 8 * np.eye(3, 6)[labels]
    head = fit_head(features, labels, 3)
    assert head.folds[-1] == -1
    assert (head.folds[:-1] >= 0).all()
    assert head.probabilities(features)[-1].argmax() == 2


def test_one_image_a_class_still_makes_a_head() -> None:
    head = fit_head(np.eye(3) * 10, [0, 1, 2], 3)
    assert head.probabilities(np.eye(3) * 10).argmax(axis=1).tolist() == [0, 1, 2]
    assert head.temperature == 1.0


@pytest.mark.parametrize(
    ("features", "labels", "classes", "message"),
    [
        (np.zeros((4, 2)), [0, 1, 0], 2, "one label for each image"),
        (np.zeros(4), [0, 1, 0, 1], 2, "shape \\(images, features\\)"),
        (np.full((2, 2), np.nan), [0, 1], 2, "index 0 are not finite"),
        (np.zeros((2, 2)), [0, 0], 1, "at least two classes"),
        (np.zeros((2, 2)), [0, 0], 2, "needs an image"),
        (np.zeros((3, 2)), [0, 1, 5], 2, "numbered 0 to 1"),
    ],
)
def test_what_cannot_be_fitted_is_said(features: Any, labels: Any, classes: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_head(features, labels, classes)


def test_images_that_are_all_alike_give_even_odds() -> None:
    head = fit_head(np.ones((10, 7)), np.tile([0, 1], 5), 2)
    np.testing.assert_allclose(head.probabilities(np.ones((1, 7))), 0.5, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=60),
    count=st.integers(2, 6),
    seed=st.integers(0, 9),
    data=st.data(),
)
def test_folds_are_even_in_each_class(labels: list[int], count: int, seed: int, data: st.DataObject) -> None:
    folds = draw_folds(labels, count, seed)
    assert folds.max() < count
    for label in set(labels):
        of_class = folds[np.array(labels) == label]
        if len(of_class) == 1:
            assert of_class[0] == -1
        else:
            sizes = np.bincount(of_class, minlength=count)
            assert sizes.max() - sizes.min() <= 1
    groups = np.array(data.draw(st.lists(st.integers(0, 9), min_size=len(labels), max_size=len(labels))))
    torn = draw_folds(labels, count, seed, groups)
    assert all(len(set(torn[groups == group].tolist())) == 1 for group in groups)


def test_calibration_error_of_two_bins() -> None:
    probabilities = np.array([[0.95, 0.05]] * 4 + [[0.4, 0.6]] * 6)
    labels = np.array([0, 0, 0, 1] + [1] * 3 + [0] * 3)
    # |0.75 - 0.95| on four, |0.5 - 0.6| on six
    assert calibration_error(probabilities, labels) == pytest.approx(0.4 * 0.2 + 0.6 * 0.1)
