"""Write ``tests/models/keras_weights``: weights in Keras' own files, and what is predicted with them.

Run in an environment that has Keras 3 (the committed files are from Keras 3.15.1 and TensorFlow 2.21.0):
``python tools/make_weight_files.py``. The same networks stand in ``tests/models/test_weights.py``. With a folder as the
argument, the files that Convoscope wrote there are loaded with Keras instead, and their predictions compared.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

FOLDER = Path(__file__).parent.parent / "tests" / "models" / "keras_weights"


def stack() -> keras.Model:
    """Layers of several kinds, with weights that do not learn, and a model among them."""
    inner = keras.Sequential([keras.Input((3, 3, 2)), layers.Flatten(), layers.Dense(4), layers.BatchNormalization()])
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Normalization(),
            layers.Conv2D(2, 3, name="first"),
            layers.BatchNormalization(),
            layers.PReLU(shared_axes=[1, 2]),
            layers.MaxPooling2D(),
            layers.Dropout(0.4),
            inner,
            layers.Dense(3, activation="softmax"),
        ]
    )


def graph() -> keras.Model:
    """Branches, whose layers have another order than their names."""
    inputs = keras.Input((6, 6, 1))
    late, early = layers.Conv2D(2, 3, padding="same"), layers.Conv2D(2, 3, padding="same")
    x = early(inputs)
    x = layers.add([late(x), x])
    x = layers.SeparableConv2D(3, 3)(x)
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def images(model: keras.Model) -> np.ndarray:
    shape = (2, *model.input_shape[1:])
    return (np.arange(np.prod(shape)).reshape(shape) % 7 / 7).astype(np.float32)


def compare(folder: Path) -> None:
    for name, make in (("stack", stack), ("graph", graph)):
        told = np.load(folder / f"{name}.npy")
        for ending in (".weights.h5", ".h5"):
            model = make()
            model.load_weights(folder / (name + ending))
            found = model.predict(images(model), verbose=0)
            print(f"{name}{ending}: largest difference {np.abs(found - told).max():.1e}")
            assert np.allclose(found, told, atol=1e-6)


def main() -> None:
    if len(sys.argv) > 1:
        compare(Path(sys.argv[1]))
        return
    FOLDER.mkdir(exist_ok=True)
    kept = {}
    for name, make in (("stack", stack), ("graph", graph)):
        keras.utils.set_random_seed(7)
        model = make()
        draw = np.random.default_rng(7)
        model.set_weights([(draw.random(w.shape) * 0.5 + 0.1).astype(w.dtype) for w in model.get_weights()])
        model.save_weights(FOLDER / f"{name}.weights.h5")
        model.save(FOLDER / f"{name}.keras")
        model.save(FOLDER / f"{name}.h5")  # a whole model, as Keras 2 wrote it
        again = make()  # Normalization takes its mean and variance when weights are loaded, not when they are set
        again.load_weights(FOLDER / f"{name}.weights.h5")
        kept[name] = again.predict(images(model), verbose=0)
    np.savez_compressed(FOLDER / "predictions.npz", **kept)


if __name__ == "__main__":
    main()
