"""Results as ordinary images."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.filters.animation import animate
from convoscope.filters.chain import Filter, Pooling
from convoscope.filters.showing import as_bytes, as_png


def test_bytes_and_floats_up_to_255_stay_what_they_are() -> None:
    assert as_bytes(np.array([[0, 7, 255]], np.uint8)).tolist() == [[0, 7, 255]]
    assert as_bytes(np.array([[0, 7.4, 255]])).tolist() == [[0, 7, 255]]
    assert as_bytes(np.array([[False, True]])).tolist() == [[0, 255]]


def test_sixteen_bits_are_brought_to_eight_for_the_eye_and_kept_in_a_file() -> None:
    image = np.array([[0, 257, 65_535]], np.uint16)
    assert as_bytes(image).tolist() == [[0, 1, 255]]
    assert np.asarray(PIL.Image.open(io.BytesIO(as_png(image)))).tolist() == [[0, 257, 65_535]]


def test_zero_is_the_middle_grey_where_values_are_negative() -> None:
    assert as_bytes(np.array([[-510.0, 0.0, 255.0]])).tolist() == [[0, 128, 191]]
    assert as_bytes(np.array([[0.0, 510.0]])).tolist() == [[0, 255]]


def test_an_alpha_is_not_scaled_with_the_colours() -> None:
    image = np.array([[[-100.0, 0.0, 100.0, 40.0], [0.0, 0.0, 0.0, 255.0]]])
    assert as_bytes(image).tolist() == [[[0, 128, 255, 40], [128, 128, 128, 255]]]
    assert as_bytes(np.array([[[65_535, 257]]], np.uint16)).tolist() == [[[255, 1]]]


def test_an_animation_of_many_places_shows_some_of_them() -> None:
    image = np.arange(24 * 24, dtype=np.float64).reshape(24, 24) % 256
    with PIL.Image.open(io.BytesIO(animate(image, Filter("box-blur", {"padding": "same"})))) as gif:
        assert gif.n_frames == 200  # type: ignore[attr-defined]
        assert gif.info["loop"] == 0


@pytest.mark.parametrize("step", [Filter("box:8"), Pooling(8)])
def test_a_window_too_large_to_be_seen_is_refused(step: Filter | Pooling) -> None:
    with pytest.raises(ShapeError, match="7×7"):
        animate(np.zeros((20, 20)), step)


def test_a_speed_that_nobody_can_see_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="milliseconds"):
        animate(np.zeros((9, 9)), Pooling(), milliseconds=1)
