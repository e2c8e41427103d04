"""What the training tests share: values computed by Keras and PyTorch, and small models to train."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D, Rescaling
from convoscope.models.sequential import Sequential


@pytest.fixture(scope="session")
def keras_values() -> dict[str, Any]:
    """What ``tools/make_training_values.py`` wrote."""
    values: dict[str, Any] = json.loads((Path(__file__).parent / "keras_values.json").read_text())
    return values


@pytest.fixture
def images() -> tuple[np.ndarray, np.ndarray]:
    """97 grey images of 6×6 pixels in 3 classes, as bytes: the brightest third of the rows is the class."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 97)
    x = generator.integers(0, 120, (97, 6, 6, 1))
    for index, label in enumerate(labels):
        x[index, 2 * label : 2 * label + 2] += 100
    return x.astype(np.uint8), labels


def make_model(seed: int = 1, *, dropout: float = 0.25, optimizer: Any = "adam", **compiled: Any) -> Sequential:
    """Make a small convolutional model for `images`, compiled."""
    model = Sequential(
        [
            Rescaling(1 / 255, input_shape=(6, 6, 1)),
            Conv2D(4, 3, activation="relu"),
            MaxPooling2D(),
            Flatten(),
            Dropout(dropout),
            Dense(3, activation="softmax"),
        ],
        seed=seed,
    )
    settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **compiled}
    model.compile(optimizer, **settings)
    return model


@pytest.fixture
def model() -> Sequential:
    """A small convolutional model for `images`, compiled."""
    return make_model()


@pytest.fixture
def new_model() -> Any:
    """The function that makes such models."""
    return make_model
