"""What is counted and not trained: the lessons' own lines, as the page shows them."""

from __future__ import annotations

import warnings

import numpy as np

import convoscope as cs
from convoscope.models.summary import summarize


def from_a_list() -> cs.Sequential:
    """Build the lessons' convolutional network as a list of layers."""
    return cs.Sequential(
        [
            cs.layers.Conv2D(64, (3, 3), activation="relu", input_shape=(28, 28, 1)),
            cs.layers.MaxPooling2D(2, 2),
            cs.layers.Conv2D(64, (3, 3), activation="relu"),
            cs.layers.MaxPooling2D(2, 2),
            cs.layers.Flatten(),
            cs.layers.Dense(128, activation="relu"),
            cs.layers.Dense(10, activation="softmax"),
        ]
    )


def by_adding() -> cs.Sequential:
    """Build the same network by adding one layer after another."""
    model = cs.Sequential()
    model.add(cs.layers.Conv2D(64, (3, 3), activation="relu", input_shape=(28, 28, 1)))
    model.add(cs.layers.MaxPooling2D(2, 2))
    model.add(cs.layers.Conv2D(64, (3, 3), activation="relu"))
    model.add(cs.layers.MaxPooling2D(2, 2))
    model.add(cs.layers.Flatten())
    model.add(cs.layers.Dense(128, activation="relu"))
    model.add(cs.layers.Dense(10, activation="softmax"))
    return model


def with_one_convolution() -> cs.Sequential:
    """Build the network of the third lesson: nearly a million parameters."""
    model = cs.Sequential()
    model.add(cs.layers.Conv2D(32, (3, 3), input_shape=(28, 28, 1), activation="relu"))
    model.add(cs.layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(cs.layers.Flatten())
    model.add(cs.layers.Dense(128, activation="relu"))
    model.add(cs.layers.Dense(10, activation="softmax"))
    return model


def table(model: cs.Sequential) -> str:
    """Give the shapes and parameters that ``model.summary()`` prints, in a line."""
    rows = [f"{'×'.join(map(str, row.shape))}: {row.params:,}" for row in summarize(model).rows]
    return f"{' · '.join(rows)}; total {model.count_params():,}"


def what_relu_leaves() -> list[float]:
    """Return what ReLU makes of numbers below and above zero."""
    model = cs.Sequential([cs.Input(shape=(5,)), cs.layers.ReLU()])
    left: list[float] = model.predict(np.array([[-2, -1, 0, 1, 2]], np.float32), verbose=0)[0].tolist()
    return left


def without_the_channel_axis() -> str:
    """Train on images of shape (28, 28), without the channel axis, and return the warning."""
    images, labels = np.zeros((32, 28, 28), np.uint8), np.zeros(32, np.uint8)
    model = from_a_list()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.fit(images, labels, verbose=0)
    return str(said[0].message) if said else "nothing"


def with_the_channel_axis() -> tuple[int, ...]:
    """Reshape as the lessons do."""
    images = np.zeros((60_000, 28, 28), np.uint8)
    return images.reshape(60_000, 28, 28, 1).shape


def pooled_eleven() -> str:
    """Pool 11×11 pixels by two."""
    model = cs.Sequential([cs.Input(shape=(11, 11, 1)), cs.layers.MaxPooling2D(2, 2)])
    height, width, _ = summarize(model).rows[-1].shape
    return f"{height}×{width}"


def flattened_values() -> int:
    """Count the inputs of the dense layer."""
    return next(row.values for row in summarize(from_a_list()).rows if row.kind == "Flatten")
