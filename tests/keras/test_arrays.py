"""Functions of arrays and images give TensorFlow's values, made by ``tools/make_tensorflow_values.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as tf
from convoscope import layers
from convoscope.errors import ConfigurationError
from convoscope.keras import backend, ops
from convoscope.tensors import Tensor

VALUES: dict[str, Any] = json.loads(Path(__file__).with_name("tensorflow_values.json").read_text(encoding="utf-8"))
GIVEN = VALUES.pop("given")
IMAGE = np.array(GIVEN["image"], np.uint8)
X = np.array(GIVEN["x"], np.float32)


@pytest.mark.parametrize("expression", VALUES)
def test_a_function_gives_tensorflows_values(expression: str) -> None:
    photo = (IMAGE / 255).astype(np.float32)
    found = eval(expression, {"tf": tf, "image": IMAGE, "photo": photo, "x": X})
    expected = VALUES[expression]
    assert isinstance(found, np.ndarray)
    assert list(found.shape) == expected["shape"]
    assert found.dtype.kind == np.dtype(expected["dtype"]).kind
    values = np.asarray(expected["values"], expected["dtype"]).reshape(expected["shape"])
    np.testing.assert_allclose(np.asarray(found), values, rtol=1e-5, atol=2e-6)


def test_results_are_tensors() -> None:
    assert tf.reduce_mean(X).numpy() == pytest.approx(X.mean())
    assert f"{tf.reduce_mean(X):.2f}" == f"{X.mean():.2f}"
    assert isinstance(ops.mean(X, axis=0), Tensor)
    assert ops.convert_to_numpy(ops.ones((2,))).__class__ is np.ndarray
    np.testing.assert_array_equal(ops.one_hot([0, 2], num_classes=3), [[1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda x: tf.add(x, x), "Add"),
        (lambda x: tf.concat([x, x], -1), "Concatenate"),
        (lambda x: tf.reduce_mean(x, axis=[1, 2]), "GlobalAveragePooling2D"),
        (lambda x: tf.reshape(x, (-1, 12)), "Reshape"),
        (lambda x: tf.image.resize(x, (5, 5)), "Resizing"),
        (lambda x: ops.maximum(x, x), "Maximum"),
        (lambda x: backend.batch_flatten(x), "Flatten"),
    ],
)
def test_a_symbol_goes_to_the_layer_that_computes_it(call: Any, kind: str) -> None:
    assert type(call(layers.Input(shape=(2, 2, 3))).layer).__name__ == kind


def test_what_no_layer_computes_is_refused_in_words() -> None:
    with pytest.raises(ConfigurationError, match="cumsum was called on a symbol"):
        tf.math.cumsum(layers.Input(shape=(2, 2, 3)))
    with pytest.raises(ConfigurationError, match="GlobalAveragePooling2D"):
        tf.reduce_mean(layers.Input(shape=(2, 2, 3)), axis=3)


def test_random_arrays_follow_from_the_seed() -> None:
    drawn = []
    for _ in range(2):
        tf.random.set_seed(5)
        drawn.append([tf.random.normal((4,)), tf.random.uniform((3,), 0, 9, tf.int32), tf.random.shuffle(np.arange(9))])
    for first, second in zip(*drawn, strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(tf.random.normal((4,)), tf.random.normal((4,)))
    assert np.abs(tf.random.truncated_normal((500,))).max() <= 2


def test_random_changes_of_images_are_the_same_for_the_same_seed() -> None:
    for change in (tf.image.stateless_random_crop, tf.image.random_crop):
        first, second = (change(IMAGE, size=(3, 3, 3), seed=(1, 2)) for _ in range(2))
        np.testing.assert_array_equal(first, second)
    brighter = tf.image.stateless_random_brightness(IMAGE, 0.5, seed=(1, 2))
    np.testing.assert_array_equal(brighter, tf.image.stateless_random_brightness(IMAGE, max_delta=0.5, seed=(1, 2)))


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_an_image_file_is_written_and_read(kind: str, tmp_path: Any) -> None:
    path = tmp_path / f"a.{kind}"
    tf.io.write_file(str(path), getattr(tf.io, f"encode_{kind}")(IMAGE))
    pixels = getattr(tf.io, f"decode_{kind}")(tf.io.read_file(str(path)), channels=3)
    assert pixels.shape == IMAGE.shape
    if kind == "png":
        np.testing.assert_array_equal(pixels, IMAGE)
    assert tf.io.decode_image(tf.io.read_file(str(path)), channels=1, dtype=tf.float32).max() <= 1
