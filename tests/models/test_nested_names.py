"""Names in models that stand in models: which layer is meant, and which one a message is about."""

from __future__ import annotations

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, DataError, ShapeError, UnknownNameError
from convoscope.layers import Add, Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input
from convoscope.models import Model, Sequential


def encoder(name: str, filters: int = 2) -> Sequential:
    layers = [Conv2D(filters, 3, name="conv2d"), Flatten(), Dense(3, name="dense")]
    return Sequential([Input((4, 4, 1)), *layers], name=name)


def two_encoders() -> Model:
    left, right = Input((4, 4, 1), name="left"), Input((4, 4, 1), name="right")
    return Model([left, right], Dense(2, name="dense")(Add()([encoder("first")(left), encoder("second", 5)(right)])))


def test_a_name_in_the_model_itself_comes_before_those_within() -> None:
    model = two_encoders()
    assert model.get_layer("dense") is model.layers[-1]
    assert model.get_layer("first").get_layer("dense") is model.get_layer("first/dense")
    assert model.get_layer("first/dense") is not model.get_layer("dense")


def test_a_name_that_several_inner_models_have_must_say_which() -> None:
    model = two_encoders()
    with pytest.raises(
        ConfigurationError, match=r"'conv2d'\. Use one of the full names: 'first/conv2d', 'second/conv2d'"
    ):
        model.get_layer("conv2d")
    assert model.get_layer("second/conv2d").weights[0].shape == (3, 3, 1, 5)


def test_a_name_that_one_inner_model_has_is_found_at_any_depth() -> None:
    inner = encoder("encoder")
    middle = Sequential([inner, Dense(3, name="own")], name="middle")
    model = Sequential([middle, Dense(2)])
    assert model.get_layer("conv2d") is inner.layers[0]
    assert model.get_layer("middle/encoder/conv2d") is inner.layers[0]
    with pytest.raises(UnknownNameError, match=r"no layer in model 'sequential' named 'conv2'. Did you mean"):
        model.get_layer("conv2")


def test_a_layer_that_two_inner_models_share_is_one_layer() -> None:
    first = encoder("first")
    second = Sequential([Input((4, 4, 1)), first.layers[0], GlobalAveragePooling2D()], name="second")
    x = Input((4, 4, 1))
    model = Model(x, Add()([Dense(2)(first(x)), second(x)]))
    assert model.get_layer("conv2d") is first.layers[0]
    assert len(model.weights) == 6


def test_a_model_called_twice_has_one_name_and_its_weights_once() -> None:
    x, inner = Input((4, 4, 1)), Sequential([Input((4, 4, 1)), Conv2D(1, 3, padding="same")], name="inner")
    model = Model(x, inner(inner(x)))
    assert [layer.name for layer in model.layers] == ["input_layer", "inner"]
    assert len(model.weights) == 2
    assert model.get_layer("conv2d") is inner.layers[0]


def test_names_are_numbered_in_the_order_in_which_layers_were_made() -> None:
    """As in Keras, where the order of the weights is another."""
    x = Input((4,))
    last, first = Dense(4), Dense(4)
    model = Model(x, last(first(x)))
    assert [layer.name for layer in model.layers] == ["input_layer", "dense_1", "dense"]
    assert (first.name, last.name) == ("dense_1", "dense")


def test_messages_say_which_of_two_layers_of_one_name() -> None:
    model = two_encoders()
    assert model.get_layer("second/conv2d").describe() == "Conv2D 'second/conv2d'"
    assert model.layers[-1].describe() == "Dense 'dense'"
    weights = model.get_weights()
    place = next(n for n, weight in enumerate(weights) if weight.shape == (3, 3, 1, 5))
    weights[place] = np.zeros((3, 3, 1, 4))
    with pytest.raises(ShapeError, match=r"Conv2D 'second/conv2d', kernel: expected shape \(3, 3, 1, 5\)"):
        model.set_weights(weights)


def test_what_cannot_be_saved_is_named_with_its_model(tmp_path: pytest.TempPathFactory) -> None:
    model = two_encoders()
    model.get_layer("second/dense").weights[1][0] = np.nan
    with pytest.raises(DataError, match="Dense 'second/dense' has weights that are not finite"):
        model.save(f"{tmp_path}/model.safetensors")


def test_a_model_cannot_stand_in_itself_however_deep() -> None:
    outer, inner = Sequential(name="outer"), Sequential(name="inner")
    outer.add(inner)
    with pytest.raises(ConfigurationError, match=r"is model 'inner' within 'outer'\. A model cannot contain itself"):
        inner.add(outer)
    with pytest.raises(ConfigurationError, match="is model 'inner' itself"):
        inner.add(inner)
