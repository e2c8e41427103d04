"""Train a small network on top of a base with Keras, in the ways of its guide to transfer learning.

Run it where Keras and TensorFlow are installed: the values go to tests/applications/transfer.json. The steps are
written out, because `fit` of Keras 3 calls the whole model with ``training=True``, which goes before the
``training=False`` that the guide has the base called with; Keras 2 kept to that, and so do we.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

TARGET = Path(__file__).parents[1] / "tests" / "applications" / "transfer.json"
layers = keras.layers


def base() -> Any:
    """Return a base: a convolution, a normalization and a dropout."""
    inputs = keras.Input(shape=(6, 6, 2))
    x = layers.Conv2D(3, 3, name="conv")(inputs)
    x = layers.BatchNormalization(momentum=0.8, name="norm")(x)
    x = layers.Dropout(0.5, name="drop")(layers.ReLU(name="relu")(x))
    return keras.Model(inputs, x, name="base")


def headed(below: Any, **options: Any) -> Any:
    inputs = keras.Input(shape=(6, 6, 2))
    x = layers.GlobalAveragePooling2D()(below(inputs, **options))
    return keras.Model(inputs, layers.Dense(2, name="head")(x))


def weights_of(model: Any, generator: np.random.Generator) -> list[Any]:
    return [generator.uniform(0.2, 1.0, weight.shape).round(3) for weight in model.get_weights()]


def frozen(model: Any, below: Any) -> None:
    below.trainable = False


def unfrozen(model: Any, below: Any) -> None:
    below.trainable = True


def partly(model: Any, below: Any) -> None:
    below.trainable = True
    below.get_layer("conv").trainable = False


def run(prepare: Callable[[Any, Any], None], **options: Any) -> dict[str, Any]:
    """Take three steps of gradient descent, and return what was given and what came of it."""
    generator = np.random.default_rng(4)
    below = base()
    model = headed(below, **options)
    first = weights_of(model, generator)
    model.set_weights(first)
    prepare(model, below)
    optimizer, loss_of = keras.optimizers.SGD(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = generator.normal(size=(4, 6, 6, 2)).round(3), np.array([0, 1, 1, 0])
    losses = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x.astype(np.float32)))  # nothing else in the model differs in training
        gradients = tape.gradient(loss, model.trainable_weights)
        optimizer.apply(gradients, model.trainable_weights)
        losses.append(float(loss))
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "first": [weight.tolist() for weight in first],
        "last": [weight.tolist() for weight in model.get_weights()],
        "losses": losses,
        "trainable": len(model.trainable_weights),
        "outputs": model.predict(x.astype(np.float32), verbose=0).tolist(),
    }


def main() -> None:
    values = {
        "frozen": run(frozen, training=False),
        "unfrozen": run(unfrozen, training=False),
        "partly": run(partly, training=False),
    }
    TARGET.write_text(json.dumps(values) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
