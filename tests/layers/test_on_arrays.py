"""A layer called on an array computes at once, as layers of Keras do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers
from convoscope.errors import DataError, ShapeError
from convoscope.tensors import Tensor
from convoscope.utils import set_random_seed

X = np.random.default_rng(0).random((4, 8, 8, 3), np.float32)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Rescaling(1 / 255),
        layers.Conv2D(2, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        layers.Flatten(),
        layers.Resizing(5, 4),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_makes_of_an_array_what_a_model_of_it_predicts(layer: Any) -> None:
    found = layer(X)
    assert isinstance(found, Tensor)
    np.testing.assert_array_equal(found.numpy(), cs.Sequential([layer]).predict(X, verbose=0))


def test_weights_are_made_once() -> None:
    layer = layers.Dense(3)
    first = layer(X.reshape(4, -1))
    np.testing.assert_array_equal(layer(X.reshape(4, -1)), first)
    with pytest.raises(ShapeError, match="was built for inputs of shape"):
        layer(X.reshape(8, -1))


def test_augmentation_varies_images_at_once_and_anew() -> None:
    layer = layers.RandomTranslation(0.3, 0.3)
    first, second = layer(X), layer(X)
    assert not np.array_equal(first, X)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(layer(X, training=False), X)
    assert layer(X[0]).shape == (8, 8, 3)  # one image


def test_what_is_drawn_follows_from_the_seed() -> None:
    drawn = []
    for _ in range(2):
        set_random_seed(3)
        drawn.append(layers.RandomTranslation(0.3, 0.3)(X))
    np.testing.assert_array_equal(*drawn)


def test_a_model_of_augmentation_alone_varies_and_predicts_without() -> None:
    model = cs.Sequential([layers.RandomTranslation(0.3, 0.3), layers.RandomZoom(0.3)])
    assert not np.array_equal(model(X), X)
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)


def test_a_model_called_in_training_drops_and_else_predicts() -> None:
    model = cs.Sequential([layers.Input((8, 8, 3)), layers.RandomZoom(0.3), layers.Dropout(0.5), layers.Dense(4)])
    np.testing.assert_array_equal(model(X), model.predict(X, verbose=0))
    assert not np.array_equal(model(X, training=True), model(X))


def test_several_arrays_go_into_a_layer_that_joins() -> None:
    np.testing.assert_array_equal(layers.add([X, X]), 2 * X)
    assert layers.concatenate([X, X]).shape == (4, 8, 8, 6)


def test_integers_are_taken_as_numbers() -> None:
    np.testing.assert_array_equal(layers.Rescaling(2)(np.ones((2, 3), np.uint8)), np.full((2, 3), 2, np.float32))


@pytest.mark.parametrize("wrong", ["image", object(), 3, [None]], ids=["text", "object", "number", "None"])
def test_something_else_is_refused_in_words(wrong: Any) -> None:
    with pytest.raises(DataError, match="was called on"):
        layers.Dense(3)(wrong)
