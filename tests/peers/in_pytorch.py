"""Layers as PyTorch computes them, with images N × H × W × C between them, and how an engine is judged by it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as nnf

from convoscope.engine.base import Engine
from convoscope.engine.plan import build
from convoscope.layers import (
    ELU,
    Activation,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    Layer,
    LeakyReLU,
    LocalResponseNormalization,
    ReLU,
    UpSampling2D,
    ZeroPadding2D,
)
from convoscope.layers.pooling import GlobalPooling2D, Pooling2D
from convoscope.layers.stack import infer_shapes

Array = npt.NDArray[Any]
Shape = tuple[int, ...]
EPSILON = float(np.finfo(np.float32).eps)

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "linear": lambda x: x,
    "relu": nnf.relu,
    "leaky_relu": lambda x: nnf.leaky_relu(x, 0.2),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda x: nnf.softmax(x, dim=-1),
    "elu": nnf.elu,
    "gelu": nnf.gelu,
    "silu": nnf.silu,
    "relu6": nnf.relu6,
    "selu": nnf.selu,
    "softplus": nnf.softplus,
    "softsign": nnf.softsign,
    "hard_sigmoid": nnf.hardsigmoid,
    "hard_silu": nnf.hardswish,
    "mish": nnf.mish,
    "exponential": torch.exp,
    "log_softmax": lambda x: nnf.log_softmax(x, dim=-1),
}
#: Without the one that grows beyond all numbers, and the one that stands at the end.
STACKED = [name for name in ACTIVATIONS if name not in ("exponential", "log_softmax")]


def padded(layer: Conv2D | Pooling2D, x: torch.Tensor, window: Sequence[int], value: float) -> torch.Tensor:
    """Pad channels-first images as TensorFlow pads them for "same": the odd pixel goes below and to the right."""
    if layer.padding == "valid":
        return x
    sides = []
    for length, covers, stride in zip(x.shape[:1:-1], reversed(window), reversed(layer.strides), strict=True):
        spare = length % stride or stride  # TensorFlow's own formula, by the rest of the division
        total = max(covers - spare, 0)
        sides += [total // 2, total - total // 2]
    return nnf.pad(x, sides, value=value)


def convolve(layer: Conv2D, x: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    covers = [(k - 1) * d + 1 for k, d in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
    maps = nnf.conv2d(
        padded(layer, x.permute(0, 3, 1, 2), covers, 0.0),
        weights[0].permute(3, 2, 0, 1).contiguous(),
        weights[1] if layer.use_bias else None,
        stride=layer.strides,
        dilation=layer.dilation_rate,
    )
    return ACTIVATIONS[layer.activation](maps.permute(0, 2, 3, 1))


def paint(layer: Conv2DTranspose, x: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    """Paint everything, as PyTorch does, and then cut it, or fill it up with zeros, to Keras' size."""
    maps = nnf.conv_transpose2d(
        x.permute(0, 3, 1, 2),
        weights[0].permute(3, 2, 0, 1).contiguous(),
        stride=layer.strides,
        dilation=layer.dilation_rate,
    )
    sides = []
    for painted, wanted in zip(maps.shape[:1:-1], reversed(layer.infer_shape(tuple(x.shape[1:]))[:2]), strict=True):
        before = max(painted - wanted, 0) // 2 if layer.padding == "same" else 0
        sides += [-before, wanted - painted + before]
    maps = nnf.pad(maps, sides).permute(0, 2, 3, 1)
    return ACTIVATIONS[layer.activation](maps + weights[1] if layer.use_bias else maps)


def enlarge(layer: UpSampling2D, x: torch.Tensor) -> torch.Tensor:
    size = [n * times for n, times in zip(x.shape[1:3], layer.size, strict=True)]
    how: dict[str, Any] = {"align_corners": False} if layer.interpolation == "bilinear" else {}
    return nnf.interpolate(x.permute(0, 3, 1, 2), size=size, mode=layer.interpolation, **how).permute(0, 2, 3, 1)


def pool(layer: Pooling2D, x: torch.Tensor) -> torch.Tensor:
    x = x.permute(0, 3, 1, 2)
    size, strides = layer.pool_size, layer.strides
    if layer.mode == "average":
        sums = nnf.avg_pool2d(padded(layer, x, size, 0.0), size, strides)
        pooled = sums / nnf.avg_pool2d(padded(layer, torch.ones_like(x), size, 0.0), size, strides)
    else:
        sign = 1.0 if layer.mode == "max" else -1.0
        pooled = sign * nnf.max_pool2d(padded(layer, sign * x, size, -torch.inf), size, strides)
    return pooled.permute(0, 2, 3, 1)


def normalize(layer: BatchNormalization, x: torch.Tensor, weights: list[torch.Tensor], training: bool) -> torch.Tensor:
    gamma, beta, mean, variance = weights
    flat = x.reshape(-1, x.shape[-1])
    normal = nnf.batch_norm(
        flat, mean.detach().clone(), variance.detach().clone(), gamma, beta, training, 0.0, layer.epsilon
    )
    return normal.reshape(x.shape)


