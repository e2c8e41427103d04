"""Keras' files of whole models: archives with damaged members, and HDF5 files."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path
from random import Random

import numpy as np

import convoscope as cs
from campaign.mutation import damage, damage_json_text
from convoscope.interchange.keras import read, write
from convoscope.models.network import Network

_MOST_PREDICTED = 1 << 16  # numbers of an image


def _models() -> list[Network]:
    layers = cs.layers
    inputs = layers.Input((6, 6, 2))
    twice = layers.Conv2D(2, 3, padding="same", activation="relu", kernel_regularizer="l2")
    inner = cs.Sequential([layers.Input((6, 6, 2)), layers.Flatten(), layers.BatchNormalization(), layers.Dense(3)])
    graph = cs.Model(inputs, inner(layers.Add()([inputs, twice(twice(inputs))])))
    graph.compile("adam", "mse", metrics=["mae"])
    graph.fit(np.zeros((2, 6, 6, 2)), np.zeros((2, 3)), verbose=0)
    graph.class_names, graph.preprocessing = ["a", "b", "c"], {"height": 6, "width": 6}
    stack = cs.Sequential([layers.Input((5,)), layers.Dense(4, "relu"), layers.Dropout(0.1), layers.Dense(2)])
    return [graph, stack]


def _use(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.errors.ConvoscopeWarning)  # what was compiled may be damaged
        model = read(path)
    shapes = model.plan_input_shapes
    if sum(np.prod(shape, dtype=float) for shape in shapes) <= _MOST_PREDICTED:
        blank = [np.zeros((1, *shape), np.float32) for shape in shapes]
        model.predict(blank if len(blank) > 1 else blank[0], verbose=0)


class KerasTrial:
    """An archive is read, of which a member or the whole is damaged."""

    def __init__(self, folder: Path) -> None:
        self.samples = []
        for number, model in enumerate(_models()):
            write(model, folder / f"{number}.keras")
            self.samples.append((folder / f"{number}.keras").read_bytes())

    def make(self, rng: Random) -> bytes:
        """Damage a description, the weights, or the archive around them."""
        content = rng.choice(self.samples)
        if rng.random() < 0.15:
            return damage(rng, content, self.samples)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        name = rng.choice(("config.json", "config.json", "config.json", "convoscope.json", "model.weights.h5"))
        members[name] = (damage if name.endswith("h5") else damage_json_text)(rng, members[name])
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
            for each, text in members.items():
                archive.writestr(each, text)
        return packed.getvalue()

    def read(self, content: bytes, folder: Path) -> None:
        """Read the model, and predict one blank image."""
        path = folder / "model.keras"
        path.write_bytes(content)
        _use(path)


class Hdf5Trial:
    """An HDF5 file of a whole model is read, damaged byte by byte or in the texts in its attributes."""

    def __init__(self, folder: Path) -> None:
        self.samples = []
        for number, model in enumerate(_models()):
            write(model, folder / f"{number}.h5")
            self.samples.append((folder / f"{number}.h5").read_bytes())

    def make(self, rng: Random) -> bytes:
        """Damage the file, or the text of an attribute."""
        import h5py

        content = rng.choice(self.samples)
        if rng.random() < 0.6:
            return damage(rng, content, self.samples)
        file = io.BytesIO(content)
        with h5py.File(file, "r+") as opened:
            name = rng.choice([name for name in ("model_config", "training_config") if name in opened.attrs])
            text = damage_json_text(rng, opened.attrs[name].encode()).replace(b"\0", b" ")
            # A text that is attached to the file itself has at most 64 KB; as one of variable length it may be longer.
            opened.attrs.create(name, text, dtype=h5py.string_dtype("utf-8"))
        return file.getvalue()

    def read(self, content: bytes, folder: Path) -> None:
        """Read the model, and predict one blank image."""
        path = folder / "model.h5"
        path.write_bytes(content)
        _use(path)
