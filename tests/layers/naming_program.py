"""A program that makes models in many ways, for Keras and for Convoscope: what it names them must be the same."""

from __future__ import annotations

from typing import Any


def names(keras: Any) -> list[str]:
    """Return the names of all models and layers, in the order in which the program has made them."""
    layers, found = keras.layers, []

    def note(model: Any) -> None:
        found.extend([model.name, *(layer.name for layer in model.layers)])

    note(keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.ReLU(), layers.Flatten()]))
    note(keras.Sequential([layers.Dense(3, input_shape=(4,)), layers.Dense(2, name="head"), layers.Dense(2)]))
    grown = keras.Sequential()
    grown.add(keras.Input((6, 6, 1)))
    for _ in range(3):
        grown.add(layers.Conv2D(2, 3, padding="same"))
        grown.add(layers.MaxPooling2D(1))
    note(grown)
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(2, 3, padding="same")(inputs)
    x = layers.Add()([x, layers.Conv2D(2, 3, padding="same")(x)])
    note(keras.Model(inputs, x))
    made = layers.Dense(7)
    unbuilt = keras.Sequential([layers.Dense(3), layers.LeakyReLU(), layers.PReLU(), layers.BatchNormalization()])
    note(unbuilt)
    unbuilt.build((None, 4))
    given = keras.Input((4,))
    late, early = layers.Dense(4), layers.Dense(4)
    operators = 1 - (late(early(given)) * 2 + given) / 3
    found.extend([keras.Model(given, operators).name, early.name, late.name])  # Keras' operators are no layers
    note(keras.Sequential([layers.Subtract(), layers.Multiply(), layers.Add()]))  # but are counted with them
    note(keras.Sequential([keras.Input((4,)), keras.Sequential([layers.Dense(2)]), made]))
    grown.pop()
    note(keras.Model(grown.inputs, grown.layers[0].output))
    return found
