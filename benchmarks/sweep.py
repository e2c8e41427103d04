"""The sweep: single convolutions in many shapes, stacks of two, and whole networks; and those that people know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import known_networks
from benchmarks.networks import (
    LESSON,
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    GlobalAverage,
    Layer,
    Network,
    Pool,
    Relu,
    Shape,
)


@dataclass(frozen=True)
class Row:
    """A network and the number of images in a batch, fewer where images are large.

    ``trains`` says whether a training step is measured too, and ``beside_onnx`` whether ONNX Runtime predicts as well,
    with all threads and with one.
    """

    network: Network
    batch: int = 32
    trains: bool = True
    beside_onnx: bool = False


def _row(name: str, shape: Shape, *layers: Layer, batch: int = 32) -> Row:
    """Return layers under the smallest head that can be trained; the head is the same for all."""
    return Row(Network(name, shape, (*layers, GlobalAverage(), Dense(10, "softmax"))), batch)


def _one(
    pixels: int,
    channels: int,
    filters: int,
    kernel: int = 3,
    stride: int = 1,
    padding: str = "valid",
    pool: int = 0,
    batch: int = 32,
) -> Row:
    """Return a row of one convolution, with or without a pooling."""
    name = f"{pixels}×{pixels}×{channels} conv {filters} {kernel}×{kernel}"
    name += f" stride {stride}" if stride > 1 else ""
    name += " same" if padding == "same" else ""
    name += f" pool {pool}" if pool else ""
    layers: list[Layer] = [Conv(filters, kernel, stride, padding)]
    return _row(name, (pixels, pixels, channels), *layers, *([Pool(pool)] if pool else []), batch=batch)


def _normalized(pixels: int, channels: int, filters: int, pool: bool, batch: int = 32) -> Row:
    """Return a row of convolution, BatchNormalization and ReLU, with or without a pooling."""
    name = f"{pixels}×{pixels}×{channels} conv {filters} 3×3 same, BN, ReLU" + (", pool 2" if pool else "")
    layers: list[Layer] = [Conv(filters, padding="same", activation=None), BatchNorm(), Relu()]
    return _row(name, (pixels, pixels, channels), *layers, *([Pool()] if pool else []), batch=batch)


def _two(
    pixels: int, channels: int, first: int, second: int, kernel: int = 3, pool: bool = True, batch: int = 32
) -> Row:
    """Return a row of two convolutions: the second has to give the first its gradient."""
    name = f"{pixels}×{pixels}×{channels} conv {first}, conv {second} {kernel}×{kernel}" + (", pools 2" if pool else "")
    pools: list[Layer] = [Pool()] if pool else []
    layers: list[Layer] = [Conv(first, kernel), *pools, Conv(second, kernel), *pools]
    return _row(name, (pixels, pixels, channels), *layers, batch=batch)


def _vgg(*filters: int) -> tuple[Layer, ...]:
    return tuple(
        layer for count in filters for layer in (Conv(count, padding="same"), Conv(count, padding="same"), Pool())
    )


SMALL_VGG = Network("small VGG 64×64×3", (64, 64, 3), (*_vgg(32, 64, 128), Flatten(), Dense(256), Dense(10, "softmax")))
LENET = Network(
    "LeNet-5 28×28×1",
    (28, 28, 1),
    (
        Conv(6, 5, padding="same", activation="tanh"),
        Pool(kind="average"),
        Conv(16, 5, activation="tanh"),
        Pool(kind="average"),
        Flatten(),
        Dense(120, "tanh"),
        Dense(84, "tanh"),
        Dense(10, "softmax"),
    ),
)
LENET_RELU = Network(
    "LeNet, ReLU, max pooling, 32×32×3",
    (32, 32, 3),
    (Conv(6, 5), Pool(), Conv(16, 5), Pool(), Flatten(), Dense(120), Dense(84), Dense(10, "softmax")),
)
NORMALIZED = Network(
    "three convolutions with BN 32×32×3",
    (32, 32, 3),
    (
        *(
            layer
            for filters in (32, 64, 128)
            for layer in (Conv(filters, padding="same", activation=None), BatchNorm(), Relu(), Pool())
        ),
        GlobalAverage(),
        Dense(10, "softmax"),
    ),
)
STRIDED = Network(
    "strides in place of pooling 32×32×3",
    (32, 32, 3),
    (Conv(32, 3, 2), Conv(64, 3, 2), Conv(128, 3, 2), Flatten(), Dense(10, "softmax")),
)
PERCEPTRON = Network("dense 28×28×1", (28, 28, 1), (Flatten(), Dense(128), Dense(10, "softmax")))
CNN_1 = Network(
    "one convolution 28×28×1",
    (28, 28, 1),
    (Conv(32), Pool(), Flatten(), Dense(128), Dense(10, "softmax")),
)
DIGITS = Network(
    "digits 8×8×1",
    (8, 8, 1),
    (Conv(64, padding="same"), Pool(), Flatten(), Dense(128), Dense(10, "softmax")),
)

ROWS = (
    # channels, from one to many
    _one(28, 1, 1),
    _one(28, 1, 8, pool=2),
    _one(28, 1, 32, pool=2),
    _one(28, 1, 64, pool=2),
    _one(28, 1, 64),
    _one(32, 3, 32, pool=2),
    _one(28, 3, 5),
    _one(28, 7, 13, pool=2),
    _one(28, 16, 16),
    _one(28, 32, 32, pool=2),
    _one(13, 64, 64, pool=2),
    _one(28, 64, 64),
    _one(14, 128, 128),
    _one(14, 128, 128, pool=2),
    _one(8, 256, 256),
    _one(16, 256, 16),
    _one(16, 16, 256),
    # kernels
    _one(28, 32, 32, kernel=1),
    _one(14, 256, 64, kernel=1),
    _one(28, 32, 32, kernel=2),
    _one(28, 16, 32, kernel=4),
    _one(28, 1, 32, kernel=5, pool=2),
    _one(28, 32, 32, kernel=5),
    _one(28, 32, 32, kernel=6),
    _one(32, 3, 32, kernel=7),
    _one(28, 32, 32, kernel=7, pool=2),
    # strides, padding, odd edges, other poolings
    _one(28, 1, 32, stride=2),
    _one(32, 32, 64, stride=2),
    _one(64, 3, 32, kernel=5, stride=3),
    _one(28, 1, 64, padding="same", pool=2),
    _one(32, 64, 64, padding="same"),
    _one(27, 32, 32, pool=2),
    _one(28, 32, 32, pool=3),
    _row("28×28×32 conv 32 3×3, average pool 2", (28, 28, 32), Conv(32), Pool(kind="average")),
    # pixels
    _one(8, 1, 64, padding="same", pool=2),
    _one(64, 3, 32, pool=2, batch=16),
    _one(128, 3, 16, pool=2, batch=8),
    _one(128, 32, 32, batch=4),
    _one(224, 3, 32, pool=2, batch=4),
    _one(224, 3, 64, kernel=7, stride=2, pool=2, batch=4),
    # BatchNormalization
    _normalized(28, 1, 32, pool=True),
    _normalized(28, 32, 32, pool=False),
    _normalized(16, 64, 128, pool=True),
    # a second layer, which needs the gradient of its input
    _two(28, 1, 32, 64),
    _two(28, 1, 16, 16, kernel=5),
    _two(32, 3, 64, 64, pool=False),
    _two(12, 64, 128, 128, pool=False),
    # whole networks
    Row(LESSON),
    Row(LESSON, batch=128),
    Row(PERCEPTRON),
    Row(CNN_1),
    Row(DIGITS),
    Row(LENET),
    Row(LENET_RELU),
    Row(NORMALIZED),
    Row(STRIDED),
    Row(SMALL_VGG),
)
#: Networks that people know, most of them with branches: a part of their own.
NETWORKS = (
    Row(known_networks.RESNET_20),
    Row(known_networks.MOBILENET_V2),
    Row(known_networks.INCEPTION),
    Row(known_networks.SQUEEZE_AND_EXCITE),
    Row(known_networks.UNET, batch=16),
    *(Row(known_networks.EFFICIENTNET_LITE0, batch, trains=False, beside_onnx=True) for batch in (1, 8, 32)),
    Row(known_networks.EFFICIENTNET_LITE0, batch=16),
)
EVERY = (*ROWS, *NETWORKS)


def label(row: Row) -> str:
    """Return the row's name in the table, by which the programs find it again."""
    return f"{row.network.name}, batch {row.batch}"


def rows_with(words: Sequence[str], rows: Sequence[Row] = EVERY) -> list[Row]:
    """Return the rows that have one of these words in their label, or all if there are no words."""
    return [row for row in rows if not words or any(word in label(row) for word in words)]


def find(name: str) -> Row:
    """Return a row by its label."""
    return next(row for row in EVERY if label(row) == name)
