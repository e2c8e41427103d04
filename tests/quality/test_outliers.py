"""Outliers: false alarms as promised, strangers found, few images enough."""

from __future__ import annotations

import numpy as np
import pytest

from convoscope.quality.neighbours import nearest
from convoscope.quality.outliers import FEWEST, outliers


@pytest.mark.parametrize("rate", [0.002, 0.01, 0.05])
def test_usual_images_are_rarely_called_odd(rate: float) -> None:
    alarms = 0
    for seed in range(5):
        features = np.random.default_rng(seed).normal(1, 1, (600, 300))
        alarms += len(outliers(nearest(features, 5), np.arange(600) % 4, rate).indices)
    assert alarms / 3000 == pytest.approx(rate, abs=0.6 * rate)


@pytest.mark.parametrize("images", [30, 60, 400])
def test_a_stranger_is_found(images: int) -> None:
    for seed in range(10):
        generator = np.random.default_rng(seed)
        labels = np.arange(images) % 3
        features = np.eye(3, 40)[labels] * 4 + generator.normal(0, 0.4, (images, 40))
        features[7] = np.eye(40)[20] * 4 + generator.normal(0, 0.4, 40)
        found = outliers(nearest(features, 5), labels)
        assert found.indices[0] == 7
        assert (np.diff(found.scores) <= 0).all()


def test_a_small_class_is_no_outlier() -> None:
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [50, 10, 4])
    features = np.eye(3, 40)[labels] * 4 + generator.normal(0, 0.4, (64, 40))
    assert len(outliers(nearest(features, 5), labels).indices) <= 1


@pytest.mark.parametrize("images", [0, 1, 2, FEWEST - 1])
def test_with_a_handful_nothing_is_usual(images: int) -> None:
    features = np.random.default_rng(0).normal(size=(images, 4))
    assert len(outliers(nearest(features, 5), np.zeros(images, np.int64)).indices) == 0


@pytest.mark.parametrize("features", [np.ones((50, 4)), np.zeros((50, 4))])
def test_where_all_are_alike_none_is_odd(features: np.ndarray) -> None:
    assert len(outliers(nearest(features, 5), np.arange(50) % 2).indices) == 0
