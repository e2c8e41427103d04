"""What the lessons' networks reach on the lessons' data: their own figures, with a margin for the seed.

These train on the real files and are skipped, visibly, where CONVOSCOPE_DATA does not say where those are.
"""

from __future__ import annotations

import os

import pytest

import convoscope as cs

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not os.environ.get("CONVOSCOPE_DATA"), reason="set CONVOSCOPE_DATA to a folder with MNIST and Fashion-MNIST"
    ),
]


def train_and_test(dataset: str, preset: str, epochs: int, **settings: float) -> tuple[float, float]:
    """Return the accuracy on the training images in the last epoch, and on the test images after it."""
    data = cs.datasets.load(dataset)
    cs.utils.set_random_seed(1)
    height, width, channels = data.info.image_shape
    model = cs.models.build_preset(preset, (height, width, channels), len(data.info.class_names), **settings)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    scale = data.info.max_value
    x_train = (data.x_train.reshape(-1, height, width, channels) / scale).astype("float32")
    x_test = (data.x_test.reshape(-1, height, width, channels) / scale).astype("float32")
    history = model.fit(x_train, data.y_train, epochs=epochs, verbose=0)
    return history.history["accuracy"][-1], model.evaluate(x_test, data.y_test, verbose=0)[1]


def test_the_dense_network_reaches_87_to_88_on_fashion_mnist() -> None:
    training, test = train_and_test("fashion-mnist", "dense", epochs=5)
    assert 0.88 <= training <= 0.90
    assert 0.86 <= test <= 0.89


def test_the_two_convolutions_reach_91_in_training_and_89_on_fashion_mnist() -> None:
    # The lesson has five epochs: docs/lessons.md.
    training, test = train_and_test("fashion-mnist", "cnn-2", epochs=3)
    assert 0.90 <= training <= 0.92
    assert test >= 0.885


def test_one_convolution_reaches_98_on_mnist() -> None:
    assert train_and_test("mnist", "cnn-1", epochs=2)[1] >= 0.98


def test_two_convolutions_with_dropout_reach_99_on_mnist() -> None:
    # Half as wide as the lesson's and an epoch shorter, which takes a third of the time: 99.1 to 99.2 %.
    assert train_and_test("mnist", "cnn-2", epochs=4, dropout=0.25, filters=32)[1] >= 0.988
