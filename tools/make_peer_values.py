"""Compute, with Keras, the values that the tests hold the engines to: ``python tools/make_peer_values.py``.

Needs an environment of its own with Keras and TensorFlow (``pip install keras tensorflow-cpu``; the committed files
are from Keras 3.15.1 and TensorFlow 2.21.0), and neither Convoscope nor PyTorch. Writes ``tests/values/*.npz``; the
tests that read them are in the same folder. Run it again only to add cases: the same versions give the same bytes.

Layers and losses are computed in double precision. Inputs, weights and the gradients sent back are multiples of 1/4096
kept as 16-bit integers, so that single precision holds them exactly; what Keras found is kept in single precision.
The optimizers' twelve steps are run in single precision, as Keras does for everybody.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from peer_values import UNIT, Array, Description, Draw, Recorder, case_name, keras_layers, layer, record_stack

# ---- layers


def convolutions(recorder: Recorder) -> None:
    """Kernels of 1 to 7, odd sizes, strides, both paddings, dilation, 1, 3 and 17 channels, batches of 1 and 33."""
    conv = "Conv2D"
    rows: list[tuple[tuple[int, int, int], Description, int]] = [
        ((5, 5, 1), layer(conv, filters=3, kernel_size=1), 2),
        ((7, 5, 3), layer(conv, filters=4, kernel_size=2), 2),
        ((9, 7, 1), layer(conv, filters=5, kernel_size=3), 2),
        ((5, 7, 17), layer(conv, filters=3, kernel_size=3), 2),
        ((6, 7, 3), layer(conv, filters=17, kernel_size=3, padding="same"), 1),
        ((7, 6, 3), layer(conv, filters=2, kernel_size=4, padding="same"), 2),
        ((9, 8, 2), layer(conv, filters=3, kernel_size=5), 2),
        ((7, 9, 1), layer(conv, filters=2, kernel_size=6, padding="same"), 2),
        ((11, 9, 3), layer(conv, filters=2, kernel_size=7), 1),
        ((8, 7, 3), layer(conv, filters=2, kernel_size=7, padding="same"), 1),
        ((6, 8, 2), layer(conv, filters=3, kernel_size=[3, 5]), 2),
        ((9, 5, 2), layer(conv, filters=3, kernel_size=[7, 1], padding="same"), 2),
        ((5, 11, 2), layer(conv, filters=3, kernel_size=[1, 6]), 2),
        ((9, 9, 1), layer(conv, filters=3, kernel_size=3, strides=2), 2),
        ((8, 11, 3), layer(conv, filters=3, kernel_size=3, strides=2, padding="same"), 2),
        ((11, 8, 2), layer(conv, filters=3, kernel_size=[5, 2], strides=[3, 2], padding="same"), 2),
        ((11, 7, 2), layer(conv, filters=3, kernel_size=2, strides=[1, 3]), 2),
        ((10, 7, 2), layer(conv, filters=2, kernel_size=1, strides=3, padding="same"), 2),
        ((9, 9, 2), layer(conv, filters=3, kernel_size=3, dilation_rate=2), 2),
        ((9, 8, 2), layer(conv, filters=3, kernel_size=3, dilation_rate=[2, 3], padding="same"), 2),
        ((7, 7, 1), layer(conv, filters=4, kernel_size=2, dilation_rate=[1, 4]), 2),
        ((5, 4, 3), layer(conv, filters=2, kernel_size=3), 33),
        ((4, 5, 1), layer(conv, filters=3, kernel_size=3, padding="same", activation="relu"), 33),
        ((6, 6, 3), layer(conv, filters=4, kernel_size=3, use_bias=False), 2),
        ((3, 3, 17), layer(conv, filters=17, kernel_size=3), 1),
        ((1, 1, 3), layer(conv, filters=2, kernel_size=3, padding="same"), 3),
        ((6, 5, 2), layer(conv, filters=3, kernel_size=3, activation="tanh"), 2),
        ((6, 5, 2), layer(conv, filters=3, kernel_size=3, activation="gelu"), 2),
        ((6, 5, 2), layer(conv, filters=3, kernel_size=3, activation="softmax"), 2),
    ]
    for shape, description, batch in rows:
        record_stack(recorder, case_name(shape, description, batch), shape, [description], batch=batch)


def poolings(recorder: Recorder) -> None:
    """All modes, windows that overlap or leave gaps, same padding, windows as large as the image."""
    rows: list[tuple[tuple[int, int, int], dict[str, Any], int]] = [
        ((7, 5, 3), {"pool_size": 2}, 2),
        ((6, 8, 1), {"pool_size": [2, 3]}, 2),
        ((7, 7, 2), {"pool_size": 3, "strides": 2}, 2),
        ((7, 5, 2), {"pool_size": 3, "strides": 1, "padding": "same"}, 2),
        ((5, 7, 3), {"pool_size": 2, "padding": "same"}, 1),
        ((8, 9, 1), {"pool_size": [2, 1], "strides": [3, 2]}, 2),
        ((8, 7, 2), {"pool_size": [4, 3], "strides": [3, 2], "padding": "same"}, 2),
        ((4, 4, 17), {"pool_size": 2}, 3),
        ((3, 4, 2), {"pool_size": 2, "strides": 1}, 33),
        ((3, 3, 2), {"pool_size": 3}, 2),
    ]
    for kind in ("MaxPooling2D", "MinPooling2D", "AveragePooling2D"):
        for shape, config, batch in rows:
            description = layer(kind, **config)
            record_stack(recorder, case_name(shape, description, batch), shape, [description], batch=batch)
    for kind in ("GlobalMaxPooling2D", "GlobalAveragePooling2D"):
        for config in ({}, {"keepdims": True}):
            description = layer(kind, **config)
            record_stack(recorder, case_name((5, 3, 4), description, 3), (5, 3, 4), [description], batch=3)


def other_layers(recorder: Recorder) -> None:
    """Dense, activations, normalization, and the layers that move values."""
    rows: list[tuple[tuple[int, ...], Description, int, bool]] = [
        ((7,), layer("Dense", units=5), 3, False),
        ((17,), layer("Dense", units=1, use_bias=False), 1, False),
        ((4,), layer("Dense", units=3, activation="softmax"), 33, False),
        ((3, 5), layer("Dense", units=4, activation="relu"), 2, False),
        ((2, 3, 4), layer("Dense", units=2, activation="silu"), 2, False),
        ((3, 4, 2), layer("Flatten"), 2, False),
        ((3, 4, 2), layer("Reshape", target_shape=[6, -1]), 2, False),
        ((3, 4, 2), layer("ZeroPadding2D", padding=[[1, 2], [0, 3]]), 2, False),
        ((3, 4, 2), layer("ZeroPadding2D", padding=2), 2, False),
        ((3, 4, 2), layer("Rescaling", scale=0.125, offset=-1.0), 2, False),
        ((3, 4, 2), layer("Dropout", rate=0.5), 2, False),
        ((3, 4, 2), layer("Dropout", rate=0.0), 2, True),
        ((3, 4, 5), layer("BatchNormalization"), 3, False),
        ((3, 4, 5), layer("BatchNormalization"), 3, True),
        ((6,), layer("BatchNormalization", epsilon=0.1), 9, True),
        ((6,), layer("BatchNormalization", epsilon=1e-5), 9, False),
        ((2, 3, 3), layer("BatchNormalization", scale=False), 33, True),
        ((2, 3, 3), layer("BatchNormalization", center=False), 4, True),
        ((2, 3, 3), layer("BatchNormalization", center=False, scale=False), 4, True),
        ((2, 3, 3), layer("BatchNormalization", trainable=False), 4, True),
        ((5, 4), layer("BatchNormalization"), 1, True),
        ((4, 6), layer("ReLU"), 2, False),
        ((4, 6), layer("ReLU", negative_slope=0.25), 2, False),
        ((4, 6), layer("LeakyReLU"), 2, False),
        ((4, 6), layer("LeakyReLU", negative_slope=0.1), 2, False),
        ((4, 6), layer("ELU"), 2, False),
        ((4, 6), layer("ELU", alpha=0.375), 2, False),
        ((4, 6), layer("ReLU", max_value=6.0), 2, False),
        ((4, 6), layer("Softmax"), 2, False),
        ((3, 2, 5), layer("Softmax"), 2, False),
    ]
    names: tuple[str, ...] = ("linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax", "elu", "silu", "gelu")
    names += ("relu6", "selu", "softplus", "softsign", "hard_sigmoid", "hard_silu", "mish", "exponential")
    rows += [((4, 6), layer("Activation", activation=name), 3, False) for name in names]
    for shape, description, batch, training in rows:
        name = case_name(shape, description, batch) + (" in training" if training else "")
        record_stack(recorder, name, shape, [description], batch=batch, training=training)


def networks(recorder: Recorder) -> None:
    """Whole networks, where steps are fused, in prediction and in training."""
    lesson = [
        layer("Conv2D", filters=6, kernel_size=3, activation="relu"),
        layer("MaxPooling2D", pool_size=2),
        layer("Conv2D", filters=5, kernel_size=3, activation="relu"),
        layer("MaxPooling2D", pool_size=2),
        layer("Flatten"),
        layer("Dense", units=9, activation="relu"),
        layer("Dense", units=4, activation="softmax"),
    ]
    mixed = [
        layer("ZeroPadding2D", padding=1),
        layer("Conv2D", filters=5, kernel_size=3, strides=2, padding="same", activation="elu"),
        layer("BatchNormalization"),
        layer("LeakyReLU"),
        layer("AveragePooling2D", pool_size=2, strides=1),
        layer("Conv2D", filters=4, kernel_size=2, activation="sigmoid"),
        layer("MinPooling2D", pool_size=3, strides=2, padding="same"),
        layer("Conv2D", filters=3, kernel_size=1),
        layer("GlobalMaxPooling2D"),
        layer("Dense", units=3, activation="tanh"),
        layer("Activation", activation="silu"),
    ]
    record_stack(recorder, "the lesson's network, small", (13, 12, 1), lesson, batch=3)
    record_stack(recorder, "a mixed network", (9, 8, 3), mixed, batch=3)
    record_stack(recorder, "a mixed network in training", (9, 8, 3), mixed, batch=3, training=True)


# ---- losses


def losses(recorder: Recorder) -> None:
    """All losses, from logits and from probabilities, smoothed or not, with one row a sample and with several."""
    for shape in ((5, 4), (3, 2, 6), (1, 2)):
        for smoothing in (0.0, 0.125):
            for from_logits in (True, False):
                _record_loss(recorder, "sparse_categorical_crossentropy", shape, from_logits, smoothing)
                _record_loss(recorder, "categorical_crossentropy", shape, from_logits, smoothing)
                _record_loss(recorder, "binary_crossentropy", shape, from_logits, smoothing)
        _record_loss(recorder, "mean_squared_error", shape, False, 0.0)
    for from_logits in (True, False):
        _record_loss(recorder, "binary_crossentropy", (3, 4, 5, 1), from_logits, 0.0)
    _record_loss(recorder, "mean_squared_error", (2, 3, 4, 3), False, 0.0)


def _record_loss(recorder: Recorder, kind: str, shape: tuple[int, ...], from_logits: bool, smoothing: float) -> None:
    name = f"{kind} {shape}{' from logits' if from_logits else ''}{' smoothed' if smoothing else ''}"
    draw = Draw(name)
    options = {"from_logits": from_logits, "label_smoothing": smoothing}
    binary = kind == "binary_crossentropy"
    function: Callable[..., Any]
    if kind == "mean_squared_error":
        outputs, y = draw.normal(shape), draw.normal(shape)
        function = keras.losses.MeanSquaredError(reduction=None)
    else:
        probabilities = draw.shares(shape)
        if binary:
            probabilities = np.floor(probabilities * UNIT / 2) / UNIT + 0.25
        outputs = draw.normal(shape, 2.0) if from_logits else probabilities
        y = draw.shares(shape)
        kinds = {"binary_crossentropy": keras.losses.BinaryCrossentropy}
        function = kinds.get(kind, keras.losses.CategoricalCrossentropy)(reduction=None, **options)
    targets = y
    if kind == "sparse_categorical_crossentropy":
        y = draw.classes(shape[:-1], shape[-1])
        # Keras smooths labels that are not sparse only: the same labels as rows of 0 and 1.
        targets = np.eye(shape[-1])[np.rint(y * UNIT).astype(int)]
        if not smoothing:
            targets = np.rint(y * UNIT).astype(np.int64)
            function = keras.losses.SparseCategoricalCrossentropy(reduction=None, from_logits=from_logits)
    sample_weight = draw.positive(shape[:1])
    seen = tf.constant(outputs)
    with tf.GradientTape() as tape:
        tape.watch(seen)
        rows = tf.reshape(function(tf.constant(targets), seen), (shape[0], -1))
        sample = tf.reduce_mean(rows, axis=1)
        total = tf.reduce_sum(sample * sample_weight) / shape[0]
    gradient = tape.gradient(total, seen)
    case = {"name": name, "kind": kind, **options}
    given = {"outputs": outputs, "y": y, "sample_weight": sample_weight}
    recorder.add(case, given, {"losses": sample.numpy(), "gradient": gradient.numpy()})


# ---- twelve training steps

#: Keras' optimizer, its arguments, and the same as an UpdateRule of ours.
RULES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "SGD": ("SGD", {}, {"kind": "sgd"}),
    "SGD with momentum": ("SGD", {"momentum": 0.9}, {"kind": "sgd", "momentum": 0.9}),
    "SGD with Nesterov's momentum": (
        "SGD",
        {"momentum": 0.9, "nesterov": True},
        {"kind": "sgd", "momentum": 0.9, "nesterov": True},
    ),
    "SGD with weight decay": ("SGD", {"weight_decay": 0.1}, {"kind": "sgd", "weight_decay": 0.1}),
    "SGD clipped by value": ("SGD", {"clipvalue": 0.02}, {"kind": "sgd", "clipvalue": 0.02}),
    "SGD clipped by norm": ("SGD", {"clipnorm": 0.2}, {"kind": "sgd", "clipnorm": 0.2}),
    "SGD clipped by the norm of all": ("SGD", {"global_clipnorm": 0.3}, {"kind": "sgd", "global_clipnorm": 0.3}),
    "Adam": ("Adam", {}, {"kind": "adam"}),
    "Adam with other settings": (
        "Adam",
        {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3},
        {"kind": "adam", "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3},
    ),
    "AdamW": ("AdamW", {"weight_decay": 0.02}, {"kind": "adam", "weight_decay": 0.02}),
    "RMSprop": ("RMSprop", {}, {"kind": "rmsprop"}),
    "RMSprop centered": ("RMSprop", {"centered": True}, {"kind": "rmsprop", "centered": True}),
    "RMSprop with momentum": ("RMSprop", {"momentum": 0.8}, {"kind": "rmsprop", "momentum": 0.8}),
    "RMSprop centered, with momentum": (
        "RMSprop",
        {"rho": 0.8, "momentum": 0.5, "centered": True, "epsilon": 1e-4},
        {"kind": "rmsprop", "rho": 0.8, "momentum": 0.5, "centered": True, "epsilon": 1e-4},
    ),
}
STEPS, BATCH = 12, 5


def training(recorder: Recorder) -> None:
    """Twelve steps of every optimizer on a small convnet, from given weights, the last batch smaller."""
    # No bias before the normalization: it has no effect, and Adam would scale the rounding of its zero gradient up.
    layers = [
        layer("Conv2D", filters=4, kernel_size=3, use_bias=False),
        layer("BatchNormalization", momentum=0.9),
        layer("ReLU"),
        layer("MaxPooling2D", pool_size=2),
        layer("Conv2D", filters=3, kernel_size=2, activation="tanh"),
        layer("Flatten"),
        layer("Dense", units=3, activation="softmax"),
    ]
    input_shape = (8, 7, 2)
    draw = Draw("training")
    count = STEPS * BATCH - 2
    x, y = draw.normal((count, *input_shape)), draw.classes((count,), 3)
    weights: list[Array] | None = None
    for name, (kind, options, rule) in RULES.items():
        model = keras.Sequential([keras.Input(input_shape), *(k for d in layers for k in keras_layers(d))])
        if weights is None:
            weights = [
                draw.positive(tuple(v.shape)) if v.name in ("gamma", "moving_variance") else draw.normal(v.shape, 0.25)
                for v in model.weights
            ]
        model.set_weights(weights)
        rate = 0.05 if kind == "SGD" else 0.01
        optimizer = getattr(keras.optimizers, kind)(learning_rate=rate, **options)
        model.compile(optimizer, loss="sparse_categorical_crossentropy", run_eagerly=True)
        found_losses = []
        for start in range(0, count, BATCH):
            optimizer.learning_rate = rate * (1.0 - 0.05 * (start // BATCH))
            model.reset_metrics()
            batch = slice(start, start + BATCH)
            labels = np.rint(y[batch] * UNIT).astype(np.int32)
            found_losses.append(float(model.train_on_batch(x[batch].astype(np.float32), labels)))
        case = {"name": name, "layers": layers, "input_shape": list(input_shape), "rule": rule, "batch_size": BATCH}
        case["learning_rates"] = [rate * (1.0 - 0.05 * step) for step in range(STEPS)]
        given = {"x": x, "y": y, **{f"weight {i}": weight for i, weight in enumerate(weights)}}
        found = {"losses": np.array(found_losses)}
        found |= {f"weight {i}": weight for i, weight in enumerate(model.get_weights())}
        recorder.add(case, given, found)


def augmentation(recorder: Recorder) -> None:
    """Translations and rotations whose draw has no choice; else, as in prediction.

    Outputs only: TensorFlow's gradient of a projective transform is not that of its outputs. "wrap" only with whole
    pixels: TensorFlow does not interpolate between the last pixel and the first, unlike Keras' other backends.
    """
    shift, turn = {"height_factor": [0.2, 0.2], "width_factor": [-0.7, -0.7]}, {"factor": [0.1, 0.1]}
    whole = {"height_factor": [0.5, 0.5], "width_factor": [-0.75, -0.75], "fill_mode": "wrap"}
    rows = [(layer("RandomTranslation", **whole, interpolation=between), True) for between in ("nearest", "bilinear")]
    for fill in ("constant", "nearest", "reflect"):
        for between in ("nearest", "bilinear"):
            settings = {"fill_mode": fill, "interpolation": between, "fill_value": 0.5}
            rows.append((layer("RandomTranslation", **shift, **settings), True))
            rows.append((layer("RandomRotation", **turn, **settings), True))
    rows += [(layer("RandomRotation", factor=[-0.3, -0.3]), True), (layer("RandomRotation", factor=0.1), False)]
    rows += [
        (layer("RandomFlip"), False),
        (layer("RandomErasing"), False),
        (layer("RandomTranslation", **shift), False),
    ]
    for description, training in rows:
        shape = (6, 8, 2)
        name = case_name(shape, description, 2)
        x = Draw(name).normal((2, *shape))
        model = keras.Sequential([keras.Input(shape), *keras_layers(description)])
        outputs = model(tf.constant(x, tf.float32), training=training)
        case = {"name": name, "input_shape": list(shape), "layers": [description], "training": training}
        recorder.add(case, {"x": x}, {"outputs": outputs.numpy()})


def main() -> None:
    """Write every file."""
    keras.config.set_floatx("float64")
    for name, fill in {
        "convolution": convolutions,
        "pooling": poolings,
        "other_layers": other_layers,
        "networks": networks,
        "losses": losses,
    }.items():
        recorder = Recorder()
        fill(recorder)
        recorder.write(name)
    keras.config.set_floatx("float32")  # the places that images are read at have no other precision
    for name, fill in {"training": training, "augmentation": augmentation}.items():
        recorder = Recorder()
        fill(recorder)
        recorder.write(name)


if __name__ == "__main__":
    main()
