"""The sample images show what one wants to filter."""

from __future__ import annotations

import numpy as np
import pytest

from convoscope import filters
from convoscope.errors import UnknownNameError


def test_the_photograph_has_colour_edges_texture_and_smooth_parts() -> None:
    image = filters.samples.photograph()
    assert (image.shape, image.dtype) == ((512, 512, 3), np.uint8)
    grey = image.mean(axis=2)
    contrast = grey.reshape(32, 16, 32, 16).std(axis=(1, 3))
    assert (contrast < 4).mean() > 0.05
    assert (contrast > 10).mean() > 0.3
    colourful = image.max(axis=2).astype(int) - image.min(axis=2)
    assert (colourful > 90).mean() > 0.1


def test_the_drawing_is_small_and_grey_with_light_strokes() -> None:
    image = filters.samples.drawing()
    assert (image.shape, image.dtype) == ((32, 32), np.uint8)
    assert 0.05 < (image > 128).mean() < 0.5


def test_an_unknown_sample_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="photograph"):
        filters.samples.load("photo")
