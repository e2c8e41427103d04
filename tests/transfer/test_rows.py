"""Some of many images, without a copy of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope.layers import Conv2D, Dense, Flatten, Input
from convoscope.models import Sequential
from convoscope.transfer.rows import Batches, Rows


class Asked(np.ndarray[Any, Any]):
    """Images that note how many of them were copied at once."""

    most = 0

    def __getitem__(self, which: Any) -> Any:
        found = super().__getitem__(which)
        if isinstance(which, np.ndarray):
            Asked.most = max(Asked.most, len(found))
        return found


def test_predictions_are_those_of_arrays_and_few_images_are_copied_at_once() -> None:
    images = np.random.default_rng(0).integers(0, 256, (70, 12, 12, 3), np.uint8)
    model = Sequential([Input((12, 12, 3)), Conv2D(4, 3, activation="relu"), Flatten(), Dense(3)], seed=5)
    chosen = np.flatnonzero(np.arange(70) % 5)[::-1]
    found = model.predict(Batches(Rows(images.view(Asked), chosen), 16), verbose=0)
    np.testing.assert_array_equal(found, model.predict(images[chosen], verbose=0))
    assert Asked.most == 16


def test_rows_of_rows_are_rows_of_the_whole() -> None:
    images = np.arange(24).reshape(12, 2)
    some = Rows(Rows(images, np.arange(0, 12, 2)), np.array([5, 0]))
    assert (some.shape, len(some)) == ((2, 2), 2)
    np.testing.assert_array_equal(list(some), images[[10, 0]])
    np.testing.assert_array_equal(some[np.array([1])], images[[0]])
