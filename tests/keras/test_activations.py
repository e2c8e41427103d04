"""Activation functions take symbols as well as arrays, with the options that Keras and TensorFlow have for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convoscope as tf
from convoscope import keras, nn
from convoscope.keras import activations, layers, ops
from convoscope.tensors import Tensor

X = np.linspace(-4, 8, 2 * 3 * 3 * 2, dtype=np.float32).reshape(2, 3, 3, 2)


@pytest.mark.parametrize("name", [*nn.__all__, "linear", "exponential"])
def test_a_function_computes_on_a_symbol_what_it_computes_on_an_array(name: str) -> None:
    function = getattr(activations, name)
    x = keras.Input((3, 3, 2))
    on_symbol = keras.Model(x, function(x)).predict(X, verbose=0)
    assert isinstance(function(X), Tensor)
    np.testing.assert_allclose(on_symbol, function(X), rtol=1e-5, atol=1e-6)
    assert layers.Dense(2, activation=function).get_config()["activation"] == layers.Activation(name).activation


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: activations.relu(x, max_value=6.0), np.clip(X, 0, 6)),
        (lambda x: activations.relu(x, 0.5, threshold=1.0), np.where(X >= 1, X, 0.5 * (X - 1))),
        (lambda x: tf.nn.leaky_relu(x, alpha=0.1), np.where(X > 0, X, 0.1 * X)),
        (lambda x: ops.leaky_relu(x, 0.4), np.where(X > 0, X, 0.4 * X)),
        (lambda x: tf.nn.elu(x, alpha=2.0), np.where(X > 0, X, 2 * np.expm1(np.minimum(X, 0)))),
    ],
)
def test_options_mean_the_same_for_both(call: Any, expected: Any) -> None:
    x = keras.Input((3, 3, 2))
    np.testing.assert_allclose(call(X), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(keras.Model(x, call(x)).predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_lists_and_whole_numbers_become_float32() -> None:
    assert tf.nn.relu([-1, 2]).numpy().tolist() == [0.0, 2.0]
    assert tf.nn.softmax([[0.0, 1.0], [0.0, 1.0]], axis=0).numpy().tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert tf.nn.leaky_relu(np.array([-10, 3])).dtype == np.float32


def test_a_custom_layer_finds_its_activation_by_name() -> None:
    class Block(layers.Layer):  # type: ignore[misc, valid-type, name-defined]
        def __init__(self, activation: Any = None, **options: Any) -> None:
            super().__init__(**options)
            self.scale = layers.Rescaling(2.0)
            self.activation = activations.get(activation)

        def call(self, inputs: Any) -> Any:
            return tf.nn.relu(self.activation(self.scale(inputs)))

    x = keras.Input((3, 3, 2))
    found = keras.Model(x, Block("tanh")(x)).predict(X, verbose=0)
    np.testing.assert_allclose(found, np.maximum(np.tanh(2 * X), 0), rtol=1e-5, atol=1e-6)
    assert activations.serialize(activations.get("swish")) == "silu"


def test_the_name_given_is_the_layers() -> None:
    assert tf.nn.relu(keras.Input((2,)), name="act").name == "act"
