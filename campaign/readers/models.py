"""Models' files, and folders of snapshots."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

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
        self.samples = [_saved(model, folder / f"{index}.safetensors") for index, model in enumerate(_models())]

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
        shapes = model.plan_input_shapes
        if sum(np.prod(shape, dtype=float) for shape in shapes) <= _MOST_PREDICTED:
            blank = [np.zeros((1, *shape), np.float32) for shape in shapes]
            model.predict(blank if len(blank) > 1 else blank[0], verbose=0)
        model.summary(print_fn=lambda line: None, details=True)


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


def _models() -> list[Any]:
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
    graph = _graph()
    for model in (plain, rich, graph):
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    plain.fit(np.ones((8, 4, 4, 1), np.float32), np.arange(8) % 3, epochs=1, verbose=0)
    plain.class_names = ["a", "b", "c"]
    plain.preprocessing = {"height": 4, "width": 4, "channels": 1, "max_value": 255, "edge": 0.0}
    return [plain, rich, shaped, graph, _two_of_each()]


def _graph() -> cs.Model:
    """A block with a shared layer, called twice, within a graph: what a file of version 2 can hold of one output."""
    layers = cs.layers
    inner = cs.Input(shape=(6, 6, 2))
    look = layers.Conv2D(2, 3, padding="same", activation="relu")
    block = cs.Model(inner, layers.BatchNormalization()(layers.Add()([inner, look(look(inner))])), name="block")
    head = cs.Sequential([layers.Flatten(), layers.Dense(3)], name="head")
    inputs = cs.Input(shape=(6, 6, 1))
    x = layers.Conv2D(2, 1)(inputs)
    x = layers.Concatenate()([x, block(block(x)), layers.AveragePooling2D(3, strides=1, padding="same")(x)])
    return cs.Model(inputs, layers.Softmax()(head(x)), name="graph", seed=4)


def _two_of_each() -> cs.Model:
    """Two inputs and two outputs, by name, and two stacks that share a layer."""
    layers = cs.layers
    left, right = cs.Input(shape=(4, 4, 1)), cs.Input(shape=(3,))
    first = cs.Sequential([cs.Input(shape=(4, 4, 1)), layers.Conv2D(2, 3), layers.Flatten()], name="first")
    second = cs.Sequential([cs.Input(shape=(4, 4, 1)), first.layers[0], layers.GlobalMaxPooling2D()], name="second")
    seen = layers.Multiply()([layers.Dense(2)(first(left)), second(left)])
    both = layers.Concatenate()([seen, right])
    return cs.Model({"image": left, "known": right}, {"seen": seen, "all": layers.Dense(2)(both)}, seed=5)


def _saved(model: Any, path: Path, half: bool = False) -> bytes:
    state = {"epoch": 1, "history": [{"epoch": 1, "loss": 1.0, "accuracy": 0.5}], "best_epoch": 1, "callbacks": {}}
    save_model(model, path, training_state=state, half=half)
    return path.read_bytes()
