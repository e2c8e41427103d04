"""Both engines against PyTorch on shapes drawn at random: ``make test-peers``, apart from the normal tests.

The judge is PyTorch in double precision. An engine passes if its error is at most a small multiple of the error that
PyTorch itself makes in single precision, plus a few roundings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf
from tests.peers.in_pytorch import ACTIVATIONS, STACKED, Peer, Shape, assert_as_good, check

from convoscope.engine.base import Engine, LossRule
from convoscope.engine.plan import build
from convoscope.layers import (
    ELU,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Layer,
    LeakyReLU,
    LocalResponseNormalization,
    MaxPooling2D,
    MinPooling2D,
    UpSampling2D,
    ZeroPadding2D,
)
from convoscope.layers.stack import infer_shapes

generator = np.random.default_rng(20)


def one_of(*choices: Any) -> Any:
    return choices[generator.integers(len(choices))]


def pair(highest: int) -> tuple[int, int]:
    return int(generator.integers(1, highest + 1)), int(generator.integers(1, highest + 1))


def fitting(make: Callable[[], Layer]) -> tuple[Layer, Shape, int]:
    """Draw a layer and an image shape until they fit."""
    while True:
        layer, shape = make(), (*pair(15), one_of(1, 2, 3, 8, 16, 17))
        try:
            layer.infer_shape(shape)
        except ValueError:
            continue
        return layer, shape, one_of(1, 2, 5, 33)


def convolution() -> Layer:
    return Conv2D(
        one_of(1, 3, 8, 16, 17, 33),
        one_of((3, 3), (1, 1), (5, 5), pair(7)),
        strides=one_of((1, 1), (2, 2), pair(3)),
        padding=one_of("valid", "same"),
        dilation_rate=one_of((1, 1), (1, 1), pair(3)),
        activation=one_of(*STACKED, "relu", "linear"),
        use_bias=one_of(True, True, False),
    )


def transposed() -> Layer:
    strides = one_of((1, 1), (2, 2), (2, 2), pair(4))
    return Conv2DTranspose(
        one_of(1, 3, 8, 16, 17, 33),
        one_of((3, 3), (1, 1), (2, 2), (4, 4), pair(7)),
        strides=strides,
        padding=one_of("valid", "same"),
        output_padding=one_of(None, None, tuple(int(generator.integers(0, stride)) for stride in strides)),
        dilation_rate=pair(3) if max(strides) == 1 else 1,
        activation=one_of(*STACKED, "relu", "linear"),
        use_bias=one_of(True, True, False),
    )


def upsampling() -> Layer:
    return UpSampling2D(one_of((2, 2), pair(5)), interpolation=one_of("nearest", "bilinear"))


def pooling() -> Layer:
    kind = one_of(MaxPooling2D, MinPooling2D, AveragePooling2D)
    layer: Layer = kind(one_of((2, 2), pair(4)), strides=one_of(None, pair(3)), padding=one_of("valid", "same"))
    return layer


def fused() -> tuple[list[Layer], Shape, int]:
    """Draw a convolution with a pooling behind it, where engines take short cuts."""
    while True:
        convolving, shape, batch = fitting(convolution)
        stack = [convolving, one_of(MaxPooling2D(2), MaxPooling2D(2), MinPooling2D(2), pooling())]
        try:
            infer_shapes(stack, shape)
        except ValueError:
            continue
        return stack, shape, batch


CONVOLUTIONS = [fitting(convolution) for _ in range(80)]
POOLINGS = [fitting(pooling) for _ in range(40)]
FUSED = [fused() for _ in range(60)]
ENLARGEMENTS = [*(fitting(transposed) for _ in range(80)), *(fitting(upsampling) for _ in range(20))]


@pytest.mark.parametrize(("layer", "shape", "batch"), CONVOLUTIONS)
def test_convolutions(engine: Engine, layer: Layer, shape: Shape, batch: int) -> None:
    check(engine, [layer], shape, batch, training=False)


@pytest.mark.parametrize("size", [3, 5, (3, 6), 7])
@pytest.mark.parametrize("pooling", [None, AveragePooling2D(2)])
@pytest.mark.parametrize(("channels", "filters"), [(32, 48), (65, 33)])
def test_wide_convolutions(engine: Engine, size: Any, pooling: Layer | None, channels: int, filters: int) -> None:
    layers: list[Layer] = [Conv2D(filters, size, padding="same", activation="relu"), *([pooling] if pooling else [])]
    check(engine, layers, (15, 12, channels), 9, training=False)


@pytest.mark.parametrize(("layer", "shape", "batch"), POOLINGS)
def test_poolings(engine: Engine, layer: Layer, shape: Shape, batch: int) -> None:
    check(engine, [layer], shape, batch, training=False)


@pytest.mark.parametrize(("layer", "shape", "batch"), ENLARGEMENTS)
def test_transposed_convolutions_and_upsamplings(engine: Engine, layer: Layer, shape: Shape, batch: int) -> None:
    check(engine, [layer], shape, batch, training=False)


@pytest.mark.parametrize(("stack", "shape", "batch"), FUSED)
def test_convolutions_with_a_pooling_behind(engine: Engine, stack: list[Layer], shape: Shape, batch: int) -> None:
    check(engine, stack, shape, batch, training=False)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("inputs", "units", "batch"), [(1, 1, 1), (17, 33, 2), (100, 10, 33), (257, 128, 32)])
def test_dense_layers(engine: Engine, activation: str, inputs: int, units: int, batch: int) -> None:
    check(engine, [Dense(units, activation=activation)], (inputs,), batch, training=False)


@pytest.mark.parametrize(
    ("radius", "bias", "alpha", "beta"), [(2, 1, 2e-5, 0.75), ((2, 1), 2, 0.3, 0.5), (5, 1, 1, 1.2)]
)
@pytest.mark.parametrize(("shape", "batch"), [((7, 6, 17), 3), ((3, 2, 96), 2), ((5, 5, 1), 4)])
def test_local_response_normalization(
    engine: Engine, radius: Any, bias: float, alpha: float, beta: float, shape: Shape, batch: int
) -> None:
    check(engine, [LocalResponseNormalization(radius, bias, alpha, beta)], shape, batch, training=False)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("shape", "batch"), [((5,), 33), ((7, 6, 17), 3), ((28, 28, 3), 32), ((1, 1, 1), 4)])
def test_batch_normalization(engine: Engine, shape: Shape, batch: int, training: bool) -> None:
    check(engine, [BatchNormalization()], shape, batch, training)


def lesson(*, filters: int, units: int) -> list[Layer]:
    return [
        Conv2D(filters, 3, activation="relu"),
        MaxPooling2D(2, 2),
        Conv2D(filters, 3, activation="relu"),
        MaxPooling2D(2, 2),
        Flatten(),
        Dense(units, activation="relu"),
        Dense(10, activation="softmax"),
    ]


def mixed() -> list[Layer]:
    return [
        ZeroPadding2D(((1, 2), (0, 1))),
        Conv2D(9, 5, strides=2, padding="same", use_bias=False),
        BatchNormalization(),
        LeakyReLU(),
        ELU(0.5),
        AveragePooling2D(3, strides=2, padding="same"),
        Conv2D(17, (3, 2), activation="gelu"),
        BatchNormalization(),
        Conv2D(6, 1, activation="tanh"),
        MinPooling2D(2, strides=1),
        GlobalAveragePooling2D(),
        Dense(12, activation="silu"),
        Dense(4, activation="softmax"),
    ]


def autoencoder() -> list[Layer]:
    return [
        Conv2D(16, 3, padding="same", activation="relu"),
        MaxPooling2D(2),
        Conv2D(24, 3, strides=2, padding="same", activation="elu"),
        Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
        BatchNormalization(),
        UpSampling2D(2, interpolation="bilinear"),
        Conv2DTranspose(9, 4, padding="same", activation="tanh"),
        UpSampling2D((1, 2)),
        Conv2D(1, 3, strides=(1, 2), padding="same", activation="sigmoid"),
    ]


NETWORKS = {
    "an autoencoder": (autoencoder(), (28, 20, 1), 9),
    "the lesson's on 28×28": (lesson(filters=64, units=128), (28, 28, 1), 8),
    "the lesson's on colour": (lesson(filters=17, units=33), (23, 19, 3), 33),
    "mixed on 17×21": (mixed(), (17, 21, 3), 5),
    "mixed on one image": (mixed(), (30, 13, 1), 1),
    "global maximum": ([Conv2D(5, 3, activation="elu"), GlobalMaxPooling2D(), Dense(3)], (9, 9, 2), 7),
}


@pytest.mark.parametrize("training", [False, True], ids=["prediction", "training"])
@pytest.mark.parametrize("name", NETWORKS)
def test_whole_networks(engine: Engine, name: str, training: bool) -> None:
    stack, shape, batch = NETWORKS[name]
    check(engine, stack, shape, batch, training, roundings=32)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", ["the lesson's on 28×28", "mixed on 17×21"])
def test_the_gradients_of_a_classifier_s_loss(engine: Engine, name: str, smoothing: float) -> None:
    stack, shape, batch = NETWORKS[name]
    plan = build(stack, shape)
    draw = np.random.default_rng(5)
    weights = []
    for planned in plan.weights:
        drawn = draw.normal(0, max(1.0, float(np.prod(planned.shape[:-1]))) ** -0.5, planned.shape)
        weights.append((np.abs(drawn) + 0.5 if planned.name == "moving_variance" else drawn).astype(np.float32))
    x = draw.normal(size=(batch, *shape)).astype(np.float32)
    y = draw.integers(0, plan.output_shape[-1], batch).astype(np.int32)
    peers = []
    for kind in (torch.float32, torch.float64):
        peer = Peer(stack, shape, weights, kind)
        seen, values = peer.outputs(x, training=True)
        loss = nnf.cross_entropy(values.log(), torch.tensor(y).long(), reduction="none", label_smoothing=smoothing)
        loss.mean().backward()
        peers.append([loss.detach().numpy(), *peer.gradients(seen)])
    rule = LossRule("sparse_categorical_crossentropy", label_smoothing=smoothing)
    found = engine.prepare(plan, weights).gradients(x, y, rule)
    ours = [found.losses, found.input, *(gradient for gradient in found.weights if gradient is not None)]
    assert_as_good(ours, peers[0], peers[1], roundings=32)
