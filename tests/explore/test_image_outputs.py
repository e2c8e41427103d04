"""Models that make images: which these are, their black and white, and how far what comes out is from what should."""

from __future__ import annotations

import numpy as np
import pytest

from convoscope.errors import DataError, ShapeError
from convoscope.explore.image_outputs import checked_targets, has_image_outputs, mean_squared_error, output_range
from convoscope.layers import Activation, Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input, Rescaling, Reshape
from convoscope.models import Sequential


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([Conv2D(1, 3)], True),
        ([Conv2D(3, 3)], True),
        ([Conv2D(2, 3)], False),
        ([Flatten()], False),
        ([Flatten(), Dense(48), Reshape((4, 4, 3))], True),
        ([Conv2D(3, 3), GlobalAveragePooling2D()], False),
    ],
)
def test_rows_and_columns_of_one_value_or_of_three_colours_are_an_image(layers: list[object], expected: bool) -> None:
    assert has_image_outputs(Sequential([Input((6, 6, 2)), *layers])) is expected


def test_black_and_white_are_bounded_by_the_last_activation_or_are_those_of_what_goes_in() -> None:
    def model(*last: object) -> Sequential:
        return Sequential([Input((6, 6, 1)), *last])

    assert output_range(model(Conv2D(1, 3, activation="sigmoid")), (0, 255)) == (0, 1)
    assert output_range(model(Conv2D(1, 3), Activation("tanh")), (0, 255)) == (-1, 1)
    assert output_range(model(Conv2D(1, 3, activation="relu")), (0, 16)) == (0, 16)
    assert output_range(model(Conv2D(1, 3, activation="sigmoid"), Rescaling(255)), (0, 255)) == (0, 255)


def test_the_mean_squared_error_is_over_every_value_of_every_image() -> None:
    generator = np.random.default_rng(1)
    images, targets = (generator.random((70, 5, 4, 3)).astype(np.float32) for _ in range(2))
    found = mean_squared_error(lambda batch: batch * 2, images, targets)
    assert found == pytest.approx(np.mean((images.astype(float) * 2 - targets) ** 2), rel=1e-7)


def test_images_that_should_come_out_are_shaped_as_those_that_do_or_refused_in_words() -> None:
    model = Sequential([Input((6, 6, 2)), Conv2D(1, 3)], name="small")
    assert checked_targets(model, np.zeros((5, 4, 4)), 5).shape == (5, 4, 4, 1)
    for y in (np.zeros((5, 6, 6, 1)), np.zeros((4, 4, 4, 1)), np.zeros(5, int)):
        with pytest.raises(ShapeError, match=r"'small' outputs images of 4×4×1.*shape \(5, 4, 4, 1\), but has .*Leave"):
            checked_targets(model, y, 5)
    with pytest.raises(DataError, match="NaN"):
        checked_targets(model, np.full((5, 4, 4, 1), np.nan), 5)
