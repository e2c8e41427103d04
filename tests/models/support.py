"""A model that several tests save."""

from __future__ import annotations

from convoscope.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from convoscope.models import Sequential


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
