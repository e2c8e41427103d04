"""Transfer learning as published programs write it, with weights drawn at random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as tf
from convoscope import keras
from convoscope.keras import layers


@pytest.fixture
def images() -> tuple[Any, Any]:
    y = np.arange(12) % 2
    x = np.random.default_rng(1).uniform(0, 100, (12, 48, 48, 3)).astype(np.float32)
    x[y == 1] += 150
    return x, y


def test_features_of_a_base_first(images: Any) -> None:
    """Deep Learning with Python, 8.3.1: features and a classifier of their own."""
    conv_base = keras.applications.vgg16.VGG16(weights=None, include_top=False, input_shape=(48, 48, 3))
    x, y = images
    features = conv_base.predict(keras.applications.vgg16.preprocess_input(x), verbose=0)
    assert features.shape == (12, 1, 1, 512)
    inputs = keras.Input(shape=(1, 1, 512))
    hidden = layers.Dropout(0.5)(layers.Dense(16)(layers.Flatten()(inputs)))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
    assert model.fit(features, y, epochs=1, verbose=0).epoch == [0]


def test_a_base_within_a_model(images: Any, tmp_path: Path) -> None:
    """The same book: augmentation, the preparation and the base in one model, and its last layers trained."""
    conv_base = keras.applications.vgg16.VGG16(weights=None, include_top=False)
    conv_base.trainable = False
    assert len(conv_base.trainable_weights) == 0
    augmentation = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)])
    inputs = keras.Input(shape=(48, 48, 3))
    x = keras.applications.vgg16.preprocess_input(augmentation(inputs))
    x = layers.Dense(8)(layers.Flatten()(conv_base(x)))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
    before = conv_base.get_weights()
    model.fit(*images, epochs=1, verbose=0)
    for ours, old in zip(conv_base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, old)

    conv_base.trainable = True
    for layer in conv_base.layers[:-4]:
        layer.trainable = False
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.RMSprop(learning_rate=1e-5))
    model.fit(*images, epochs=1, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(conv_base.get_weights(), before, strict=True)]
    assert changed == [False] * 20 + [True] * 6
    model.save(tmp_path / "model.keras.safetensors")
    again = tf.keras.models.load_model(tmp_path / "model.keras.safetensors")
    np.testing.assert_array_equal(again.predict(images[0], verbose=0), model.predict(images[0], verbose=0))


def test_a_base_in_a_stack(images: Any) -> None:
    """The book's first edition: the base is the first layer of a stack, and learns from its last block on."""
    conv_base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(48, 48, 3))
    model = keras.models.Sequential()
    model.add(conv_base)
    model.add(layers.Flatten())
    model.add(layers.Dense(1, activation="sigmoid"))
    set_trainable = False
    for layer in conv_base.layers:
        if layer.name == "block5_conv1":
            set_trainable = True
        layer.trainable = set_trainable
    assert len(model.trainable_weights) == 8
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.RMSprop(learning_rate=1e-5), metrics=["acc"])
    model.fit(*images, epochs=1, verbose=0)


def test_a_head_on_the_bases_output(images: Any) -> None:
    """Hands-On Machine Learning, 14: Model(inputs=base.input, outputs=output), labels as numbers."""
    base_model = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(48, 48, 3))
    avg = keras.layers.GlobalAveragePooling2D()(base_model.output)
    output = keras.layers.Dense(2, activation="softmax")(avg)
    model = keras.models.Model(inputs=base_model.input, outputs=output)
    for layer in base_model.layers:
        layer.trainable = False
    optimizer = keras.optimizers.SGD(learning_rate=0.2, momentum=0.9)
    model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    prepared = keras.applications.resnet50.preprocess_input(images[0])
    model.fit(prepared, images[1], epochs=1, verbose=0)
    assert model.predict(prepared, verbose=0).shape == (12, 2)


def test_a_head_on_an_inner_layer(images: Any, tmp_path: Path) -> None:
    """A course of TensorFlow's: weights from a file, a layer in the middle, and a new end behind it."""
    from convoscope.keras.applications.inception_v3 import InceptionV3

    local_weights_file = str(tmp_path / "inception.weights.h5")
    InceptionV3(input_shape=(96, 96, 3), include_top=False, weights=None).save_weights(local_weights_file)
    pre_trained_model = InceptionV3(input_shape=(96, 96, 3), include_top=False, weights=None)
    pre_trained_model.load_weights(local_weights_file)
    for layer in pre_trained_model.layers:
        layer.trainable = False
    last_layer = pre_trained_model.get_layer("mixed7")
    assert last_layer.output.shape == (None, 4, 4, 768)
    x = layers.Flatten()(last_layer.output)
    x = layers.Dropout(0.2)(layers.Dense(8, activation="relu")(x))
    model = keras.Model(pre_trained_model.input, layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizer=keras.optimizers.RMSprop(learning_rate=0.0001), loss="binary_crossentropy", metrics=["acc"])
    large = np.repeat(np.repeat(images[0], 2, axis=1), 2, axis=2) / 255
    assert len(model.fit(large, images[1], batch_size=6, epochs=1, verbose=0).history["acc"]) == 1
    assert len(model.trainable_weights) == 4


def test_the_best_of_imagenets_classes(images: Any) -> None:
    model = keras.applications.MobileNetV2((48, 48, 3), alpha=0.35, weights=None)
    proba = model.predict(keras.applications.mobilenet_v2.preprocess_input(images[0][:2]), verbose=0)
    for found in keras.applications.mobilenet_v2.decode_predictions(proba, top=3):
        for class_id, name, y_proba in found:
            assert class_id.startswith("n")
            assert name
            assert f"{y_proba * 100:.2f}%"
