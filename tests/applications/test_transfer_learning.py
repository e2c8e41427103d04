"""Keras' way of transfer learning: a base that is frozen, a new head, then a few steps at a low rate.

The numbers are Keras' (tools/make_transfer_values.py).
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers
from convoscope.applications import EfficientNetLite0
from convoscope.engine.base import Engine
from convoscope.models.cloning import clone_model

VALUES: dict[str, Any] = json.loads((Path(__file__).parent / "transfer.json").read_text())


def _base() -> cs.Model:
    inputs = layers.Input(shape=(6, 6, 2))
    x = layers.Conv2D(3, 3, name="conv")(inputs)
    x = layers.BatchNormalization(momentum=0.8, name="norm")(x)
    x = layers.Dropout(0.5, name="drop")(layers.ReLU(name="relu")(x))
    return cs.Model(inputs, x, name="base")


def _headed(base: cs.Model, *augmentations: Any) -> cs.Model:
    inputs = x = layers.Input(shape=base.input_shape[1:])
    for augmentation in augmentations:
        x = augmentation(x)
    x = layers.GlobalAveragePooling2D()(base(x, training=False))
    return cs.Model(inputs, layers.Dense(2, name="head")(x))


def _compiled(model: cs.Model) -> cs.Model:
    model.compile(cs.optimizers.SGD(0.05), cs.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.mark.parametrize("way", VALUES)
@pytest.mark.parametrize("again", ["as it is", "cloned", "saved", "as JSON", "copied"])
def test_numbers_are_kerass(way: str, again: str, engine: Engine, tmp_path: Path) -> None:
    values = VALUES[way]
    model = _headed(_base())
    if again == "cloned":
        model = clone_model(model)
    elif again == "saved":
        model.save(tmp_path / "model.safetensors")
        model = cs.load_model(tmp_path / "model.safetensors")
    elif again == "as JSON":
        model = cs.models.model_from_json(model.to_json())
    elif again == "copied":
        model = copy.deepcopy(model)
    base = model.layers[1]
    model.set_weights([np.array(weight) for weight in values["first"]])
    base.trainable = way != "frozen"
    if way == "partly":
        base.get_layer("conv").trainable = False
    _compiled(model)
    assert len(model.trainable_weights) == values["trainable"]
    x, y = np.array(values["x"], np.float32), np.array(values["y"])
    losses = [float(model.train_on_batch(x, y)) for _ in range(3)]
    np.testing.assert_allclose(losses, values["losses"], rtol=1e-5)
    for ours, theirs in zip(model.get_weights(), values["last"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.predict(x, verbose=0), values["outputs"], rtol=1e-4, atol=1e-5)


def test_layers_called_for_prediction_stay_so(engine: Engine) -> None:
    """Each layer that does something else in training; what varies images has no other way to show it."""
    kinds = [
        layers.Dropout(0.9),
        layers.SpatialDropout2D(0.9),
        layers.GaussianNoise(0.9),
        layers.AlphaDropout(0.9),
        layers.RandomRotation(0.5),
        layers.RandomContrast(0.9),
        layers.RandomErasing((1.0, 1.0)),
        layers.RandomCrop(6, 6),
        layers.BatchNormalization(),
    ]
    x = np.random.default_rng(1).uniform(size=(8, 8, 8, 3)).astype(np.float32)
    for kind in kinds:
        inputs = layers.Input(shape=(8, 8, 3))
        layer = type(kind).from_config(kind.get_config())
        fixed = cs.Model(inputs, layer(inputs, training=False))
        free = cs.Model(inputs, layer(inputs))
        plain = fixed.predict(x, verbose=0)
        np.testing.assert_allclose(fixed.outputs_in_training([x])[0], plain, atol=1e-6)
        assert np.abs(free.outputs_in_training([x])[0] - plain).max() > 1e-3


def test_a_class_that_passes_training_on_trains() -> None:
    """``training=False`` where a `call` runs as in prediction is not one that was fixed."""

    class Net(cs.Model):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.free = layers.BatchNormalization(), layers.BatchNormalization()

        def call(self, x: Any, training: bool = False) -> Any:
            return self.free(self.norm(x, training=False), training=training)

    model = Net()
    x = np.random.default_rng(1).normal(3.0, 2.0, (32, 4)).astype(np.float32)
    model.compile(cs.optimizers.SGD(0.0), "mse")
    model.fit(x, x, epochs=1, verbose=0)
    fixed, free = model.norm.get_weights(), model.free.get_weights()
    assert (fixed[2] == 0).all()
    assert (free[2] != 0).all()


def test_a_pretrained_base(tmp_path: Path) -> None:
    """Keras' guide, on images of two colours."""
    generator = np.random.default_rng(0)
    y = np.arange(16) % 2
    x = generator.uniform(0, 80, (16, 64, 64, 3)).astype(np.float32)
    x[y == 1, ..., 0] += 150
    base = EfficientNetLite0(include_top=False, input_shape=(64, 64, 3))
    base.trainable = False
    before = base.get_weights()
    model = _headed(base, layers.RandomFlip("horizontal"))
    model.class_names = ["grey", "red"]
    _compiled(model)
    assert len(model.trainable_weights) == 2
    model.fit(x, y, epochs=6, batch_size=8, verbose=0)
    assert (model.predict(x, verbose=0).argmax(axis=1) == y).mean() == 1
    for ours, old in zip(base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, old)

    base.trainable = True
    model.compile(cs.optimizers.Adam(1e-5), cs.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=1, batch_size=8, verbose=0)
    norm = base.get_layer("block3a_bn")
    gamma, beta, mean, variance = before[(at := _index(base, norm)) : at + 4]
    assert not np.array_equal(norm.get_weights()[0], gamma)
    np.testing.assert_array_equal(norm.get_weights()[2], mean)
    np.testing.assert_array_equal(norm.get_weights()[3], variance)
    assert not np.array_equal(norm.get_weights()[1], beta)

    model.save(tmp_path / "model.safetensors")
    again = cs.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert again.class_names == ["grey", "red"]
    again.fit(x, y, epochs=1, verbose=0)
    np.testing.assert_array_equal(again.get_layer("block3a_bn").get_weights()[2], mean)

    # A new head on the base of a model that was trained is of other classes.
    other = cs.Model(model.input, layers.Dense(5)(model.layers[-2].output))
    assert other.class_names is None


def test_class_names_go_with_the_head() -> None:
    model = cs.Sequential([layers.Dense(4, input_shape=(3,)), layers.Dense(2)])
    model.class_names, model.origin = ["ants", "bees"], {"accuracy": 0.9}
    model.pop()
    model.add(layers.Dense(5))
    assert (model.class_names, model.rejection, model.origin) == (None, None, None)
    model.class_names = list("abcde")
    model.add(layers.Softmax())
    assert model.class_names == list("abcde")


def _index(base: cs.Model, layer: Any) -> int:
    counts = [len(each.get_weights()) for each in base.layers]
    return sum(counts[: base.layers.index(layer)])
