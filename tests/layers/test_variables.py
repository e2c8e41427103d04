"""Weights as Keras' programs hold them: arrays with `numpy()`, `assign` and a name; and older words for shapes."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers import BatchNormalization, Conv2D, Dense, Flatten, Input, SeparableConv2D
from convoscope.layers.variables import Variable
from convoscope.models import Model, Sequential
from convoscope.tensors import Tensor


def model() -> Sequential:
    return Sequential(
        [Input((4, 4, 1)), Conv2D(2, 3, name="conv"), BatchNormalization(name="norm"), Flatten(), Dense(3)]
    )


def test_weights_are_arrays_and_variables() -> None:
    layer = model().layers[0]
    kernel, bias = layer.weights
    assert kernel is layer.kernel is layer.variables[0] is layer.trainable_variables[0]
    assert isinstance(kernel, np.ndarray)
    assert isinstance(kernel, Variable)
    assert (kernel.name, kernel.path, kernel.shape, kernel.dtype) == ("kernel", "conv/kernel", (3, 3, 1, 2), "float32")
    assert type(kernel.numpy()) is np.ndarray
    assert type(kernel.value) is Tensor
    assert (bias.name, layer.bias is bias) == ("bias", True)
    assert (layer.dtype, layer.built, layer.count_params()) == ("float32", True, 20)


def test_assigning_changes_what_the_model_predicts() -> None:
    net, x = model(), np.ones((1, 4, 4, 1))
    before = net.predict(x, verbose=0)
    net.layers[0].kernel.assign(np.zeros((3, 3, 1, 2)))
    net.layers[0].bias.assign(0.0)
    after = net.predict(x, verbose=0)
    assert not np.array_equal(after, before)
    np.testing.assert_array_equal(after[0], net.layers[-1].bias)
    net.layers[-1].bias.assign_add([1, 2, 3])
    net.layers[-1].bias.assign_sub(np.float32(1))
    np.testing.assert_array_equal(net.predict(x, verbose=0)[0], [0, 1, 2])
    net.layers[-1].bias += 1
    np.testing.assert_array_equal(net.predict(x, verbose=0)[0], [1, 2, 3])


def test_training_changes_the_variables_that_somebody_holds() -> None:
    net = model()
    kernel, before = net.trainable_variables[0], net.get_weights()[0]
    net.compile("adam", "mse")
    net.fit(np.random.default_rng(0).random((8, 4, 4, 1)), np.ones((8, 3)), verbose=0)
    assert not np.array_equal(kernel.numpy(), before)
    np.testing.assert_array_equal(kernel, net.get_weights()[0])
    assert (net.metrics_names, net.reset_states()) == (["loss"], None)


def test_what_is_assigned_must_fit() -> None:
    kernel = model().layers[0].kernel
    with pytest.raises(ShapeError, match=r"conv/kernel: its shape is \(3, 3, 1, 2\), but got an array of shape \(2,\)"):
        kernel.assign([1, 2])
    with pytest.raises(ConfigurationError, match="conv/kernel: a weight is set from an array"):
        kernel.assign("zeros")


def test_what_is_computed_with_a_weight_is_an_array() -> None:
    kernel = model().layers[0].kernel
    for made in (kernel + 1, kernel[0], np.abs(kernel), kernel.reshape(-1), kernel.mean(axis=0)):
        assert isinstance(made, np.ndarray)
        assert not hasattr(made, "path") or made.path == "array"
        assert made.numpy().shape == made.shape
    assert isinstance(kernel.sum().numpy(), np.float32)
    assert repr(kernel[0, 0]).startswith("array([[")


def test_variables_follow_the_layer_that_is_frozen() -> None:
    net = model()
    net.layers[0].trainable = False
    assert [v.path for v in net.trainable_variables] == ["norm/gamma", "norm/beta", "dense/kernel", "dense/bias"]
    assert [v.path for v in net.non_trainable_variables][:2] == ["conv/kernel", "conv/bias"]
    assert len(net.variables) == len(net.weights) == 8


def test_weights_by_their_names() -> None:
    norm = model().get_layer("norm")
    assert [w.name for w in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)] == [
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
    ]
    separable = SeparableConv2D(2, 3, use_bias=False, input_shape=(4, 4, 1))
    Sequential([separable])
    assert (separable.depthwise_kernel.shape, separable.bias) == ((3, 3, 1, 1), None)
    with pytest.raises(AttributeError, match="no weights yet"):
        Dense(3).kernel  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'kernal'"):
        separable.kernal  # noqa: B018


def test_copies_have_variables_of_their_own() -> None:
    layer = model().layers[0]
    kernel = layer.kernel
    for twin in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        twin.kernel.assign(0)
        assert twin.kernel.path == "conv/kernel"
        assert np.any(kernel)
        assert not np.any(twin.get_weights()[0])


def test_what_a_model_makes_of_data_has_numpy() -> None:
    net, x = model(), np.ones((2, 4, 4, 1), np.float32)
    made = net(x)
    assert (type(made), type(net.predict(x, verbose=0)), type(net.predict_on_batch(x))) == (
        Tensor,
        np.ndarray,
        np.ndarray,
    )
    assert type(made.numpy()) is np.ndarray
    np.testing.assert_array_equal(net(x, training=False)[0].numpy(), net.predict(x, verbose=0)[0])
    several = Model(net.inputs, [layer.output for layer in net.layers])(x)
    assert [each.numpy().shape for each in several] == [(2, *layer.output.shape[1:]) for layer in net.layers]


# ---- older words


def test_older_words_for_the_inputs_shape() -> None:
    assert Sequential([Dense(3, input_dim=5)]).input_shape == (None, 5)
    assert Sequential([Conv2D(3, 3, batch_input_shape=(None, 8, 8, 1))]).input_shape == (None, 8, 8, 1)
    assert Sequential([Conv2D(3, 3, input_shape=(8, 8, 1), batch_size=32)]).input_shape == (None, 8, 8, 1)
    assert Dense(3, input_dim=5).get_config()["input_shape"] == [5]
    with pytest.raises(ConfigurationError, match="given more than once"):
        Dense(3, input_dim=5, input_shape=(5,))
    with pytest.raises(ConfigurationError, match="input_dim must be"):
        Dense(3, input_dim="five")
    with pytest.raises(ConfigurationError, match="batch axis first"):
        Dense(3, batch_input_shape=(5,))


def test_first_weights_are_given_to_a_layer() -> None:
    kernel, bias = np.arange(6.0).reshape(2, 3), np.array([7.0, 8.0, 9.0])
    layer = Dense(3, weights=[kernel, bias], input_shape=(2,))
    Sequential([layer])
    np.testing.assert_array_equal(layer.kernel, kernel)
    np.testing.assert_array_equal(layer.bias, bias)
    assert "weights" not in layer.get_config()
    with pytest.raises(ShapeError, match=r"takes 2 weights \(kernel \(4, 3\)"):
        Sequential([Dense(3, weights=[kernel, bias], input_shape=(4,))])
