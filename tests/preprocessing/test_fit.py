"""What the generator hands out is trained on as it comes."""

from __future__ import annotations

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.preprocessing.image import ImageDataGenerator

X = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 3), np.uint8)
Y = (np.arange(20) % 2)[:, None]  # as the labels of CIFAR-10 come


def model() -> cs.Sequential:
    layers = [cs.layers.Flatten(input_shape=(6, 6, 3)), cs.layers.Dense(2, activation="softmax")]
    made = cs.Sequential(layers)
    draw = np.random.default_rng(1)
    made.set_weights([draw.normal(0, 0.1, weight.shape) for weight in made.get_weights()])
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def test_training_on_an_iterator_is_training_on_its_batches(engine: Engine) -> None:
    generator = ImageDataGenerator(rescale=1 / 255, rotation_range=30, horizontal_flip=True)
    iterators = [generator.flow(X, Y, batch_size=8, seed=3) for _ in range(2)]
    np.random.seed(9)  # noqa: NPY002 - what the order is drawn from
    iterators[0].on_epoch_end()  # as in Keras, fit begins with an order of its own
    batches = [iterators[0][index] for index in range(3)]
    found, expected = model(), model()
    np.random.seed(9)  # noqa: NPY002
    history = found.fit(iterators[1], epochs=1, shuffle=False, verbose=0)
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    by_hand = expected.fit(x, y, batch_size=8, epochs=1, shuffle=False, verbose=0)
    assert history.history["loss"] == pytest.approx(by_hand.history["loss"], rel=1e-6)
    for ours, theirs in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_predictions_are_in_the_order_of_the_images(engine: Engine) -> None:
    made = model()
    found = made.predict(ImageDataGenerator(rescale=1 / 255).flow(X, batch_size=6, shuffle=False), verbose=0)
    np.testing.assert_allclose(found, made.predict(X / 255, verbose=0), rtol=1e-5)
