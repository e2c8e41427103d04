"""Networks as plain descriptions, for every peer to build from: the same layers and the same first weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """What all peers have: a kind of layer with its settings, which knows its shapes, weights and operations."""

    def output(self, shape: Shape) -> Shape:
        """Return the shape that comes out, without the batch."""
        return shape

    def multiply_adds(self, shape: Shape) -> int:
        """Return the products of an input with a weight that are summed for one image, computed densely."""
        return 0

    def weights(self, shape: Shape, draw: Any) -> list[Any]:
        """Return first weights in Keras' order and layout, drawn from a generator of NumPy's."""
        return []

    def inside(self, shape: Shape) -> Iterator[tuple[Layer, Shape]]:
        """Go through the layers that this one is made of, each with the shape that goes in."""
        yield self, shape


@dataclass(frozen=True)
class Conv(Layer):
    """A convolution.

    "same" padding is TensorFlow's, for odd kernels. With a stride of 2 it pads more below and to the right than above
    and to the left; see `Network.mirrored` for PyTorch, which always pads all sides alike.
    """

    filters: int
    kernel: int = 3
    stride: int = 1
    padding: str = "valid"
    activation: str | None = "relu"
    bias: bool = True

    def output(self, shape: Shape) -> Shape:
        return (*_places(shape, self.kernel, self.stride, self.padding, self), self.filters)

    def multiply_adds(self, shape: Shape) -> int:
        return math.prod(self.output(shape)) * self.kernel**2 * shape[-1]

    def weights(self, shape: Shape, draw: Any) -> list[Any]:
        return _kernel((self.kernel, self.kernel, shape[-1], self.filters), self.filters if self.bias else 0, draw)


@dataclass(frozen=True)
class Depthwise(Layer):
    """A depthwise convolution with "same" padding and without a bias, for a normalization to follow."""

    kernel: int = 3
    stride: int = 1
    padding = "same"

    def output(self, shape: Shape) -> Shape:
        return (*_places(shape, self.kernel, self.stride, self.padding, self), shape[-1])

    def multiply_adds(self, shape: Shape) -> int:
        return math.prod(self.output(shape)) * self.kernel**2

    def weights(self, shape: Shape, draw: Any) -> list[Any]:
        limit = math.sqrt(6 / self.kernel**2)
        return [draw.uniform(-limit, limit, (self.kernel, self.kernel, shape[-1], 1))]


@dataclass(frozen=True)
class Transposed(Layer):
    """A transposed convolution whose windows do not overlap: it makes feature maps `size` times as large."""

    filters: int
    size: int = 2

    def output(self, shape: Shape) -> Shape:
        return shape[0] * self.size, shape[1] * self.size, self.filters

    def multiply_adds(self, shape: Shape) -> int:
        return math.prod(shape) * self.size**2 * self.filters

    def weights(self, shape: Shape, draw: Any) -> list[Any]:
        limit = math.sqrt(6 / (shape[-1] + self.filters))
        return [draw.uniform(-limit, limit, (self.size, self.size, self.filters, shape[-1])), _zeros(self.filters)]


@dataclass(frozen=True)
class Pool(Layer):
    """Pooling of windows that do not overlap, what is left over falling away; or with a stride of 1 and "same"."""

    size: int = 2
    kind: str = "max"  # or "average"
    stride: int | None = None
    padding: str = "valid"

    def output(self, shape: Shape) -> Shape:
        return (*_places(shape, self.size, self.stride or self.size, self.padding, self), shape[2])


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Normalization over the batch, with Keras' settings."""

    epsilon: float = 1e-3
    momentum: float = 0.99  # of the moving averages, as Keras counts it

    def weights(self, shape: Shape, draw: Any) -> list[Any]:
        channels = shape[-1]
        learned = [_zeros(channels) + 1, _zeros(channels)]
        return [*learned, draw.uniform(-0.1, 0.1, channels), draw.uniform(0.5, 1.5, channels)]


@dataclass(frozen=True)
class Relu(Layer):
    """ReLU as a layer of its own, as after a normalization; with a limit of 6 it is ReLU6."""

    limit: float | None = None


@dataclass(frozen=True)
class Flatten(Layer):
    """All values in one row, channels last."""

    def output(self, shape: Shape) -> Shape:
        return (math.prod(shape),)


@dataclass(frozen=True)
class GlobalAverage(Layer):
    """The mean of each feature map."""

    def output(self, shape: Shape) -> Shape:
        return (shape[-1],)


@dataclass(frozen=True)
class Maps(Layer):
    """A row of values as feature maps of a single pixel, so that they can be multiplied with larger ones."""

    def output(self, shape: Shape) -> Shape:
        return 1, 1, shape[0]


@dataclass(frozen=True)
class Dense(Layer):
    """A dense layer."""

    units: int
    activation: str | None = "relu"

    def output(self, shape: Shape) -> Shape:
        return (self.units,)

    def multiply_adds(self, shape: Shape) -> int:
        return self.units * shape[0]

    def weights(self, shape: Shape, draw: Any) -> list[Any]:
        limit = math.sqrt(6 / (shape[0] + self.units))
        return [draw.uniform(-limit, limit, (shape[0], self.units)), _zeros(self.units)]


