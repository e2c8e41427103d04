"""Pooling against scikit-image's block_reduce, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from skimage.measure import block_reduce

from convoscope import filters
from convoscope.errors import ConfigurationError, ShapeError, UnknownNameError

WAYS = {"max": np.max, "average": np.mean, "min": np.min}


@settings(max_examples=120, deadline=None)
@given(
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    places=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    mode=st.sampled_from(sorted(WAYS)),
    dtype=st.sampled_from(["uint8", "int16", "uint16", "int64", "float32", "float64"]),
    colour=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_windows_side_by_side_equal_block_reduce(
    size: tuple[int, int], places: tuple[int, int], mode: str, dtype: str, colour: bool, seed: int
) -> None:
    shape = (size[0] * places[0], size[1] * places[1])
    values = np.random.default_rng(seed).uniform(0, 200, (*shape, 3) if colour else shape).astype(dtype)
    exact = block_reduce(values, (*size, 1) if colour else size, WAYS[mode])
    expected = exact.astype(dtype) if dtype.startswith("float") else np.rint(exact).astype(dtype)
    found = filters.pool(values, size, mode=mode)
    assert found.dtype == values.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6 if dtype.startswith("float") else 0)


@settings(max_examples=120, deadline=None)
@given(
    size=st.integers(1, 4),
    stride=st.integers(1, 4),
    before=st.integers(0, 3),
    after=st.integers(0, 3),
    mode=st.sampled_from(sorted(WAYS)),
    seed=st.integers(0, 2**32),
)
def test_overlapping_and_padded_windows_take_the_pixels_that_are_there(
    size: int, stride: int, before: int, after: int, mode: str, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(0, 1, (7, 6))
    pads = ((min(before, size - 1), min(after, size - 1)),) * 2
    padded = np.pad(values, pads, constant_values=np.nan)
    view = np.lib.stride_tricks.sliding_window_view(padded, (size, size))[::stride, ::stride]
    expected = {"max": np.nanmax, "average": np.nanmean, "min": np.nanmin}[mode](view, axis=(2, 3))
    np.testing.assert_allclose(filters.pool(values, size, stride, mode, pads), expected, rtol=1e-12)


def test_bool_images_and_the_least_values_are_pooled_too() -> None:
    assert filters.pool(np.array([[False, True], [False, False]])).tolist() == [[True]]
    assert filters.pool(np.array([[False, True], [True, True]]), mode="min").tolist() == [[False]]
    assert filters.pool(np.full((2, 2), -128, np.int8)).tolist() == [[-128]]
    assert filters.pool(np.full((2, 2), 255, np.uint8), mode="min").tolist() == [[255]]


def test_an_alpha_is_averaged() -> None:
    image = np.zeros((2, 2, 4), np.uint8)
    image[..., 3] = [[0, 0], [255, 255]]
    image[0, 0] = [9, 8, 7, 0]
    assert filters.pool(image).tolist() == [[[9, 8, 7, 128]]]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"size": 6}, ShapeError, "6×6 pixels does not fit"),
        ({"size": 0}, ConfigurationError, "size"),
        ({"mode": "median"}, UnknownNameError, "average"),
        ({"padding": 2}, ConfigurationError, "smaller than its window"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(options: dict[str, Any], error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        filters.pool(np.zeros((5, 5)), **options)
