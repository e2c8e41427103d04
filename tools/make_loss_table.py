"""Write what Keras makes of every loss after every last activation: `tests/values/loss_table.json`.

A small network with fixed weights takes twelve steps of plain gradient descent on the same batch. Written are the
losses of the steps and that of `evaluate` after them. Where a loss is no longer a number, Keras goes on; the row ends.
Run it in an environment with Keras 3.15 on TensorFlow:

    python tools/make_loss_table.py
"""

from __future__ import annotations

import json
import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parent.parent / "tests" / "values" / "loss_table.json"
STEPS, RATE, SMALL_RATE = 12, 0.1, 0.001
ACTIVATIONS = ("linear", "softmax", "sigmoid", "relu", "tanh", "elu", "gelu", "softplus", "selu", "silu", "exponential")
#: Each loss: Keras' class, its targets, and the settings that are tried.
LOSSES: dict[str, tuple[str, dict[str, tuple[Any, ...]]]] = {
    "SparseCategoricalCrossentropy": ("labels", {"from_logits": (False, True)}),
    "CategoricalCrossentropy": ("one_hot", {"from_logits": (False, True), "label_smoothing": (0.0, 0.1)}),
    "BinaryCrossentropy": ("yes_no", {"from_logits": (False, True), "label_smoothing": (0.0, 0.1)}),
    "CategoricalFocalCrossentropy": ("one_hot", {"from_logits": (False, True)}),
    "BinaryFocalCrossentropy": ("yes_no", {"from_logits": (False, True), "apply_class_balancing": (False, True)}),
    "MeanSquaredError": ("values", {}),
    "MeanAbsoluteError": ("values", {}),
    "MeanAbsolutePercentageError": ("values", {}),
    "MeanSquaredLogarithmicError": ("values", {}),
    "Huber": ("values", {"delta": (1.0, 0.4)}),
    "LogCosh": ("values", {}),
    "Poisson": ("counts", {}),
    "KLDivergence": ("shares", {}),
    "CosineSimilarity": ("values", {}),
    "Hinge": ("yes_no", {}),
    "SquaredHinge": ("yes_no", {}),
    "CategoricalHinge": ("one_hot", {}),
}
#: Segmentation: reductions, rows that are ignored, sample weights.
REDUCTIONS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("SparseCategoricalCrossentropy", "softmax", {"ignore_class": 2}, False),
    ("SparseCategoricalCrossentropy", "softmax", {"ignore_class": 255}, False),
    ("SparseCategoricalCrossentropy", "relu", {"ignore_class": 2}, False),
    ("SparseCategoricalCrossentropy", "linear", {"ignore_class": 2, "from_logits": True, "reduction": "sum"}, False),
    ("SparseCategoricalCrossentropy", "softmax", {"reduction": "sum"}, False),
    ("SparseCategoricalCrossentropy", "softmax", {"reduction": "none"}, False),
    ("SparseCategoricalCrossentropy", "softmax", {}, False),
]
#: The same for rows without places, where Keras takes a weight for each sample.
WEIGHTED: list[tuple[str, str, dict[str, Any], bool]] = [
    (name, activation, settings, weighted)
    for name, activation in (
        ("SparseCategoricalCrossentropy", "softmax"),
        ("BinaryCrossentropy", "sigmoid"),
        ("MeanSquaredError", "tanh"),
    )
    for settings in ({}, {"reduction": "sum"}, {"reduction": "none"}, {"reduction": "mean_with_sample_weight"})
    for weighted in (False, True)
]


def data() -> dict[str, np.ndarray]:
    """Return inputs, every kind of targets, sample weights and the network's weights, in few digits."""
    generator = np.random.default_rng(14)
    labels = generator.integers(0, 3, 9)
    shares = generator.random((9, 3)) + 0.1
    images = generator.integers(0, 3, (4, 3, 3))
    images[0, 0, 0] = images[3] = 255
    return {
        "x": generator.standard_normal((9, 5)).round(2),
        "labels": labels,
        "one_hot": np.eye(3)[labels],
        "yes_no": generator.integers(0, 2, (9, 3)),
        "values": generator.uniform(0.1, 1.5, (9, 3)).round(2),
        "counts": generator.integers(0, 4, (9, 3)),
        "shares": (shares / shares.sum(axis=1, keepdims=True)).round(2),
        "sample_weight": generator.random(9).round(2),
        "hidden": generator.standard_normal((5, 6)).round(2),
        "hidden_bias": generator.standard_normal(6).round(2),
        "last": (0.7 * generator.standard_normal((6, 3))).round(2),
        "last_bias": np.array([0.3, 0.1, 0.2]),
        "images": generator.standard_normal((4, 3, 3, 2)).round(2),
        "marks": images,
        "image_kernel": generator.standard_normal((1, 1, 2, 3)).round(2),
    }


