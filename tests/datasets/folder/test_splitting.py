from __future__ import annotations

import numpy as np
import pytest

from convoscope.datasets.folder.splitting import TEST, TRAIN, VALIDATION, draw_parts
from convoscope.errors import ConfigurationError


def test_each_class_is_split_alike() -> None:
    labels = np.repeat([0, 1, 2], [200, 50, 10])
    parts = draw_parts(labels, np.arange(260), 0.2, 0.1, seed=3)
    assert [np.bincount(parts[labels == label]).tolist() for label in range(3)] == [
        [140, 40, 20],
        [35, 10, 5],
        [7, 2, 1],
    ]


def test_a_seed_gives_one_split() -> None:
    labels = np.repeat([0, 1], 50)
    one, again, other = (draw_parts(labels, np.arange(100), 0.2, 0.2, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_groups_stay_together_and_shares_are_kept() -> None:
    generator = np.random.default_rng(0)
    groups = np.sort(generator.integers(0, 300, 1000))
    groups = np.searchsorted(groups, groups)  # the place of the first of each group
    labels = generator.integers(0, 2, 300)[groups % 300]
    parts = draw_parts(labels, groups, 0.15, 0.15, seed=0)
    for group in np.unique(groups):
        assert len(set(parts[groups == group])) == 1
    for part in (VALIDATION, TEST):
        assert np.mean(parts == part) == pytest.approx(0.15, abs=0.005)


def test_small_classes_have_an_image_in_each_part_and_tiny_ones_train() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    parts = draw_parts(labels, np.arange(5), 0.1, 0.1, seed=0)
    assert sorted(parts[:3]) == [TRAIN, VALIDATION, TEST]
    assert parts[3:].tolist() == [TRAIN, TRAIN]


def test_groups_may_be_numbered_by_images_that_are_elsewhere() -> None:
    parts = draw_parts(np.array([0, 0, 0, 0]), np.array([70, 5, 70, 900]), 0.5, 0.0, seed=0)
    assert np.bincount(parts).tolist() == [2, 2]
    assert parts[0] == parts[2]


def test_a_class_of_one_group_trains() -> None:
    assert (draw_parts(np.zeros(10, int), np.zeros(10, np.int64), 0.5, 0.2, seed=0) == TRAIN).all()


def test_shares_that_leave_nothing_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="leave no training images"):
        draw_parts(np.zeros(10, int), np.arange(10), 0.5, 0.5, seed=0)
