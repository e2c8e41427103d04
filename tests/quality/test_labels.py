"""Suspected wrong labels, against cleanlab's counts, SciPy's optimizer and labels swapped on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize

from convoscope.quality.labels import (
    FEWEST,
    combined,
    confident_joint,
    estimated_errors,
    neighbour_likelihoods,
    suspects,
    thresholds,
)
from convoscope.quality.neighbours import Neighbours, nearest

VALUES = json.loads(Path(__file__).with_name("values.json").read_text(encoding="utf-8"))
Case = dict[str, Any]


def arrays(case: Case) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    return np.array(case["units"]) / 1024, np.array(case["labels"])


def clusters(
    generator: np.random.Generator, images: int, classes: int, spread: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Features (N, 16) around a direction for each class, and the classes."""
    labels = np.arange(images) % classes
    return np.eye(classes, 16)[labels] + generator.normal(0, spread, (images, 16)), labels


def seen_by_others(
    features: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], classes: int
) -> npt.NDArray[np.float64]:
    """Probabilities by the distance to each class's mean, without the image itself."""
    scores = np.empty((len(labels), classes))
    for index in range(len(labels)):
        others = np.arange(len(labels)) != index
        means = np.stack([features[others & (labels == each)].mean(axis=0) for each in range(classes)])
        scores[index] = -4 * ((features[index] - means) ** 2).sum(axis=1)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("case", VALUES["confident"])
def test_thresholds_and_counts_are_those_of_cleanlab(case: Case) -> None:
    probabilities, labels = arrays(case)
    np.testing.assert_allclose(thresholds(probabilities, labels), case["thresholds"], rtol=1e-12)
    np.testing.assert_array_equal(confident_joint(probabilities, labels), case["joint"])


@pytest.mark.parametrize("case", VALUES["confident"])
def test_the_estimate_is_what_cleanlab_has_off_the_diagonal(case: Case) -> None:
    calibrated = np.array(case["calibrated"])
    # cleanlab rounds each count to whole images.
    assert estimated_errors(*arrays(case)) == pytest.approx(
        calibrated.sum() - np.trace(calibrated), abs=0.5 * len(calibrated)
    )


@pytest.mark.parametrize("case", VALUES["confident"])
def test_the_weights_of_witnesses_are_scipys(case: Case) -> None:
    probabilities, labels = arrays(case)
    generator = np.random.default_rng(1)
    other = np.exp(generator.normal(size=probabilities.shape)) * (1 + 3 * np.eye(probabilities.shape[1])[labels])
    logs = np.log(np.maximum(np.stack([probabilities, other]), 1e-6))

    def loss(weights: npt.NDArray[np.float64]) -> float:
        scores = np.tensordot(weights, logs, 1)
        return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(labels)), labels]))

    best = minimize(loss, [0.5, 0.5], bounds=[(0, 3)] * 2, tol=1e-12).x
    scores = np.exp(np.tensordot(best, logs, 1))
    found = combined([probabilities, other], labels)
    np.testing.assert_allclose(found, scores / scores.sum(axis=1, keepdims=True), atol=2e-3)


def test_a_witness_that_knows_nothing_is_not_heard() -> None:
    generator = np.random.default_rng(2)
    labels = generator.integers(0, 3, 300)
    knows = np.full((300, 3), 0.1) + 0.7 * np.eye(3)[np.where(generator.random(300) < 0.8, labels, 0)]
    alone = combined([knows], labels)
    np.testing.assert_allclose(combined([knows, np.exp(generator.normal(size=(300, 3)))], labels), alone, atol=0.05)


def test_neighbours_count_more_than_chance_by_hand() -> None:
    labels = np.array([0] * 6 + [1] * 3)
    neighbours = Neighbours(np.tile(np.array([0, 1, 6, 7, 8]), (9, 1)), np.ones((9, 5), np.float32))
    # Two votes for class 0, three for class 1, and one for both in the ratio 2 : 1.
    expected = [(2 + 2 / 3) / 6 / (2 / 3), (3 + 1 / 3) / 6 / (1 / 3), 0.0]
    np.testing.assert_allclose(neighbour_likelihoods(neighbours, labels, 3), np.tile(expected, (9, 1)))


@pytest.mark.parametrize(("images", "classes"), [(600, 2), (600, 5), (60, 3), (900, 9)])
@pytest.mark.parametrize("seed", [0, 1])
def test_swapped_labels_are_found(images: int, classes: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    features, truth = clusters(generator, images, classes, 0.2)
    labels = truth.copy()
    swapped = generator.choice(images, images // 20, replace=False)
    labels[swapped] = (labels[swapped] + generator.integers(1, classes, len(swapped))) % classes
    found = suspects(seen_by_others(features, labels, classes), labels, nearest(features, 20))
    right = np.isin(found.indices, swapped)
    assert right.mean() >= 0.8
    assert right.sum() >= 0.7 * len(swapped)
    assert np.mean(found.suggestions[right] == truth[found.indices[right]]) >= 0.95
    assert (np.diff(found.label_probabilities) >= 0).all()


def test_the_second_witness_helps() -> None:
    generator = np.random.default_rng(5)
    features, truth = clusters(generator, 600, 4, 0.35)
    labels = truth.copy()
    labels[:30] = (labels[:30] + 1) % 4
    blunt = np.clip(seen_by_others(features, labels, 4) + generator.normal(0, 0.3, (600, 4)), 0.01, 1)
    blunt /= blunt.sum(axis=1, keepdims=True)
    alone, both = suspects(blunt, labels), suspects(blunt, labels, nearest(features, 20))
    assert np.sum(both.indices < 30) > np.sum(alone.indices < 30)
    assert np.mean(both.indices < 30) > np.mean(alone.indices < 30)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 40))
def test_whatever_comes_the_suspects_are_of_judged_classes_and_suggest_another(
    seed: int, classes: int, images: int
) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, images)
    probabilities = generator.dirichlet(np.full(classes, 0.2), images)
    found = suspects(probabilities, labels, nearest(generator.normal(size=(images, 3)), 20))
    counts = np.bincount(labels, minlength=classes)
    assert (counts[labels[found.indices]] >= FEWEST).all()
    assert (found.suggestions != labels[found.indices]).all()
    assert (counts[found.suggestions] > 0).all()
    assert np.isfinite(found.label_probabilities).all()
    assert 0 <= found.estimated <= images


def test_the_order_of_the_images_does_not_matter() -> None:
    generator = np.random.default_rng(7)
    features, labels = clusters(generator, 200, 4, 0.3)
    labels[:10] = (labels[:10] + 1) % 4
    probabilities = seen_by_others(features, labels, 4)
    order = generator.permutation(200)
    found = suspects(probabilities, labels, nearest(features, 20))
    again = suspects(probabilities[order], labels[order], nearest(features[order], 20))
    assert set(found.indices.tolist()) == set(order[again.indices].tolist())


def test_one_class_has_no_wrong_labels() -> None:
    found = suspects(np.ones((30, 1)), np.zeros(30, np.int64))
    assert len(found.indices) == 0
    assert found.estimated == 0
