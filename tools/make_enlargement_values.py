"""Compute, with Keras, the values of layers that enlarge images: ``python tools/make_enlargement_values.py``.

As `make_peer_values`, whose environment it needs; writes ``tests/values/enlargement.npz``.

Held against PyTorch and not in here: dilation, for which TensorFlow has no transposed convolution on a CPU, and
bilinear enlargement by what is no power of two, for whose shares TensorFlow has single precision only.
"""

from __future__ import annotations

import keras
from peer_values import Description, Recorder, case_name, layer, record_stack


def enlargements(recorder: Recorder) -> None:
    """Transposed convolutions, images made larger, and both in a network."""
    transposed, larger = "Conv2DTranspose", "UpSampling2D"
    rows: list[tuple[tuple[int, int, int], Description, int]] = [
        ((4, 5, 1), layer(transposed, filters=3, kernel_size=1), 2),
        ((4, 5, 3), layer(transposed, filters=2, kernel_size=3), 2),
        ((5, 4, 17), layer(transposed, filters=3, kernel_size=3, padding="same"), 2),
        ((4, 3, 3), layer(transposed, filters=17, kernel_size=3, strides=2), 2),
        ((4, 3, 2), layer(transposed, filters=3, kernel_size=3, strides=2, padding="same"), 33),
        ((3, 4, 3), layer(transposed, filters=2, kernel_size=2, strides=2), 2),
        ((3, 4, 3), layer(transposed, filters=2, kernel_size=4, strides=2, padding="same", activation="relu"), 2),
        ((3, 4, 2), layer(transposed, filters=3, kernel_size=2, strides=3), 2),
        ((3, 4, 2), layer(transposed, filters=3, kernel_size=2, strides=3, padding="same"), 2),
        ((3, 5, 2), layer(transposed, filters=3, kernel_size=[4, 5], strides=[3, 1], padding="same"), 2),
        ((3, 2, 2), layer(transposed, filters=3, kernel_size=[1, 6], strides=[1, 2], use_bias=False), 2),
        ((2, 3, 2), layer(transposed, filters=3, kernel_size=3, strides=3, output_padding=[1, 2]), 2),
        ((3, 4, 2), layer(transposed, filters=3, kernel_size=3, strides=2, padding="same", output_padding=0), 2),
        ((3, 4, 2), layer(transposed, filters=3, kernel_size=3, strides=2, padding="same", output_padding=1), 2),
        ((3, 4, 2), layer(transposed, filters=3, kernel_size=2, strides=2, padding="same", output_padding=1), 2),
        ((1, 1, 3), layer(transposed, filters=2, kernel_size=3, padding="same"), 3),
        ((3, 2, 2), layer(transposed, filters=3, kernel_size=3, activation="softmax"), 2),
        ((3, 4, 2), layer(transposed, filters=3, kernel_size=3, strides=2, activation="silu"), 2),
        ((3, 4, 2), layer(larger), 2),
        ((3, 4, 1), layer(larger, size=[1, 3]), 33),
        ((2, 3, 17), layer(larger, size=[4, 2]), 2),
        ((3, 4, 2), layer(larger, interpolation="bilinear"), 2),
        ((3, 2, 3), layer(larger, size=[4, 1], interpolation="bilinear"), 2),
        ((1, 5, 1), layer(larger, size=[2, 8], interpolation="bilinear"), 3),
    ]
    for shape, description, batch in rows:
        record_stack(recorder, case_name(shape, description, batch), shape, [description], batch=batch)
    autoencoder = [
        layer("Conv2D", filters=4, kernel_size=3, padding="same", activation="relu"),
        layer("MaxPooling2D", pool_size=2),
        layer("Conv2D", filters=3, kernel_size=3, padding="same", activation="relu"),
        layer("UpSampling2D", size=2),
        layer(transposed, filters=4, kernel_size=3, strides=2, padding="same", use_bias=False),
        layer("BatchNormalization"),
        layer("ReLU"),
        layer("UpSampling2D", size=[1, 2]),
        layer(transposed, filters=1, kernel_size=3, activation="sigmoid"),
    ]
    record_stack(recorder, "an autoencoder", (6, 8, 1), autoencoder, batch=3)
    record_stack(recorder, "an autoencoder in training", (6, 8, 1), autoencoder, batch=3, training=True)


def main() -> None:
    """Write the file."""
    keras.config.set_floatx("float64")
    recorder = Recorder()
    enlargements(recorder)
    recorder.write("enlargement")


if __name__ == "__main__":
    main()
