"""Nearest images, against scikit-learn's and a float64 product."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from convoscope.quality import neighbours
from convoscope.quality.neighbours import nearest, unit

VALUES = json.loads(Path(__file__).with_name("values.json").read_text(encoding="utf-8"))["neighbours"]


def test_they_are_those_of_scikit_learn() -> None:
    found = nearest(np.array(VALUES["points"], np.float32), 5)
    np.testing.assert_allclose(found.cosines, VALUES["cosines"], atol=2e-6)
    cosines = np.array(VALUES["cosines"])
    clear = np.abs(np.diff(cosines, axis=1, prepend=2, append=-2)).min(axis=1) > 1e-6
    assert clear.sum() > 20
    np.testing.assert_array_equal(found.indices[clear], np.array(VALUES["indices"])[clear])


@pytest.mark.parametrize("block", [1, 7, 100, 1 << 22])
def test_blocks_change_nothing(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    features = np.random.default_rng(0).normal(size=(53, 9))
    monkeypatch.setattr(neighbours, "_BLOCK", block)
    found = nearest(features, 6)
    directions = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, -2)
    expected = np.argsort(-cosines, axis=1)[:, :6]
    np.testing.assert_array_equal(found.indices, expected)
    np.testing.assert_allclose(found.cosines, np.take_along_axis(cosines, expected, axis=1), atol=1e-6)


@pytest.mark.parametrize(("images", "count"), [(0, 0), (1, 0), (2, 1), (4, 3)])
def test_there_are_as_many_as_there_are_others(images: int, count: int) -> None:
    found = nearest(np.ones((images, 3)), 20)
    assert found.indices.shape == found.cosines.shape == (images, count)
    assert all(index not in row for index, row in enumerate(found.indices.tolist()))


def test_features_of_any_size_have_length_one_or_none() -> None:
    features = np.array([[3e37, 4e37], [3e-28, 4e-28], [0, 0], [-3, 4]], np.float32)
    np.testing.assert_allclose(unit(features), [[0.6, 0.8], [0.6, 0.8], [0, 0], [-0.6, 0.8]], atol=1e-6)
