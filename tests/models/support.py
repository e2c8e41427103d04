"""What several tests save, and damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convoscope.errors import FileFormatError
from convoscope.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from convoscope.models import Sequential, load_model
from convoscope.models.network import Network


def small_model(seed: int = 1) -> Sequential:
    model = Sequential(
        [
            Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
            MaxPooling2D(),
            BatchNormalization(),
            Flatten(),
            Dropout(0.4),
            Dense(3, activation="softmax"),
        ],
        name="small",
        seed=seed,
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def assert_changed_bytes_are_refused_or_harmless(path: Path, model: Network, times: int) -> None:
    """No changed byte may raise anything but a FileFormatError, or give a model that predicts something else."""
    content, generator = path.read_bytes(), np.random.default_rng(0)
    for _ in range(times):
        changed = bytearray(content)
        changed[generator.integers(len(content))] = generator.integers(256)
        path.write_bytes(bytes(changed))
        try:
            again = load_model(path)
        except FileFormatError:
            continue
        if again.get_config() == model.get_config():
            assert all(w.tobytes() == s.tobytes() for w, s in zip(model.weights, again.weights, strict=True))
