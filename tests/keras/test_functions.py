"""Activation functions of arrays and symbols, and what a subclass may call its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convoscope as tf
from convoscope import activations, keras, layers, nn

X = np.linspace(-2, 2, 12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize("name", sorted(activations.BY_NAME))
def test_an_activation_computes_on_arrays_and_is_a_layer_on_symbols(name: str) -> None:
    function = keras.activations.get(name)
    np.testing.assert_array_equal(function(X).numpy(), activations.BY_NAME[name](X))
    model = keras.Model(inputs := keras.Input((4,)), function(inputs))
    np.testing.assert_allclose(model.predict(X, verbose=0), function(X), rtol=1e-5, atol=1e-6)
    assert layers.Dense(2, activation=function).get_config()["activation"] == keras.activations.serialize(function)


def test_a_softmax_of_predictions_has_numpy() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    shares = tf.nn.softmax(model(X)).numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert loss([0, 1, 2], model(X)).numpy() > 0
    assert nn.relu([-1.0, 2.0]).dtype == np.float32


def test_a_subclass_calls_functions_and_keeps_names_of_its_own() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = layers.Dense(5), layers.Dense(2)
            self.loss: Any = []

        def call(self, x: Any) -> Any:
            return tf.nn.softmax(self.second(tf.nn.relu(self.first(x))))

    model = Own()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, [0, 1, 0], verbose=0)
    assert model.loss == []
    np.testing.assert_allclose(model.predict(X, verbose=0).sum(axis=1), 1, rtol=1e-6)


def test_arguments_by_tensorflows_names() -> None:
    assert tf.reduce_sum(input_tensor=X, axis=0).shape == (4,)
    assert tf.clip_by_value(t=X, clip_value_min=-1, clip_value_max=1).max() == 1
    assert tf.transpose(a=X).shape == (4, 3)
