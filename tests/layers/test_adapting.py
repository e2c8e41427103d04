"""Normalization finds mean and variance in data, whatever way the data comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convoscope as cs
from convoscope.errors import ConfigurationError, DataError, ShapeError
from convoscope.layers import Normalization

X = np.random.default_rng(0).normal(3, 2, (40, 5, 4, 3))


def batches() -> Iterator[tuple[npt.NDArray[Any], None]]:
    for start in (0, 7, 25):
        yield X[start : {0: 7, 7: 25, 25: 40}[start]], None


@pytest.mark.parametrize(
    "data",
    [lambda: X, lambda: X.astype(np.float32), lambda: [X[:1], X[1:]], batches],
    ids=["all", "single", "list", "pairs"],
)
@pytest.mark.parametrize(("axis", "kept"), [(-1, (3,)), (None, ()), ((1, 3), (1, 3)), ([1, 2, 3], (1, 2, 3))])
def test_mean_and_variance_are_those_of_numpy(data: Callable[[], Any], axis: Any, kept: tuple[int, ...]) -> None:
    layer = Normalization(axis)
    layer.adapt(data())
    reduced = tuple(set(range(4)) - set(kept))
    mean, variance, count = layer.get_weights()
    np.testing.assert_allclose(mean, X.mean(axis=reduced), rtol=1e-5)
    np.testing.assert_allclose(variance, X.var(axis=reduced), rtol=1e-5)
    assert count.shape == ()


def test_a_model_sees_what_its_layer_adapts_to_and_keeps_it_in_its_file(tmp_path: Path) -> None:
    layer = Normalization()
    model = cs.Sequential([cs.Input((5, 4, 3)), layer])
    np.testing.assert_allclose(model.predict(X), X, rtol=1e-6)  # not adapted yet
    layer.adapt(X)
    found = model.predict(X)
    np.testing.assert_allclose(found.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=(0, 1, 2)), 1, rtol=1e-5)
    model.save(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(cs.load_model(tmp_path / "model.safetensors").predict(X), found)


def test_training_leaves_what_was_found() -> None:
    layer = Normalization()
    layer.adapt(X)
    before = layer.get_weights()
    model = cs.Sequential([cs.Input((5, 4, 3)), layer, cs.layers.Flatten(), cs.layers.Dense(1)], seed=1)
    model.compile("sgd", "mean_squared_error")
    model.fit(X, np.zeros((40, 1)), epochs=1, verbose=0)
    for now, then in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Normalization(mean=0, variance=1).adapt(X), ConfigurationError, "cannot be adapted"),
        (lambda: Normalization().adapt([]), DataError, "empty"),
        (lambda: Normalization().adapt(np.zeros((0, 3))), DataError, "empty"),
        (lambda: Normalization().adapt(5), DataError, "an array, or batches of arrays"),
        (lambda: Normalization().adapt(["a"]), DataError, "arrays of numbers"),
        (lambda: Normalization().adapt(np.zeros(3)), ShapeError, "samples along the first axis"),
        (lambda: Normalization().adapt(np.full((2, 3), np.nan)), DataError, "not finite"),
        (lambda: Normalization().adapt([np.zeros((2, 3)), np.zeros((2, 4))]), ShapeError, r"built for .*\(3,\)"),
    ],
)
def test_data_that_cannot_be_adapted_to_is_refused(
    make: Callable[[], None], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        make()
