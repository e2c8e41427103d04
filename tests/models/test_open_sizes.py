"""Networks for images of any size: ``Input((None, None, 3))``."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    MaxPooling2D,
    UpSampling2D,
)
from convoscope.models import Model, Sequential, clone_model, load_model, model_from_json


def classifier(size: int | None = None) -> Sequential:
    first = Conv2D(4, 3, activation="relu", input_shape=(size, size, 3))
    layers = [first, MaxPooling2D(), BatchNormalization(), Dropout(0.1), Conv2D(3, 1), GlobalAveragePooling2D()]
    return Sequential([*layers, Dense(2)], seed=1)


def enlarging(size: int | None = None) -> Model:
    inputs = Input((size, size, 3))
    x = Conv2D(2, 3, padding="same")(inputs)
    return Model(inputs, Conv2D(1, 1)(UpSampling2D()(x + Conv2D(2, 1)(inputs))))


def images(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).random((4, height, width, 3), np.float32)


@pytest.mark.parametrize("make", [classifier, enlarging])
def test_each_size_is_computed_as_by_a_model_of_that_size(make: Any, engine: Engine) -> None:
    model = make()
    for size in (12, 16, 12, 9):
        fixed = make(size)
        fixed.set_weights(model.get_weights())
        x = images(size, size)
        np.testing.assert_array_equal(model.predict(x, verbose=0), fixed.predict(x, verbose=0))
        np.testing.assert_array_equal(model(x), fixed.predict_on_batch(x))
    assert model.predict(images(10, 14), verbose=0).shape[0] == 4


def test_shapes_are_shown_as_in_keras() -> None:
    model, graph = classifier(), enlarging()
    assert (model.input_shape, model.output_shape) == ((None, None, None, 3), (None, 2))
    assert (graph.input_shape, graph.output_shape) == ((None, None, None, 3), (None, None, None, 1))
    assert model.layers[1].output.shape == (None, None, None, 4)
    assert Input((None, 8, 1)).shape == (None, None, 8, 1)
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert "│ (None, None, None, 4)  │           112 │" in lines[0]
    assert "│ (None, 3)              │             0 │" in lines[0]


def test_it_trains_on_one_size_and_on_another() -> None:
    model, fixed = classifier(), classifier(10)
    fixed.set_weights(model.get_weights())
    for each in (model, fixed):
        each.compile("sgd", "mse")
        each.fit(images(10, 10), np.ones((4, 2)), epochs=2, verbose=0)
    for a, b in zip(model.get_weights(), fixed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.fit(images(14, 12), np.ones((4, 2)), verbose=0, validation_data=(images(14, 12), np.ones((4, 2))))
    assert np.isfinite(model.evaluate(images(20, 20), np.ones((4, 2)), verbose=0))


@pytest.mark.parametrize("make", [classifier, enlarging])
def test_files_copies_clones_and_json_leave_the_size_open(make: Any, tmp_path: Path) -> None:
    model, x = make(), images(11, 13)
    told = model.predict(x, verbose=0)
    model.save(tmp_path / "m.safetensors")
    for twin in (load_model(tmp_path / "m.safetensors"), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin.predict(x, verbose=0), told)
        assert twin.predict(images(9, 9), verbose=0).shape[0] == 4
    for twin in (clone_model(model), model_from_json(model.to_json())):
        assert twin.input_shape == (None, None, None, 3)
        twin.set_weights(model.get_weights())
        np.testing.assert_array_equal(twin.predict(x, verbose=0), told)


def test_within_a_model_of_a_fixed_size_its_size_is_settled() -> None:
    base, inputs = enlarging(), Input((6, 8, 3))
    model = Model(inputs, Dense(2)(Flatten()(base(inputs))))
    assert model.output_shape == (None, 2)
    assert model.predict(images(6, 8), verbose=0).shape == (4, 2)
    assert base.predict(images(5, 5), verbose=0).shape == (4, 10, 10, 1)
    around = Model(size := Input((None, None, 3)), GlobalAveragePooling2D()(base(size)))
    assert around.predict(images(5, 7), verbose=0).shape == (4, 1)


def test_weights_that_depend_on_the_size_are_refused_before_they_are_made() -> None:
    words = r"Dense 'dense.*its number of weights depends on the size left open.*GlobalAveragePooling2D"
    with pytest.raises(ShapeError, match=words):
        Sequential([Input((None, None, 3)), Flatten(), Dense(1000)])
    with pytest.raises(ShapeError, match=words):
        Dense(1000)(Flatten()(Input((None, None, 3))))
    base, inputs = enlarging(), Input((None, None, 3))
    with pytest.raises(ShapeError, match=words):
        Dense(3)(Flatten()(base(inputs)))


def test_what_the_size_cannot_be_is_said() -> None:
    with pytest.raises(ShapeError, match=r"takes inputs of shape \(None, None, None, 3\), but got \(None, 8, 8, 1\)"):
        classifier().predict(np.zeros((1, 8, 8, 1)), verbose=0)
    with pytest.raises(ShapeError, match=r"a window of 3×3 does not fit into 2×2 pixels"):
        classifier().predict(np.zeros((1, 2, 2, 3)), verbose=0)
    with pytest.raises(ConfigurationError, match="every axis needs a size"):
        Input((8, 8, None))
    with pytest.raises(ConfigurationError, match="every axis needs a size"):
        Input((None,))


def test_a_block_of_yours_takes_any_size_too() -> None:
    class Block(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.conv = Conv2D(3, 3, padding="same")

        def call(self, x: Any) -> Any:
            return self.conv(x) + x

    inputs = Input((None, None, 3))
    model = Model(inputs, Block()(inputs))
    assert model.output_shape == (None, None, None, 3)
    assert model.predict(images(5, 6), verbose=0).shape == (4, 5, 6, 3)
