"""Models with random augmentation, as a lesson writes them."""

from __future__ import annotations

import numpy as np

import convoscope as cs


def test_a_model_with_augmentation_learns_the_digits_and_predicts_without_it() -> None:
    (x_train, y_train), (x_test, y_test) = cs.datasets.digits.load_data()
    model = cs.Sequential(
        [
            cs.layers.Rescaling(1 / 16, input_shape=(8, 8, 1)),
            cs.layers.RandomTranslation(0.1, 0.1, fill_mode="constant"),
            cs.layers.RandomRotation(0.03),
            cs.layers.RandomErasing(0.2, (0.02, 0.1), fill_value=0),
            cs.layers.Conv2D(16, 3, activation="relu", padding="same"),
            cs.layers.MaxPooling2D(),
            cs.layers.Flatten(),
            cs.layers.Dense(32, activation="relu"),
            cs.layers.Dense(10, activation="softmax"),
        ],
        seed=3,
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train[..., None], y_train, epochs=15, verbose=0).history
    loss, accuracy = model.evaluate(x_test[..., None], y_test, verbose=0)
    assert accuracy > 0.93
    assert loss < history["loss"][-1]  # images as they are, are easier
    images = x_test[:5, ..., None]
    np.testing.assert_array_equal(model.predict(images, verbose=0), model.predict(images, verbose=0))
