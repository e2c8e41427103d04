"""A small training to be tracked."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convoscope as cs
from convoscope import layers as cl
from convoscope.tracking import Tracker


def needs(*packages: str) -> pytest.MarkDecorator:
    """Skip tests where packages are not installed. They take seconds to import, and only the tests do that."""
    absent = any(find_spec(package) is None for package in packages)
    return pytest.mark.skipif(absent, reason=f"{packages[0]} is not installed: pip install --group trackers")


NAMES = ["low", "middle", "high"]


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training came to, as `fit` and `predict` tell it."""

    model: cs.Sequential
    history: dict[str, list[float]]
    confusion: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]


def images(count: int = 30) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Grey images of 6×6 pixels: the brightest third of the rows is the class."""
    generator = np.random.default_rng(0)
    labels = np.arange(count) % 3
    x = generator.integers(0, 150, (count, 6, 6, 1))
    for index, label in enumerate(labels):
        x[index, 2 * label : 2 * label + 2] += 60
    return x.astype(np.uint8), labels


def new_model(seed: int = 1) -> cs.Sequential:
    model = cs.Sequential(
        [
            cl.Rescaling(1 / 255, input_shape=(6, 6, 1)),
            cl.Conv2D(4, 3, activation="relu"),
            cl.Flatten(),
            cl.Dense(3, activation="softmax"),
        ],
        seed=seed,
    )
    model.class_names = NAMES
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(callback: Tracker, model: cs.Sequential | None = None, **given: Any) -> Trained:
    """Train for three epochs, validated."""
    x, y = images()
    model = model or new_model()
    history = model.fit(
        *(x[:20], y[:20]),
        **{"epochs": 3, "batch_size": 5, "verbose": 0, **given},
        validation_data=(x[20:], y[20:]),
        callbacks=[callback],
    ).history
    probabilities = model.predict(x, verbose=0)
    confusion = np.zeros((3, 3), np.int64)
    np.add.at(confusion, (y, probabilities.argmax(axis=1)), 1)
    return Trained(model, history, confusion, probabilities, y)