@dataclass(frozen=True)
class Join(Layer):
    """Branches that read the same value, side by side, and are joined; a branch without layers is the value itself.

    `how` is "add", "multiply" or "concatenate", along the channels. A residual block adds a branch without layers; a
    U-Net's skip is one that is concatenated; a squeeze-and-excite block multiplies with one.
    """

    how: str
    branches: tuple[tuple[Layer, ...], ...]

    def output(self, shape: Shape) -> Shape:
        shapes = [_through(branch, shape)[-1] for branch in self.branches]
        if self.how == "concatenate":
            return (*shapes[0][:-1], sum(each[-1] for each in shapes))
        return max(shapes)

    def inside(self, shape: Shape) -> Iterator[tuple[Layer, Shape]]:
        for branch in self.branches:
            for layer, before in zip(branch, _through(branch, shape), strict=False):
                yield from layer.inside(before)
        yield self, shape


@dataclass(frozen=True)
class Network:
    """Layers in order, for images of one shape (height, width, channels); the last ends with a softmax."""

    name: str
    input: Shape
    layers: tuple[Layer, ...]

    def shapes(self) -> list[Shape]:
        """Return what goes into each layer, and last what comes out of the network."""
        return _through(self.layers, self.input)

    def with_inputs(self) -> Iterator[tuple[Layer, Shape]]:
        """Go through all layers, those of branches before what joins them, each with the shape that goes in."""
        for layer, shape in zip(self.layers, self.shapes(), strict=False):
            yield from layer.inside(shape)

    def multiply_adds(self) -> int:
        """Return the multiply-adds of one image, forward."""
        return sum(layer.multiply_adds(shape) for layer, shape in self.with_inputs())

    @property
    def branches(self) -> bool:
        """Whether it is more than a stack."""
        return any(isinstance(layer, Join) for layer in self.layers)

    @property
    def mirrored(self) -> bool:
        """Whether PyTorch computes it on images, and with kernels, turned upside down and from left to right.

        Where a stride meets "same" padding, TensorFlow has the odd pixel of padding below and to the right. PyTorch
        pads all sides alike, and its windows with a stride of 2 leave out the last pixel of padding: it is as if the
        odd one were above and to the left. Turned round, both compute the same, and neither needs a layer that pads.
        """
        return any(
            getattr(layer, "stride", None) == 2 and getattr(layer, "padding", "") == "same"
            for layer, _ in self.with_inputs()
        )

    def with_logits(self) -> Network:
        """Return the network without the softmax at its end."""
        *layers, last = self.layers
        return replace(self, layers=(*layers, replace(last, activation=None)))  # type: ignore[call-arg]

    def before_the_head(self) -> Network:
        """Return the network without a closing average and dense layer, whose sums hide how the maps are rounded.

        Where there is no such head, only the softmax falls away.
        """
        if len(self.layers) > 2 and isinstance(self.layers[-2], GlobalAverage):
            return replace(self, layers=self.layers[:-2])
        return self.with_logits()


def _places(shape: Shape, size: int, stride: int, padding: str, layer: Layer) -> tuple[int, int]:
    """Return height and width of what windows of a size make."""
    if padding == "valid":
        return (shape[0] - size) // stride + 1, (shape[1] - size) // stride + 1
    if size % 2 == 0 or stride > 2 or (stride == 2 and (shape[0] % 2 or shape[1] % 2)):
        raise ValueError(f'{layer}: "same" is for odd kernels and stride 1, or stride 2 on images of even sides, only')
    return shape[0] // stride, shape[1] // stride


def _through(layers: tuple[Layer, ...], shape: Shape) -> list[Shape]:
    """Return what goes into each layer of a row, and last what comes out."""
    shapes = [shape]
    for layer in layers:
        shapes.append(layer.output(shapes[-1]))
    return shapes


def _zeros(count: int) -> Any:
    import numpy as np

    return np.zeros(count)


def _kernel(shape: Shape, biases: int, draw: Any) -> list[Any]:
    """Return a kernel by Glorot's draw and zero biases; by He's without a bias, where a normalization follows.

    With Glorot's, nothing would be left of the image after fifty layers, and all outputs would be alike.
    """
    field, before, filters = shape[0] * shape[1], shape[2], shape[3]
    limit = math.sqrt(6 / (field * (before + filters)) if biases else 6 / (field * before))
    return [draw.uniform(-limit, limit, shape), *([_zeros(biases)] if biases else [])]


def operations(network: Network) -> tuple[int, int]:
    """Return the floating-point operations of one image, computed densely: forward, and in a whole training step.

    A product with its addition counts as two. Going back takes as many again for the weights, and as many for the
    input, except in the first layer, whose input is the image. Only convolutions and dense layers are counted.
    """
    counts = [2 * layer.multiply_adds(shape) for layer, shape in network.with_inputs()]
    counted = [count for count in counts if count]
    return sum(counted), 3 * sum(counted) - counted[0]


def weights_of_layers(network: Network) -> list[list[Any]]:
    """Return the first weights of each layer that has any, float32, the same numbers in every environment."""
    import numpy as np

    draw = np.random.default_rng(7)
    each = [layer.weights(shape, draw) for layer, shape in network.with_inputs()]
    return [[array.astype(np.float32) for array in arrays] for arrays in each if arrays]


def weights(network: Network) -> list[Any]:
    """Return the first weights of all layers in a row."""
    return [array for arrays in weights_of_layers(network) for array in arrays]


LESSON = Network(
    "lesson",
    (28, 28, 1),
    (Conv(64), Pool(), Conv(64), Pool(), Flatten(), Dense(128), Dense(10, "softmax")),
)
#: The network of the recipe ``fast`` for MNIST and Fashion-MNIST.
NORMALIZED = Network(
    "lesson, normalized",
    (28, 28, 1),
    (Conv(64), Pool(), BatchNorm(), Conv(64), Pool(), BatchNorm(), Flatten(), Dense(128), Dense(10, "softmax")),
)
