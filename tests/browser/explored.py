"""Networks that several tests of the explorer's page share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


def plain(epochs: int = 6) -> cs.Sequential:
    """No convolution, no softmax: what comes out are logits."""
    layers = [cs.layers.Flatten(), cs.layers.Dense(16, activation="relu"), cs.layers.Dense(10)]
    return trained(layers, epochs=epochs, logits=True)


@contextmanager
def serving(explored: Explored) -> Iterator[str]:
    """Serve the explorer, and give its address."""
    with Server(site(explored), port=0) as server:
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server.address
        server.stop()
        thread.join()
