"""Predictions in one call of the engine, which looks at values as it reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers
from convoscope.errors import DataError

Way = Callable[[cs.Model, Any], Any]
WAYS: dict[str, Way] = {
    "predict": lambda model, x: model.predict(x, verbose=0),
    "predict_on_batch": lambda model, x: model.predict_on_batch(x),
    "call": lambda model, x: model(x),
}


@pytest.fixture(autouse=True, params=["native", "reference"])
def _engine(request: pytest.FixtureRequest) -> Iterator[None]:
    before = cs.engine.current().name
    cs.use_engine(request.param)
    yield
    cs.use_engine(before)


@pytest.fixture
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


def a_model() -> cs.Model:
    return cs.Sequential(
        [layers.Input((6, 6, 2)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(3)]
    )


@pytest.mark.parametrize("way", WAYS, indirect=True)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("count", [1, 2, 70])
def test_a_value_that_is_not_finite_is_refused_with_its_place(way: Way, value: float, count: int) -> None:
    model = a_model()
    x = np.random.default_rng(0).random((count, 6, 6, 2), np.float32)
    expected = np.asarray(way(model, x))
    sample = count - 1
    for place in ((0, 0, 0), (5, 5, 1)):
        wrong = x.copy()
        wrong[(sample, *place)] = value
        with pytest.raises(DataError, match=f"first in sample {sample} of {count}"):
            way(model, wrong)
    np.testing.assert_array_equal(np.asarray(way(model, x)), expected)


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_values_under_a_relu_do_not_hide_one_that_is_not_finite(way: Way) -> None:
    """What comes out may be finite all the same: minus infinity becomes zero."""
    model = cs.Sequential([layers.Input((4,)), layers.ReLU()])
    x = np.zeros((3, 4), np.float32)
    x[1, 2] = -np.inf
    with pytest.raises(DataError, match=r"an infinite value, first in sample 1 of 3"):
        way(model, x)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.longdouble])
def test_numbers_of_other_types_are_looked_at_too(dtype: type) -> None:
    model = a_model()
    x = np.zeros((3, 6, 6, 2), dtype)
    model.predict(x, verbose=0)
    x[2, 3, 3, 1] = np.nan
    with pytest.raises(DataError, match=r"NaN .*in sample 2 of 3"):
        model.predict(x, verbose=0)
    if dtype != np.float16:
        x[2, 3, 3, 1] = 1e39
        with pytest.raises(DataError, match="in sample 2 of 3"):
            model.predict(x, verbose=0)


def test_every_input_is_looked_at_and_named() -> None:
    left, right = layers.Input((3,), name="left"), layers.Input((2,), name="right")
    model = cs.Model([left, right], layers.Concatenate()([layers.Dense(2)(left), layers.Dense(2)(right)]))
    x = [np.zeros((5, 3), np.float32), np.zeros((5, 2), np.float32)]
    assert model.predict(x, verbose=0).shape == (5, 4)
    for number, name in enumerate(("left", "right")):
        wrong = [each.copy() for each in x]
        wrong[number][4, 1] = np.nan
        with pytest.raises(DataError, match=rf"input '{name}': x contains NaN .*in sample 4 of 5"):
            model.predict(wrong, verbose=0)


def test_an_input_that_is_an_output_is_looked_at() -> None:
    entry = layers.Input((3,))
    model = cs.Model(entry, [entry, layers.Dense(2)(entry)])
    x = np.ones((4, 3), np.float32)
    np.testing.assert_array_equal(model.predict(x, verbose=0)[0], x)
    x[3, 0] = np.inf
    with pytest.raises(DataError, match="in sample 3 of 4"):
        model.predict(x, verbose=0)
