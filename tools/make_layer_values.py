"""Compute, with Keras, values of more kinds of layers: ``python tools/make_layer_values.py``.

Needs what `make_peer_values.py` needs, and writes ``tests/values/{depthwise,more_layers,sizes}.npz``, which the tests
there read. Run it again only to add cases: the same versions give the same bytes.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from peer_values import Description, Draw, Recorder, case_name, keras_layers, layer, record_stack


def depthwise(recorder: Recorder) -> None:
    """Convolutions in groups, channel by channel, and separable ones."""
    conv, depth, separable = "Conv2D", "DepthwiseConv2D", "SeparableConv2D"
    rows: list[tuple[tuple[int, int, int], Description, int]] = [
        ((5, 6, 4), layer(conv, filters=6, kernel_size=3, groups=2), 2),
        ((6, 5, 6), layer(conv, filters=3, kernel_size=[2, 3], strides=2, padding="same", groups=3), 3),
        ((3, 4, 34), layer(conv, filters=34, kernel_size=1, groups=2, use_bias=False, activation="relu"), 2),
        ((7, 7, 4), layer(conv, filters=8, kernel_size=3, groups=4, dilation_rate=2, activation="silu"), 1),
        ((5, 6, 4), layer(depth, kernel_size=3), 2),
        ((7, 6, 5), layer(depth, kernel_size=3, strides=2, padding="same", activation="relu6"), 3),
        ((8, 8, 3), layer(depth, kernel_size=5, strides=2, padding="same", depth_multiplier=2), 1),
        ((6, 9, 17), layer(depth, kernel_size=5, padding="same", use_bias=False), 2),
        ((4, 5, 2), layer(depth, kernel_size=[3, 2], depth_multiplier=3, activation="gelu"), 2),
        ((7, 8, 2), layer(depth, kernel_size=3, padding="same", dilation_rate=2), 2),
        ((3, 3, 33), layer(depth, kernel_size=1), 3),
        ((9, 9, 4), layer(depth, kernel_size=4, strides=3), 2),
        ((5, 6, 3), layer(separable, filters=4, kernel_size=3), 2),
        ((5, 4, 3), layer(separable, filters=5, kernel_size=[3, 2], strides=2, padding="same", depth_multiplier=2), 2),
        ((6, 6, 2), layer(separable, filters=2, kernel_size=3, use_bias=False, activation="softmax"), 2),
    ]
    for shape, description, batch in rows:
        record_stack(recorder, case_name(shape, description, batch), shape, [description], batch=batch)
    inverted_residual = [
        layer(conv, filters=12, kernel_size=1, use_bias=False),
        layer("BatchNormalization"),
        layer("ReLU", max_value=6.0),
        layer(depth, kernel_size=3, strides=2, padding="same", use_bias=False),
        layer("BatchNormalization"),
        layer("ReLU", max_value=6.0),
        layer(conv, filters=5, kernel_size=1, use_bias=False),
        layer("BatchNormalization"),
    ]
    for training in (False, True):
        name = "an inverted residual's branch" + (" in training" if training else "")
        record_stack(recorder, name, (7, 8, 3), inverted_residual, batch=3, training=training)


def more_layers(recorder: Recorder) -> None:
    """Rectifiers with settings, normalizations of each sample, and layers that move values."""
    given = {"mean": [0.5, -1.0], "variance": [4.0, 0.25]}
    rows: list[tuple[tuple[int, ...], Description, int, bool]] = [
        ((4, 6), layer("ReLU", max_value=1.5), 2, False),
        ((4, 6), layer("ReLU", max_value=1.5, negative_slope=0.25), 2, False),
        ((4, 6), layer("ReLU", threshold=0.5), 2, False),
        ((4, 6), layer("ReLU", max_value=1.25, negative_slope=0.125, threshold=0.75), 2, False),
        ((3, 4, 2), layer("PReLU"), 3, False),
        ((3, 4, 5), layer("PReLU", shared_axes=[1, 2]), 3, False),
        ((3, 4, 5), layer("PReLU", shared_axes=[3]), 3, False),
        ((3, 4, 5), layer("LayerNormalization"), 3, False),
        ((3, 4, 2), layer("LayerNormalization", axis=[1, 2, 3], epsilon=0.1), 3, True),
        ((3, 4, 5), layer("LayerNormalization", axis=[-2, -1], center=False), 2, False),
        ((6,), layer("LayerNormalization", scale=False), 9, False),
        ((3, 4, 6), layer("GroupNormalization", groups=2), 3, False),
        ((3, 2, 5), layer("GroupNormalization", groups=-1, scale=False), 3, True),
        ((2, 3, 4), layer("GroupNormalization", groups=1, center=False, epsilon=0.1), 3, False),
        ((24,), layer("GroupNormalization", groups=4), 4, False),
        ((4, 5), layer("UnitNormalization"), 3, False),
        ((2, 3, 4), layer("UnitNormalization", axis=[1, 2, 3]), 3, False),
        ((3, 4, 5), layer("Normalization"), 3, False),
        ((3, 4, 2), layer("Normalization", axis=[1, 3], invert=True), 3, False),
        ((6,), layer("Normalization", axis=None), 3, False),
        ((3, 2), layer("Normalization", **given), 3, True),
        ((3, 2), layer("Normalization", **given, invert=True), 3, False),
        ((4, 5, 2), layer("Cropping2D", cropping=[[1, 0], [2, 1]]), 2, False),
        ((4, 5, 2), layer("Cropping2D", cropping=1), 2, False),
        ((3, 4), layer("Permute", dims=[2, 1]), 2, False),
        ((3, 4, 2), layer("Permute", dims=[3, 1, 2]), 2, False),
        ((5,), layer("RepeatVector", n=3), 2, False),
        ((5, 6, 2), layer("CenterCrop", height=2, width=3), 2, False),
        ((3, 4, 2), layer("SpatialDropout2D", rate=0.5), 2, False),
        ((3, 4), layer("GaussianNoise", stddev=0.5), 2, False),
        ((3, 4), layer("GaussianDropout", rate=0.5), 2, False),
        ((3, 4), layer("AlphaDropout", rate=0.5), 2, False),
    ]
    for shape, description, batch, training in rows:
        name = case_name(shape, description, batch) + (" in training" if training else "")
        record_stack(recorder, name, shape, [description], batch=batch, training=training)


def sizes(recorder: Recorder) -> None:
    """Images brought to another size. Outputs only, in single precision, which is TensorFlow's for the positions."""
    rows = [
        ((5, 6, 2), layer("Resizing", height=4, width=9)),
        ((6, 4, 3), layer("Resizing", height=3, width=7, interpolation="nearest")),
        ((7, 7, 1), layer("Resizing", height=14, width=3)),
        ((5, 9, 1), layer("Resizing", height=4, width=4, crop_to_aspect_ratio=True)),
        ((9, 4, 2), layer("Resizing", height=5, width=7, crop_to_aspect_ratio=True, interpolation="nearest")),
        ((7, 4, 2), layer("Resizing", height=3, width=8, pad_to_aspect_ratio=True, fill_value=-1.0)),
        ((3, 5, 2), layer("Resizing", height=6, width=4, pad_to_aspect_ratio=True, interpolation="nearest")),
        ((6, 4, 2), layer("CenterCrop", height=4, width=8)),
        ((3, 4, 2), layer("RandomCrop", height=6, width=8)),
        ((6, 5, 2), layer("RandomContrast", factor=[0.0, 0.0], value_range=[-0.75, 1.25])),
        ((6, 5, 2), layer("RandomContrast", factor=[-0.5, 0.5], value_range=[-2.0, 2.0])),
        ((6, 5, 2), layer("RandomBrightness", factor=[0.25, 0.25], value_range=[-1.0, 2.0])),
        ((6, 8, 2), layer("RandomZoom", height_factor=[0.5, 0.5], fill_mode="constant", fill_value=0.5)),
        ((6, 8, 2), layer("RandomZoom", height_factor=[-0.25, -0.25], width_factor=[0.375, 0.375])),
        ((7, 5, 1), layer("RandomZoom", height_factor=[-0.3, -0.3], interpolation="nearest", fill_mode="nearest")),
    ]
    for shape, description in rows:
        name = case_name(shape, description, 2)
        x = Draw(name).normal((2, *shape))
        model = keras.Sequential([keras.Input(shape), *keras_layers(description)])
        outputs = model(tf.constant(x, tf.float32), training=True)
        case = {"name": name, "input_shape": list(shape), "layers": [description], "training": True}
        recorder.add(case, {"x": x}, {"outputs": outputs.numpy()})


def main() -> None:
    """Write every file."""
    for name, fill, precision in (
        ("depthwise", depthwise, "float64"),
        ("more_layers", more_layers, "float64"),
        ("sizes", sizes, "float32"),
    ):
        keras.config.set_floatx(precision)
        recorder = Recorder()
        fill(recorder)
        recorder.write(name)


if __name__ == "__main__":
    main()
