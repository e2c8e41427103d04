"""Networks as plain descriptions, for every peer to build from: the same layers and the same first weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Conv:
    """A convolution; "same" padding only with odd kernels and stride 1, where all libraries mean the same by it."""

    filters: int
    kernel: int = 3
    stride: int = 1
    padding: str = "valid"
    activation: str | None = "relu"


@dataclass(frozen=True)
class Pool:
    """Pooling of windows that do not overlap; what is left over at the edges falls away."""

    size: int = 2
    kind: str = "max"  # or "average"


@dataclass(frozen=True)
class BatchNorm:
    """Normalization over the batch, with Keras' settings."""

    epsilon: float = 1e-3
    momentum: float = 0.99  # of the moving averages, as Keras counts it


@dataclass(frozen=True)
class Relu:
    """ReLU as a layer of its own, as after a normalization."""


@dataclass(frozen=True)
class Flatten:
    """All values in one row, channels last."""


@dataclass(frozen=True)
class GlobalAverage:
    """The mean of each feature map."""


@dataclass(frozen=True)
class Dense:
    """A dense layer."""

    units: int
    activation: str | None = "relu"


Layer = Conv | Pool | BatchNorm | Relu | Flatten | GlobalAverage | Dense


@dataclass(frozen=True)
class Network:
    """Layers in order, for images of one shape (height, width, channels); the last is a Dense with softmax."""

    name: str
    input: Shape
    layers: tuple[Layer, ...]

    def shapes(self) -> list[Shape]:
        """Return what goes into each layer, and last what comes out of the network."""
        shapes = [self.input]
        for layer in self.layers:
            shapes.append(_output(layer, shapes[-1]))
        return shapes

    def with_inputs(self) -> Iterator[tuple[Layer, Shape]]:
        """Go through the layers, each with the shape that goes in."""
        return zip(self.layers, self.shapes(), strict=False)


def _output(layer: Layer, shape: Shape) -> Shape:
    if isinstance(layer, Conv):
        height, width = shape[:2]
        if layer.padding == "valid":
            height, width = ((side - layer.kernel) // layer.stride + 1 for side in (height, width))
        elif layer.kernel % 2 == 0 or layer.stride > 1:
            raise ValueError(f'{layer}: "same" is for odd kernels and stride 1 only')
        return height, width, layer.filters
    if isinstance(layer, Pool):
        return shape[0] // layer.size, shape[1] // layer.size, shape[2]
    if isinstance(layer, Flatten):
        return (math.prod(shape),)
    if isinstance(layer, GlobalAverage):
        return (shape[-1],)
    if isinstance(layer, Dense):
        return (layer.units,)
    return shape


def operations(network: Network) -> tuple[int, int]:
    """Return the floating-point operations of one image, computed densely: forward, and in a whole training step.

    A product with its addition counts as two. Going back takes as many again for the weights, and as many for the
    input, except in the first layer, whose input is the image. Only convolutions and dense layers are counted.
    """
    forward = training = 0
    first = True
    for layer, shape in network.with_inputs():
        if isinstance(layer, Conv):
            count = 2 * math.prod(_output(layer, shape)) * layer.kernel**2 * shape[-1]
        elif isinstance(layer, Dense):
            count = 2 * layer.units * shape[0]
        else:
            continue
        forward += count
        training += count * (2 if first else 3)
        first = False
    return forward, training


def weights(network: Network) -> list[Any]:
    """Return first weights in Keras' order and layout: Glorot's uniform draw, the same numbers in every environment."""
    import numpy as np

    draw = np.random.default_rng(7)
    arrays: list[Any] = []
    for layer, shape in network.with_inputs():
        if isinstance(layer, Conv):
            field = layer.kernel**2
            limit = math.sqrt(6 / (field * (shape[-1] + layer.filters)))
            arrays.append(draw.uniform(-limit, limit, (layer.kernel, layer.kernel, shape[-1], layer.filters)))
            arrays.append(np.zeros(layer.filters))
        elif isinstance(layer, Dense):
            limit = math.sqrt(6 / (shape[0] + layer.units))
            arrays += [draw.uniform(-limit, limit, (shape[0], layer.units)), np.zeros(layer.units)]
        elif isinstance(layer, BatchNorm):
            channels = shape[-1]
            arrays += [np.ones(channels), np.zeros(channels)]
            arrays += [draw.uniform(-0.1, 0.1, channels), draw.uniform(0.5, 1.5, channels)]
    return [array.astype(np.float32) for array in arrays]


LESSON = Network(
    "lesson",
    (28, 28, 1),
    (Conv(64), Pool(), Conv(64), Pool(), Flatten(), Dense(128), Dense(10, "softmax")),
)