def run(layer: Layer, x: torch.Tensor, weights: list[torch.Tensor], training: bool) -> torch.Tensor:
    """Compute one layer in PyTorch."""
    if isinstance(layer, Conv2D):
        return convolve(layer, x, weights)
    if isinstance(layer, Conv2DTranspose):
        return paint(layer, x, weights)
    if isinstance(layer, UpSampling2D):
        return enlarge(layer, x)
    if isinstance(layer, Dense):
        return ACTIVATIONS[layer.activation](nnf.linear(x, weights[0].T, weights[1]))
    if isinstance(layer, Pooling2D):
        return pool(layer, x)
    if isinstance(layer, GlobalPooling2D):
        return x.mean(dim=(1, 2)) if layer.mode == "average" else x.amax(dim=(1, 2))
    if isinstance(layer, BatchNormalization):
        return normalize(layer, x, weights, training)
    if isinstance(layer, LocalResponseNormalization):
        size = sum(layer.depth_radius) + 1
        made = nnf.local_response_norm(x.movedim(-1, 1), size, layer.alpha * size, layer.beta, layer.bias)
        return made.movedim(1, -1)
    if isinstance(layer, ZeroPadding2D):
        (top, bottom), (left, right) = layer.padding
        return nnf.pad(x, (0, 0, left, right, top, bottom))
    if isinstance(layer, ELU):
        return nnf.elu(x, layer.alpha)
    if isinstance(layer, ReLU) and layer.max_value:
        return nnf.relu6(x)
    if isinstance(layer, (ReLU, LeakyReLU)):
        return nnf.leaky_relu(x, layer.negative_slope)
    if isinstance(layer, Activation):
        return ACTIVATIONS[layer.activation](x)
    assert isinstance(layer, Flatten)
    return x.flatten(1)


def _skips_pixels(layer: Layer) -> bool:
    """Say whether PyTorch 2.13 may write beyond its memory in the layer's backward pass.

    oneDNN does with AVX2, in 1×1 convolutions with a stride on few channels: gradients are wrong, or the process ends.
    """
    return isinstance(layer, Conv2D) and tuple(layer.kernel_size) == (1, 1) and max(layer.strides) > 1


@contextmanager
def without_onednn() -> Iterator[None]:
    """Have PyTorch compute by its own code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # each change says what it does not support of other vendors' GPUs
        with torch.backends.mkldnn.flags(enabled=False):
            yield


class Peer:
    """A stack of layers in PyTorch, in single or double precision."""

    def __init__(self, stack: list[Layer], shape: Shape, weights: list[Array], kind: torch.dtype) -> None:
        self._stack, self._kind = stack, kind
        before = [shape, *infer_shapes(stack, shape)]
        self._specs = [layer.weight_specs(taken) for layer, taken in zip(stack, before, strict=False)]
        self.weights = [torch.tensor(weight, dtype=kind, requires_grad=True) for weight in weights]

    def outputs(self, x: Array, training: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the input and the output as tensors."""
        seen = torch.tensor(x, dtype=self._kind, requires_grad=True)
        values, left = seen, list(self.weights)
        for layer, specs in zip(self._stack, self._specs, strict=True):
            own, left = left[: len(specs)], left[len(specs) :]
            values = run(layer, values, own, training)
        return seen, values

    def pullback(self, x: Array, sent_back: Array, training: bool) -> list[Array]:
        """Return outputs, the gradient of the input and of each trainable weight."""
        with without_onednn() if any(map(_skips_pixels, self._stack)) else nullcontext():
            seen, values = self.outputs(x, training)
            values.backward(torch.tensor(sent_back, dtype=self._kind))
        return [values.detach().numpy(), *self.gradients(seen)]

    def gradients(self, seen: torch.Tensor) -> list[Array]:
        specs = [spec for own in self._specs for spec in own]
        learning = [weight for weight, spec in zip(self.weights, specs, strict=True) if spec.trainable]
        grads = [tensor.grad for tensor in (seen, *learning)]
        return [grad.numpy() for grad in grads if grad is not None]


def assert_as_good(ours: Sequence[Array], single: Sequence[Array], double: Sequence[Array], roundings: float) -> None:
    for place, (own, torch_s, exact) in enumerate(zip(ours, single, double, strict=True)):
        assert own.shape == exact.shape
        allowed = 4 * np.abs(torch_s - exact).max() + roundings * EPSILON * np.abs(exact).max()
        error = np.abs(own - exact).max()
        assert error <= allowed, f"array {place}: error {error:.3g}, allowed {allowed:.3g}"


def check(engine: Engine, stack: list[Layer], shape: Shape, batch: int, training: bool, roundings: float = 8) -> None:
    generator = np.random.default_rng([batch, *shape])
    plan = build(stack, shape)
    weights = []
    for planned in plan.weights:
        fan_in = max(1.0, float(np.prod(planned.shape[:-1])))
        drawn = generator.normal(0, fan_in**-0.5, planned.shape)
        weights.append((np.abs(drawn) + 0.5 if planned.name == "moving_variance" else drawn).astype(np.float32))
    x = generator.normal(size=(batch, *shape)).astype(np.float32)
    sent_back = generator.normal(size=(batch, *plan.output_shape)).astype(np.float32)
    single, double = (
        Peer(stack, shape, weights, kind).pullback(x, sent_back, training) for kind in (torch.float32, torch.float64)
    )
    executable = engine.prepare(plan, weights)
    found = executable.pullback(x, sent_back, training=training)
    ours = [found.outputs, found.input, *(gradient for gradient in found.weights if gradient is not None)]
    assert_as_good(ours, single, double, roundings)
    if not training:
        assert_as_good([executable.forward(x)], single[:1], double[:1], roundings)
