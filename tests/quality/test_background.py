"""Classes that the background gives away: found where it does, silent where it does not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binomtest

from convoscope.quality.background import _cross_validated, _folds, giveaways, views
from convoscope.report.interval import interval_of

VALUES = json.loads(Path(__file__).with_name("values.json").read_text(encoding="utf-8"))["discriminant"]


def noise(seed: int, images: int) -> npt.NDArray[np.uint8]:
    """Pictures with a colour of their own each, and noise."""
    generator = np.random.default_rng(seed)
    colours = generator.integers(40, 216, (images, 1, 1, 3))
    return (colours + generator.integers(-40, 40, (images, 32, 40, 3))).astype(np.uint8)


def test_a_border_that_goes_with_the_class_is_found() -> None:
    images, labels = noise(0, 120), np.arange(120) % 4
    middle = images[:, 8:-8, 8:-8].copy()
    images[labels == 2] = images[labels == 2] // 4 + np.array([0, 60, 180], np.uint8)
    images[:, 8:-8, 8:-8] = middle
    found = giveaways(images, labels, 4)
    assert {each.classes for each in found} == {(0, 2), (1, 2), (2, 3)}
    assert {each.view for each in found} == {"border"}
    assert all(0.8 < each.low < each.accuracy < each.high <= 1 for each in found)


def test_a_colour_that_goes_with_the_class_is_found() -> None:
    images, labels = noise(1, 60), np.arange(60) % 2
    images[labels == 1, 4:-4, 5:-5] = (200, 20, 20)
    assert [each.view for each in giveaways(images, labels, 2)] == ["colours"]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_found_where_nothing_is(seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 4, 100)
    assert giveaways(noise(seed, 100), labels, 4) == []


def test_copies_stay_on_one_side() -> None:
    images, labels = np.repeat(noise(3, 40), 3, axis=0), np.repeat(np.arange(40) % 2, 3)
    groups = np.repeat(np.arange(40) * 3, 3)
    folds = _folds(labels, groups)
    assert all(len(set(folds[groups == each].tolist())) == 1 for each in groups)
    assert giveaways(images, labels, 2, groups) == []


def test_folds_are_even() -> None:
    labels = np.array([0] * 23 + [1] * 5 + [2])
    folds = _folds(labels, np.arange(29))
    counts = np.bincount(folds[labels == 0], minlength=5)
    assert counts.max() - counts.min() <= 1
    assert sorted(folds[labels == 1].tolist()) == [0, 1, 2, 3, 4]


def test_scores_are_those_of_scikit_learn() -> None:
    seen, labels, held = (np.array(VALUES[each]) for each in ("seen", "labels", "held"))
    scores = _cross_validated(seen, labels, 3, np.where(held, 0, 1))
    np.testing.assert_allclose(scores[held], VALUES["scores"], atol=1e-10)


@pytest.mark.parametrize(("right", "count"), [(0, 10), (7, 10), (50, 50), (83, 120)])
def test_intervals_are_scipys(right: int, count: int) -> None:
    expected = binomtest(right, count).proportion_ci(method="wilson")
    np.testing.assert_allclose(interval_of(right, count), expected, atol=1e-6)


def test_views_are_means_of_cells() -> None:
    images = np.zeros((1, 16, 16, 3), np.uint8)
    images[0, :8, :8] = 255
    images[0, 0, 0] = 0
    seen = views(images)
    assert seen["border"].shape == (1, 84)
    np.testing.assert_allclose(seen["border"][0, :6], [191 / 255] * 3 + [1] * 3, atol=1 / 255)
    np.testing.assert_allclose(seen["colours"][0], [63 / 64] * 3 + [0] * 9, atol=1 / 255)


@pytest.mark.parametrize("labels", [np.zeros(40, np.int64), np.arange(40), np.repeat([0, 1], [31, 9])])
def test_one_class_or_too_few_images_are_not_judged(labels: npt.NDArray[np.int64]) -> None:
    assert giveaways(np.zeros((40, 8, 8, 1), np.uint8), labels, 40) == []
