"""Models that are opened without data begin with images of the package, prepared as the model takes them."""

from __future__ import annotations

import numpy as np
import pytest

import convoscope as cs
from convoscope.datasets import digits
from convoscope.web.description import describe
from convoscope.web.explored import Explored
from convoscope.web.sample_images import with_samples


def model(*shape: int, scales: bool = False) -> cs.Sequential:
    """A network for images of a shape."""
    layers = [cs.layers.Rescaling(1 / 255)] if scales else []
    return cs.Sequential([cs.layers.Input(shape=shape), *layers, cs.layers.Flatten(), cs.layers.Dense(3)], seed=1)


@pytest.mark.parametrize(("shape", "count"), [((8, 8, 1), 10), ((28, 28), 10), ((64, 48, 3), 5)])
@pytest.mark.parametrize("scales", [False, True])
def test_they_have_the_models_shape_and_values(shape: tuple[int, ...], count: int, scales: bool) -> None:
    found = with_samples(Explored(model(*shape, scales=scales)))
    assert found.images.shape == (count, *shape)
    largest = 255 if scales else 1
    assert found.input_range == (0, largest)
    assert largest / 2 < found.images.max() <= largest
    told = describe(found, 10**7).told
    assert (told["part"], told["labels"], told["indices"]) == ("sample", None, list(range(count)))
    assert "Opened without data" in told["note"]


def test_of_the_digits_own_size_they_are_the_digits() -> None:
    found = with_samples(Explored(model(8, 8, 1)))
    _, (x, y) = digits.load_data()
    for digit, image in enumerate(found.images):
        np.testing.assert_allclose(image[..., 0], x[y == digit][0] / 16, atol=1 / 255)


def test_images_of_ones_own_stay_and_what_takes_no_image_gets_none() -> None:
    own = Explored(model(8, 8, 1), np.zeros((2, 8, 8, 1), np.float32))
    assert with_samples(own) is own
    rows = Explored(model(12))
    assert with_samples(rows) is rows
