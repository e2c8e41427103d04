"""Networks that several tests of the explorer's page share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import convoscope as cs
from convoscope.web.explored import Explored
from convoscope.web.explorer import site
from convoscope.web.server import Server


def trained(layers: list[Any], *, epochs: int, logits: bool = False) -> cs.Sequential:
    """A network that has looked at the digits."""
    (x, y), _ = cs.datasets.digits.load_data()
    model = cs.Sequential([cs.layers.Rescaling(1 / 16, input_shape=(8, 8, 1)), *layers], seed=3)
    loss = cs.losses.SparseCategoricalCrossentropy(from_logits=logits)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    model.fit(x[..., None], y, epochs=epochs, batch_size=32, verbose=0)
    model.class_names = [str(digit) for digit in range(10)]
    return model


def convolutional(epochs: int = 4) -> cs.Sequential:
    """Two convolutions and a softmax."""
    layers = cs.layers
    return trained(
        [
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Conv2D(12, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ],
        epochs=epochs,
    )


def digits(model: cs.Model) -> Explored:
    """A network with the digits that it is tested with."""
    _, (x, y) = cs.datasets.digits.load_data()
    return Explored(model, x[..., None], y, title="digits")


def plain(epochs: int = 6) -> cs.Sequential:
    """No convolution, no softmax: what comes out are logits."""
    layers = [cs.layers.Flatten(), cs.layers.Dense(16, activation="relu"), cs.layers.Dense(10)]
    return trained(layers, epochs=epochs, logits=True)


def photographic(side: int = 64) -> cs.Model:
    """EfficientNet-Lite0's graph with drawn weights, its layers named as its own, for small photos of 4 classes."""
    layers, rng = cs.layers, np.random.default_rng(7)
    inputs = layers.Input(shape=(side, side, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    x = _normalized(layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(x), "stem_")
    before = 32
    stages = (
        (1, 16, 1, 1, 3),
        (6, 24, 2, 2, 3),
        (6, 40, 2, 2, 5),
        (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5),
        (6, 192, 4, 2, 5),
    )
    for stage, (expansion, filters, count, first, kernel) in enumerate((*stages, (6, 320, 1, 1, 3)), 1):
        for block, letter in enumerate("abcd"[:count]):
            name, y, strides = f"block{stage}{letter}_", x, 1 if block else first
            if expansion > 1:
                wide = layers.Conv2D(before * expansion, 1, use_bias=False, name=f"{name}expand_conv")(y)
                y = _normalized(wide, f"{name}expand_")
            deep = layers.DepthwiseConv2D(kernel, strides, padding="same", use_bias=False, name=f"{name}dwconv")(y)
            y = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}project_conv")(_normalized(deep, name))
            y = layers.BatchNormalization(name=f"{name}project_bn")(y)
            x = layers.Add(name=f"{name}add")([y, x]) if strides == 1 and before == filters else y
            before = filters
    x = _normalized(layers.Conv2D(1280, 1, use_bias=False, name="top_conv")(x), "top_")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    model = cs.Model(inputs, layers.Dense(4, activation="softmax", name="predictions")(x), name="photos")
    for layer in model.layers:
        for spec, weight in zip(getattr(layer, "specs", ()), layer.weights, strict=True):
            if spec.name.endswith("kernel"):
                deep = isinstance(layer, layers.DepthwiseConv2D)
                summed = np.prod(weight.shape[:2] if deep else weight.shape[:-1])  # numbers for each output
                weight[...] = rng.normal(0, np.sqrt(2 / summed), weight.shape)
                if isinstance(layer, layers.Dense):
                    weight[...] -= weight.mean(axis=0)  # no class is ahead for all photos
            elif spec.name in ("beta", "moving_mean"):
                weight[...] = rng.normal(0, 0.1, weight.shape)
    model.class_names = ["daisy", "rose", "thistle", "tulip"]
    return model


def _normalized(x: Any, name: str) -> Any:
    x = cs.layers.BatchNormalization(name=f"{name}bn")(x)
    return cs.layers.ReLU(6.0, name=f"{name}activation")(x)


@contextmanager
def serving(explored: Explored, **options: Any) -> Iterator[str]:
    """Serve the explorer, and give its address; options are those of `site`."""
    with Server(site(explored, **options), port=0) as server:
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server.address
        server.stop()
        thread.join()