def dense(given: dict[str, np.ndarray], activation: str, *, apart: bool = False) -> Any:
    import keras

    ends = [keras.layers.Dense(3), keras.layers.Activation(activation)] if apart else []
    model = keras.Sequential(
        [
            keras.layers.Input((5,)),
            keras.layers.Dense(6, activation="tanh"),
            *(ends or [keras.layers.Dense(3, activation=activation)]),
        ]
    )
    model.set_weights([given[name] for name in ("hidden", "hidden_bias", "last", "last_bias")])
    return model


def convolution(given: dict[str, np.ndarray], activation: str) -> Any:
    import keras

    model = keras.Sequential([keras.layers.Input((3, 3, 2)), keras.layers.Conv2D(3, 1, activation=activation)])
    model.set_weights([given["image_kernel"], given["last_bias"]])
    return model


def trained(model: Any, loss: Any, x: Any, y: Any, weights: Any = None) -> dict[str, Any]:
    """Return the losses of the steps as `fit` tells them, and that of `evaluate`."""
    import keras

    size = 4 if weights is not None or len(x) == 4 else len(x)
    model.compile(keras.optimizers.SGD(RATE), loss, run_eagerly=True)
    options = {"batch_size": size, "sample_weight": weights, "verbose": 0}
    losses = model.fit(x, y, shuffle=False, epochs=-(-STEPS // -(-len(x) // size)), **options).history["loss"]
    return {"losses": list(map(short, losses)), "evaluate": short(model.evaluate(x, y, **options))}


def rate_of(name: str, settings: dict[str, Any]) -> float:
    """Return a small rate for losses that are steep, or flip where values are cut off: there rounding soon decides."""
    steep = ("MeanAbsolutePercentageError", "BinaryFocalCrossentropy")
    return SMALL_RATE if name in steep or settings.get("label_smoothing") else RATE


def descended(model: Any, loss: Any, x: Any, y: Any, rate: float) -> dict[str, Any]:
    """Return the same of a loss that is a mean, quicker: without `fit`, as far as losses are numbers."""
    import tensorflow as tf

    losses: list[float] = []
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        if not math.isfinite(float(value)):
            return {"losses": losses}
        losses.append(short(value))
        weights = model.trainable_variables
        for weight, gradient in zip(weights, tape.gradient(value, weights), strict=True):
            weight.assign_sub(rate * gradient)
    last = float(loss(y, model(x, training=False)))
    return {"losses": losses, **({"evaluate": short(last)} if math.isfinite(last) else {})}


def short(value: Any) -> float:
    return float(f"{float(value):.8g}")


def table(given: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    import keras

    rows = []
    x = given["x"].astype(np.float32)
    for name, (targets, tried) in LOSSES.items():
        for activation, values in product(ACTIVATIONS, product(*tried.values())):
            settings = dict(zip(tried, values, strict=True))
            y = given[targets].astype(np.int32 if targets == "labels" else np.float32)
            loss = getattr(keras.losses, name)(**settings)
            rate = rate_of(name, settings)
            found = descended(dense(given, activation), loss, x, y, rate)
            row = {"loss": name, "settings": settings, "activation": activation, "targets": targets, "rate": rate}
            rows.append(row | found)
            if rate == RATE and activation in ("softmax", "relu") and not any(values) and "rossentropy" in name:
                # `fit`, and an activation in a layer of its own, make no difference.
                for model in (dense(given, activation), dense(given, activation, apart=True)):
                    np.testing.assert_allclose(trained(model, loss, x, y)["losses"], found["losses"], rtol=1e-5)
    return rows


def reductions(given: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    import keras

    rows = []
    for name, activation, settings, weighted in [*REDUCTIONS, *WEIGHTED]:
        images = (name, activation, settings, weighted) in REDUCTIONS
        targets = "marks" if images else LOSSES[name][0]
        y = given[targets].astype(np.int32 if targets in ("labels", "marks") else np.float32)
        if images and settings.get("ignore_class") != 255:
            y = np.where(y == 255, 2, y)
        model = (convolution if images else dense)(given, activation)
        x = given["images" if images else "x"].astype(np.float32)
        loss = getattr(keras.losses, name)(**settings)
        weights = given["sample_weight"].astype(np.float32) if weighted else None
        row = {"loss": name, "settings": settings, "activation": activation, "targets": targets, "rate": RATE}
        row["weighted"] = weighted
        rows.append(row | trained(model, loss, x, y, weights))
    return rows


def main() -> None:
    given = data()
    made = {
        "steps": STEPS,
        "data": {name: array.tolist() for name, array in given.items()},
        "table": table(given),
        "reductions": reductions(given),
    }
    lines = json.dumps(made).replace('{"loss"', '\n{"loss"')
    FILE.write_text(lines + "\n")


if __name__ == "__main__":
    main()
