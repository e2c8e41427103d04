"""One pixel's arithmetic: it adds up to what the convolution gives, by hand and for every option."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from convoscope import filters
from convoscope.errors import ConfigurationError

OPTIONS: list[dict[str, Any]] = [
    {},
    {"padding": "same"},
    {"padding": "full", "pad_mode": "reflect"},
    {"padding": ((2, 0), (1, 3)), "pad_mode": "edge", "stride": (2, 1)},
    {"stride": 2, "dilation": 2, "padding": 1},
    {"weight": 0.3, "bias": -7, "mode": "convolve"},
    {"channels": "sum", "weight": 0.5},
    {"clip": False},
]


@settings(max_examples=80, deadline=None)
@given(data=st.data(), number=st.integers(0, len(OPTIONS) - 1), colour=st.booleans())
def test_it_adds_up_to_the_pixel_of_the_result(data: st.DataObject, number: int, colour: bool) -> None:
    options = OPTIONS[number]
    random = np.random.default_rng(number)
    image = random.integers(0, 256, (9, 8, 3) if colour else (9, 8)).astype(np.uint8)
    kernel = random.integers(-3, 4, (3, 3))
    result = filters.convolve(image, kernel, **options)
    row = data.draw(st.integers(0, result.shape[0] - 1))
    column = data.draw(st.integers(0, result.shape[1] - 1))
    explained = filters.explain(image, kernel, row, column, **options)
    np.testing.assert_allclose(np.atleast_1d(explained.clipped), np.atleast_1d(result[row, column]), rtol=1e-6)
    np.testing.assert_allclose(explained.products.sum(axis=(0, 1)), explained.sums)
    for place, gone in np.ndenumerate(explained.missing):
        at = explained.rows[place[0]], explained.columns[place[1]]
        assert gone == (not (0 <= at[0] < 9 and 0 <= at[1] < 8))
        if not gone:
            np.testing.assert_array_equal(explained.patch[place], np.atleast_1d(image[at]))
    assert str(explained)


def test_colour_is_written_channel_by_channel_with_the_sum() -> None:
    image = np.array([[[10, 20, 30]]], np.uint8)
    text = str(filters.explain(image, [[2]], 0, 0, channels="sum"))
    assert "red:" in text
    assert "blue:" in text
    assert "sum over channels: 20 + 40 + 60 = 120" in text
    assert "green: 40" in str(filters.explain(image, [[2]], 0, 0))


def test_neighbours_filled_in_are_shown_with_their_value_and_a_question_mark() -> None:
    text = str(filters.explain(np.array([[5, 6]]), [[1, 1, 1]], 0, 0, padding="same", pad_mode="edge"))
    assert "5? × 1  +  5 × 1  +  6 × 1" in text
    assert "No pixels to the left: 1 of 3 are missing (?), and are padded (edge)." in text


def test_a_window_of_even_size_says_where_its_pixel_is() -> None:
    assert "A 2×2 kernel has no centre: the new pixel belongs to the cell above and left of it." in str(
        filters.explain(np.zeros((3, 3)), "roberts-1", 0, 0)
    )
    assert "A 3×2 kernel has no centre: the new pixel belongs to the cell left of it." in str(
        filters.explain(np.zeros((3, 3)), np.ones((3, 2)), 0, 0)
    )
    assert "middle" not in str(filters.explain(np.zeros((3, 3)), "sobel-x", 0, 0))


@pytest.mark.parametrize(("row", "column"), [(-1, 0), (0, 3), (1.5, 0), (True, 0)])
def test_a_place_outside_the_result_is_refused(row: Any, column: Any) -> None:
    with pytest.raises(ConfigurationError, match="3 rows and 3 columns"):
        filters.explain(np.zeros((5, 5)), "outline", row, column)
