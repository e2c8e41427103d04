"""Networks that are written as Keras' files, and the files' parts."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import convoscope as cs
from convoscope.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Softmax,
)
from convoscope.models import Model, Sequential
from convoscope.training import metrics


def branched() -> Model:
    """Branches, a layer that is called twice, a model within, two inputs and two outputs."""
    image, number = Input((6, 6, 2), name="image"), Input((3,), name="number")
    twice = Conv2D(2, 3, padding="same", kernel_regularizer="l2", kernel_constraint="max_norm", activation="relu")
    x = Add()([image, twice(twice(image))])
    inner = Sequential([Input((6, 6, 2)), BatchNormalization(), Flatten(), Dense(4), Dropout(0.2)], name="inner")
    inner.layers[0].trainable = False
    kind = Dense(3, activation="softmax", name="kind")(inner(x))
    size = Dense(1, name="size")(cs.layers.concatenate([GlobalAveragePooling2D()(x), number]))
    return Model({"image": image, "number": number}, {"kind": kind, "size": size}, name="branched")


def stacked() -> Sequential:
    return Sequential([Input((6, 6, 1)), Conv2D(3, 3, activation="relu"), Flatten(), Dense(3), Softmax()])


def trained(model: Any, optimizer: Any) -> Any:
    outputs = len(model.output_symbols)
    losses: Any = {"kind": "categorical_crossentropy", "size": "mse"} if outputs > 1 else "categorical_crossentropy"
    measured: Any = {"kind": ["accuracy", metrics.AUC()], "size": ["mae"]} if outputs > 1 else ["acc", metrics.Recall()]
    model.compile(optimizer, losses, metrics=measured, loss_weights={"kind": 1.0, "size": 0.5} if outputs > 1 else None)
    step(model)
    step(model)
    return model


def step(model: Any) -> None:
    draw = np.random.default_rng(2)
    x = {s.name: draw.random((4, *s.sample_shape), np.float32) for s in model.input_symbols}
    kinds = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    several = len(model.output_symbols) > 1
    y = {"kind": kinds, "size": draw.random((4, 1), np.float32)} if several else kinds
    model.train_on_batch(x if several else next(iter(x.values())), y)


def of_keras_2(path: Path, config: Any, weights: dict[str, dict[str, np.ndarray]], **attributes: Any) -> Path:
    """Write an HDF5 file as Keras 2 did: names with ``:0``, texts as bytes."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        for name, value in attributes.items():
            file.attrs[name] = json.dumps(value).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, arrays in weights.items():
            names = [f"{layer}/{name}:0" for name in arrays]
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, arrays.values(), strict=True):
                inner.create_dataset(name, data=array)
    return path


def scaling(distribution: str = "uniform") -> dict[str, Any]:
    config = {"scale": 1.0, "mode": "fan_avg", "distribution": distribution, "seed": None}
    return {"class_name": "VarianceScaling", "config": config}


ZEROS = {"class_name": "Zeros", "config": {}}


def conv(name: str, **more: Any) -> dict[str, Any]:
    config = {"name": name, "trainable": True, "filters": 2, "kernel_size": [3, 3], "strides": [1, 1]}
    config |= {"padding": "valid", "data_format": "channels_last", "dilation_rate": [1, 1], "activation": "relu"}
    config |= {"use_bias": True, "kernel_initializer": scaling(), "bias_initializer": ZEROS}
    regularizer = {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}
    config |= {"kernel_regularizer": regularizer, "bias_regularizer": None, "activity_regularizer": None}
    return {"class_name": "Conv2D", "config": config | {"kernel_constraint": None, "bias_constraint": None} | more}


def dense(name: str, units: int, activation: str) -> dict[str, Any]:
    config = {"name": name, "trainable": True, "units": units, "activation": activation, "use_bias": True}
    config |= {"kernel_initializer": scaling("normal"), "bias_initializer": ZEROS, "kernel_regularizer": None}
    return {"class_name": "Dense", "config": config}


def rewritten(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def entries_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
