"""The embedded digits beside scikit-learn's: ``make test-peers``, apart from the normal tests."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from tests.modules import tool_named

from convoscope.datasets import digits


def test_the_images_are_scikit_learns_and_the_tool_makes_the_file_again() -> None:
    bunch = load_digits()
    theirs = {image.astype(np.uint8).tobytes(): label for image, label in zip(bunch.images, bunch.target, strict=True)}
    ours = {x.tobytes(): y for pair in digits.load_data() for x, y in zip(*pair, strict=True)}
    assert ours == theirs

    tool = tool_named("make_digits")
    arrays = tool.split(bunch.images.astype(np.uint8), bunch.target.astype(np.uint8))
    assert tool.packed(arrays) == tool.packed(arrays)
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    for name, array in {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}.items():
        np.testing.assert_array_equal(arrays[name], array)
