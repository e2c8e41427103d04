"""Models' files, and folders of snapshots."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np

import convoscope as cs
from campaign.containers import damage_model
from campaign.mutation import damage
from convoscope.models.files import load_model, read_header, save_model
from convoscope.web.epochs import epochs_of

_MOST_PREDICTED = 1 << 16  # numbers of an image


class ModelTrial:
    """A file is read, and the model predicts one blank image and describes itself."""

    def __init__(self, folder: Path) -> None:
        self.samples = [_saved(model, folder / f"{place}.safetensors") for place, model in enumerate(_models())]

    def make(self, rng: Random) -> bytes:
        """Damage one of several networks, one of them compiled and trained."""
        content = rng.choice(self.samples)
        return damage_model(rng, content) if rng.random() < 0.9 else damage(rng, content, self.samples)

    def read(self, content: bytes, folder: Path) -> None:
        """Read the header, then the model, and use it."""
        path = folder / "model.safetensors"
        path.write_bytes(content)
        read_header(path)
        model = load_model(path)
        shape = model.plan_input_shape
        if np.prod(shape, dtype=float) <= _MOST_PREDICTED:
            model.predict(np.zeros((1, *shape), np.float32), verbose=0)
        model.summary(print_fn=lambda line: None)


class SnapshotTrial:
    """A folder of snapshots, one of which is damaged, is opened as the explorer does."""

    def __init__(self, folder: Path) -> None:
        self.model = next(iter(_models()))
        self.sample = _saved(self.model, folder / "sample.safetensors", half=True)

    def make(self, rng: Random) -> bytes:
        """Damage the last snapshot."""
        return damage_model(rng, self.sample)

    def read(self, content: bytes, folder: Path) -> None:
        """Find the epochs, and describe them for the page."""
        (folder / "epoch-0000.safetensors").write_bytes(self.sample)
        (folder / "epoch-0001.safetensors").write_bytes(content)
        epochs = epochs_of(self.model, folder)
        assert epochs is not None
        epochs.described()


def _models() -> list[cs.Sequential]:
    layers = cs.layers
    plain = cs.Sequential([layers.Flatten(input_shape=(4, 4, 1)), layers.Dense(3, activation="softmax")], seed=1)
    rich = cs.Sequential(
        [
            layers.Rescaling(1 / 255, input_shape=(8, 8, 3)),
            layers.RandomFlip("horizontal"),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Conv2DTranspose(2, 3, strides=2),
            layers.UpSampling2D(2),
            layers.ZeroPadding2D(1),
            layers.AveragePooling2D(3, strides=2),
            layers.LeakyReLU(0.1),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
            layers.Softmax(),
        ],
        seed=2,
    )
    shaped = cs.Sequential([layers.Dense(12, input_shape=(5,)), layers.Reshape((2, 2, 3)), layers.Flatten()], seed=3)
    for model in (plain, rich):
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    plain.fit(np.ones((8, 4, 4, 1), np.float32), np.arange(8) % 3, epochs=1, verbose=0)
    plain.class_names = ["a", "b", "c"]
    plain.preprocessing = {"height": 4, "width": 4, "channels": 1, "max_value": 255, "edge": 0.0}
    return [plain, rich, shaped]


def _saved(model: cs.Sequential, path: Path, half: bool = False) -> bytes:
    state = {"epoch": 1, "history": [{"epoch": 1, "loss": 1.0, "accuracy": 0.5}], "best_epoch": 1, "callbacks": {}}
    save_model(model, path, training_state=state, half=half)
    return path.read_bytes()
