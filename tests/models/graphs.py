"""A model with branches and models in it, trained and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import convoscope as cs
from convoscope.layers import Add, BatchNormalization, Conv2D, Dense, Flatten, Input, Softmax
from convoscope.models import Model, Sequential, read_header


def block(name: str = "block") -> Model:
    """A residual block with a normalization: two calls of one layer in it."""
    inputs = Input((4, 4, 2))
    look = Conv2D(2, 3, padding="same", activation="relu")
    return Model(inputs, BatchNormalization()(Add()([inputs, look(look(inputs))])), name=name)


def graph(seed: int = 1) -> Model:
    """A block called twice, a stack as a layer, and a shortcut across all of it."""
    inputs = Input((4, 4, 1), name="image")
    x = Conv2D(2, 1, name="widen")(inputs)
    inner = block()
    x = Add(name="across")([x, inner(inner(x))])
    head = Sequential([Flatten(), Dense(3)], name="head")
    return Model(inputs, Softmax()(head(x)), name="graph", seed=seed)


def saved(model: Any, folder: Path) -> Path:
    path = folder / "model.safetensors"
    model.save(path)
    return path


def trained(model: Any) -> Any:
    model.compile(cs.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*data(), batch_size=4, epochs=2, verbose=0)
    return model


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(2)
    return rng.random((12, 4, 4, 1), np.float32), rng.integers(0, 3, 12)


def described(path: Path) -> dict[str, Any]:
    return read_header(path)["model"]  # type: ignore[no-any-return]
