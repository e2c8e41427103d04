"""Networks between symbols, written once for Keras and for Convoscope: `keras` is either of the two.

`tools/make_functional_values.py` runs them in Keras, `test_functional_networks.py` here. Neither package is imported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def residual(keras: Any) -> Any:
    """Two residual blocks, the second with strides and a 1×1 convolution in the shortcut, as in ResNet-20."""
    layers = keras.layers
    x = inputs = keras.Input(shape=(8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    for filters, strides in ((4, 1), (6, 2)):
        shortcut = x
        x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        if strides > 1:
            shortcut = layers.Conv2D(filters, 1, strides=strides, padding="same")(shortcut)
        x = layers.Add()([shortcut, x])
        x = layers.Activation("relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(5, activation="softmax")(x), name="residual")


def separable(keras: Any) -> Any:
    """Depthwise and pointwise convolutions, as in MobileNet."""
    layers = keras.layers
    x = inputs = keras.Input(shape=(9, 8, 3))
    for filters, strides in ((4, 1), (6, 2)):
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.Conv2D(filters, 1)(x)
        x = layers.ReLU()(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x), name="separable")


def branches(keras: Any) -> Any:
    """Three branches of different depth that meet in products, differences and extremes."""
    layers = keras.layers
    inputs = keras.Input(shape=(7, 6, 2))
    a = layers.Conv2D(3, 3, padding="same", activation="tanh")(inputs)
    b = layers.Conv2D(3, 1)(inputs)
    c = layers.Conv2D(3, (1, 3), padding="same")(layers.Conv2D(3, (3, 1), padding="same", activation="silu")(inputs))
    x = layers.Subtract()([layers.Multiply()([a, b]), c])
    x = layers.Maximum()([x, layers.Minimum()([a, c])])
    x = layers.Average()([x, a, b])
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)), name="branches")


def squeeze_excite(keras: Any) -> Any:
    """Channels weighed by what all pixels together say of them."""
    layers = keras.layers
    inputs = keras.Input(shape=(6, 6, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    s = layers.GlobalAveragePooling2D(keepdims=True)(x)
    s = layers.Conv2D(2, 1, activation="relu")(s)
    s = layers.Conv2D(8, 1, activation="sigmoid")(s)
    x = layers.Multiply()([x, s])
    x = layers.Conv2D(4, 3, strides=2)(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(x)), name="squeeze_excite")


def two_inputs(keras: Any) -> Any:
    """An image, and a row of numbers that is known of it."""
    layers = keras.layers
    image = keras.Input(shape=(6, 5, 1), name="image")
    known = keras.Input(shape=(3,), name="known")
    x = layers.Flatten()(layers.MaxPooling2D(2)(layers.Conv2D(4, 2, activation="relu")(image)))
    k = layers.Dense(4, activation="tanh")(known)
    x = layers.Concatenate()([x, k, known])
    return keras.Model([image, known], layers.Dense(2)(x), name="two_inputs")


def shared(keras: Any) -> Any:
    """One convolution and one dense layer for both of two images, as in a Siamese network."""
    layers = keras.layers
    left, right = keras.Input(shape=(6, 6, 1), name="left"), keras.Input(shape=(6, 6, 1), name="right")
    look, tell = layers.Conv2D(4, 3, activation="relu"), layers.Dense(5)
    a, b = (tell(layers.Flatten()(look(image))) for image in (left, right))
    difference = layers.Subtract()([a, b])
    x = layers.Concatenate()([difference, layers.Multiply()([difference, difference])])
    return keras.Model([left, right], layers.Dense(1)(x), name="shared")


def nested(keras: Any) -> Any:
    """A model and a stack as layers, the model called twice."""
    layers = keras.layers
    block_input = keras.Input(shape=(6, 6, 4))
    y = layers.Conv2D(4, 3, padding="same", activation="relu")(block_input)
    block = keras.Model(block_input, layers.Add()([block_input, y]), name="block")
    head = keras.Sequential([keras.Input(shape=(6, 6, 4)), layers.Flatten(), layers.Dense(3)], name="head")
    inputs = keras.Input(shape=(6, 6, 1), name="image")  # Keras counts names across models, we within one
    x = layers.Conv2D(4, 1, name="widen")(inputs)
    return keras.Model(inputs, head(block(block(x))), name="nested")


def u_net(keras: Any) -> Any:
    """Down, up again, and across: an image comes out."""
    layers = keras.layers
    x = inputs = keras.Input(shape=(8, 8, 1))
    across = []
    for filters in (3, 4):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        across.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(5, 3, padding="same", activation="relu")(x)
    for filters, skip in zip((4, 3), reversed(across), strict=True):
        x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
        x = layers.Concatenate()([x, skip])
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x), name="u_net")


def dense_block(keras: Any) -> Any:
    """Every layer reads all before it, as in DenseNet."""
    layers = keras.layers
    x = inputs = keras.Input(shape=(6, 6, 2))
    for _ in range(3):
        y = layers.Activation("relu")(layers.BatchNormalization()(x))
        y = layers.Conv2D(2, 3, padding="same", use_bias=False)(y)
        x = layers.Concatenate()([x, y])
    x = layers.AveragePooling2D(2)(layers.Conv2D(3, 1)(x))
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(layers.Flatten()(x)), name="dense_block")


def inverted_residual(keras: Any) -> Any:
    """Wider, depthwise, narrower, and around it a shortcut, as in MobileNetV2."""
    layers = keras.layers
    x = inputs = keras.Input(shape=(7, 7, 4))
    for strides in (1, 2):
        y = layers.ReLU(6.0)(layers.Conv2D(12, 1, use_bias=False)(x))
        y = layers.ReLU(6.0)(layers.DepthwiseConv2D(3, strides=strides, padding="same")(y))
        y = layers.BatchNormalization()(layers.Conv2D(4, 1, use_bias=False)(y))
        x = layers.Add()([x, y]) if strides == 1 else y
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x), name="inverted_residual")


def inception(keras: Any) -> Any:
    """1×1, 3×3, two 3×3 and a pooling side by side."""
    layers = keras.layers
    inputs = keras.Input(shape=(8, 7, 3))
    a = layers.Conv2D(2, 1, activation="relu")(inputs)
    b = layers.Conv2D(3, 3, padding="same", activation="relu")(layers.Conv2D(2, 1, activation="relu")(inputs))
    c = layers.Conv2D(2, 1, activation="relu")(inputs)
    for _ in range(2):
        c = layers.Conv2D(2, 3, padding="same", activation="relu")(c)
    d = layers.Conv2D(2, 1, activation="relu")(layers.MaxPooling2D(3, strides=1, padding="same")(inputs))
    x = layers.Concatenate(name="side_by_side")([a, b, c, d])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x), name="inception")


def two_outputs(keras: Any) -> Any:
    """A class, and where in the image: two heads on one body, one of them also read by the other."""
    layers = keras.layers
    inputs = keras.Input(shape=(6, 6, 1))
    x = layers.Flatten()(layers.Conv2D(3, 3, activation="relu")(inputs))
    box = layers.Dense(4, name="box")(x)
    kind = layers.Dense(3, name="kind")(layers.Concatenate()([x, box]))
    return keras.Model(inputs, [kind, box], name="two_outputs")


def chain(keras: Any) -> Any:
    """Layers that follow each other, written between symbols: its summary is that of a stack."""
    layers = keras.layers
    inputs = keras.Input(shape=(7, 7, 2))
    x = layers.Conv2D(4, 3, activation="relu")(inputs)
    x = layers.Dropout(0.0)(layers.MaxPooling2D()(x))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(x)), name="chain")


def forked(keras: Any) -> Any:
    """A model with two outputs as a layer, and one of these read twice."""
    layers = keras.layers
    block_input = keras.Input(shape=(5,), name="row")
    y = layers.Dense(4, activation="tanh", name="wide")(block_input)
    block = keras.Model(block_input, [y, layers.Dense(2, name="narrow")(y)], name="block")
    inputs = keras.Input(shape=(5,), name="numbers")
    wide, narrow = block(inputs)
    x = layers.Concatenate(name="both")([wide, narrow, narrow])
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="kind")(x), name="forked")


NETWORKS: dict[str, Callable[[Any], Any]] = {
    make.__name__: make
    for make in (
        residual,
        separable,
        branches,
        squeeze_excite,
        two_inputs,
        shared,
        nested,
        u_net,
        dense_block,
        inverted_residual,
        inception,
        two_outputs,
        chain,
        forked,
    )
}

#: What only some versions have: the networks of which it keeps one waiting.
NEEDS = {"separable": "DepthwiseConv2D", "inverted_residual": "DepthwiseConv2D"}
STEPS = 8
RATE = 0.001
BATCH = 6


def drawn_weights(shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Return weights of those shapes: kernels of either sign, and values around 1 for all that is one for a channel."""
    rng = np.random.default_rng(13)
    return [
        np.float32((rng.random(shape) * 2 - 1) * math.sqrt(3 / math.prod(shape[:-1])))
        if len(shape) > 1
        else np.float32(rng.random(shape) + 0.5)
        for shape in shapes
    ]


def drawn_inputs(shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Return a batch of inputs for each shape."""
    rng = np.random.default_rng(17)
    return [np.float32(rng.random((BATCH, *shape)) * 2 - 1) for shape in shapes]


def drawn_targets(shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Return a batch of targets for each output: between 0 and 1, and along the last axis of sum 1."""
    rng = np.random.default_rng(19)
    drawn = [np.float32(rng.random((BATCH, *shape))) for shape in shapes]
    return [each / each.sum(-1, keepdims=True) if each.shape[-1] > 1 else each for each in drawn]


def loss_of(model: Any) -> str:
    """Return the loss that the network is trained with: a cross-entropy where probabilities come out."""
    kind = getattr(model.layers[-1], "activation", None)
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", "linear")
    return {"softmax": "categorical_crossentropy", "sigmoid": "binary_crossentropy"}.get(name, "mean_squared_error")
