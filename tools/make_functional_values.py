"""Write what Keras makes of the networks of ``tests/models/functional_networks.py``.

``tests/models/functional_values.npz`` has the outputs, the order of the weights' shapes, the gradients, eight training
losses, and the summaries in several widths.

Run in an environment that has Keras 3 with TensorFlow: ``COLUMNS=200 python tools/make_functional_values.py``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from tests.models import functional_networks as networks  # noqa: E402

WIDTHS = (50, 88, 98, 140)


def run(name: str, values: dict[str, Any]) -> None:
    """Add what Keras computes for one network."""
    model = networks.NETWORKS[name](keras)
    model.set_weights(networks.drawn_weights([weight.shape for weight in model.get_weights()]))
    x = networks.drawn_inputs([tensor.shape[1:] for tensor in model.inputs])
    y = networks.drawn_targets([tensor.shape[1:] for tensor in model.outputs])
    loss = networks.loss_of(model)
    values[f"{name} shapes"] = json.dumps([list(weight.shape) for weight in model.get_weights()])
    for number, output in enumerate(as_list(model(plain(x)))):
        values[f"{name} output {number}"] = output.numpy()
    with tf.GradientTape() as tape:
        losses = [
            keras.losses.get(loss)(*pair) for pair in zip(y, as_list(model(plain(x), training=True)), strict=True)
        ]
        total = sum(tf.reduce_mean(each) for each in losses)
    for number, gradient in enumerate(tape.gradient(total, model.trainable_weights)):
        values[f"{name} gradient {number}"] = gradient.numpy()
    model.set_weights(networks.drawn_weights([weight.shape for weight in model.get_weights()]))  # averages moved
    optimizer = keras.optimizers.SGD(networks.RATE, momentum=0.9)
    model.compile(optimizer, loss if len(y) == 1 else [loss] * len(y), run_eagerly=True)  # tracing takes longest
    history = model.fit(plain(x), plain(y), batch_size=networks.BATCH, epochs=networks.STEPS, shuffle=False, verbose=0)
    values[f"{name} losses"] = np.array(history.history["loss"])


def describe(name: str, values: dict[str, Any]) -> None:
    """Add the network's summary in several widths."""
    for width in WIDTHS:
        keras.backend.clear_session()
        pieces: list[str] = []
        networks.NETWORKS[name](keras).summary(line_length=width, print_fn=pieces.append)
        lines = "".join(pieces).rstrip("\n").split("\n")
        values[f"{name} summary {width}"] = "\n".join(line.rstrip() for line in lines)


def plain(arrays: list[Any]) -> Any:
    """Return one array alone, and several in a list."""
    return arrays[0] if len(arrays) == 1 else arrays


def as_list(made: Any) -> list[Any]:
    """Return what a model makes in a list."""
    return list(made) if isinstance(made, (list, tuple)) else [made]


values: dict[str, Any] = {"keras": keras.__version__}
for name in networks.NETWORKS:
    keras.backend.clear_session()
    run(name, values)
    describe(name, values)
np.savez_compressed(ROOT / "tests/models/functional_values.npz", **values)
