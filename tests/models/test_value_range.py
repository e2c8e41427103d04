"""Images with values that a model was not trained on are refused, and those that may be meant are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.errors import DataError

BYTES = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), np.uint8)


def model(max_value: float | None) -> cs.Sequential:
    made = cs.Sequential([cs.Input((4, 4, 1)), cs.layers.Flatten(), cs.layers.Dense(2, activation="softmax")])
    made.compile("sgd", "sparse_categorical_crossentropy")
    made.preprocessing = None if max_value is None else cs.Preprocessing(4, channels=1, max_value=max_value).as_dict()
    return made


@pytest.mark.parametrize(
    ("max_value", "x", "line"),
    [
        (255, BYTES / 255, r"predict\(x \* 255\)"),
        (255, BYTES / np.float32(255), r"predict\(x \* 255\)"),
        (255, BYTES / 127.5 - 1, r"predict\(\(x \+ 1\) \* 127\.5\)"),
        (255, (BYTES - 120.0) / 70, r"predict\(x \* std \+ mean\)"),
        (16, BYTES / 255, r"predict\(x \* 16\)"),
        (16, BYTES, r"predict\(x \* \(16 / 255\)\)"),
        (1, BYTES, r"predict\(x / 255\)"),
        (1, BYTES.astype(np.float32), r"predict\(x / 255\)"),
        (255, BYTES.astype(np.uint16) * 257, r"predict\(x \* \(255 / 65535\)\)"),
    ],
)
def test_values_of_another_range_are_refused_with_the_line_to_write(max_value: float, x: Any, line: str) -> None:
    with pytest.raises(DataError, match=line):
        model(max_value).predict(x, verbose=0)
    with pytest.raises(DataError, match=line.replace("predict", "evaluate")):
        model(max_value).evaluate(x, np.zeros(5), verbose=0)


@pytest.mark.parametrize(
    ("max_value", "x"),
    [
        (255, BYTES),
        (255, BYTES.astype(np.float32)),
        (255, np.zeros((2, 4, 4, 1), np.float32)),  # black
        (255, np.ones((2, 4, 4, 1))),  # nearly
        (255, np.zeros((2, 4, 4, 1), np.uint8)),
        (255, np.full((1, 4, 4, 1), 1, np.uint8)),
        (255, np.full((1, 4, 4, 1), 3.5)),  # one dark image
        (255, BYTES + np.random.default_rng(1).normal(0, 40, BYTES.shape)),  # noise was added
        (16, BYTES / 255 * 16),
        (16, np.full((1, 4, 4, 1), 17, np.uint8)),
        (1, BYTES / 255),
        (1, BYTES / 255 + np.random.default_rng(1).normal(0, 0.5, BYTES.shape)),
        (1, BYTES > 99),
        (None, BYTES),
        (None, BYTES / 255),
        (None, BYTES * 1e6),
    ],
)
def test_what_may_be_meant_is_predicted(max_value: float | None, x: Any) -> None:
    assert model(max_value).predict(x, verbose=0).shape == (len(x), 2)


def test_nothing_is_said_of_what_is_not_an_array_or_not_known() -> None:
    other = model(255)
    assert other.predict(cs.data.Dataset.from_tensor_slices(BYTES / 255).batch(2), verbose=0).shape == (5, 2)
    other.preprocessing = {"scale": 1 / 255}
    assert other.predict(BYTES / 255, verbose=0).shape == (5, 2)
