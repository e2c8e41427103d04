"""Networks in PyTorch's words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from benchmarks import networks
from benchmarks.networks import Network, Shape

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
FORMATS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


def build(network: Network, layout: str, *, logits: bool = False) -> Any:
    """Build a network with its first weights.

    Parameters
    ----------
    layout : {"channels_last", "contiguous"}
        How feature maps lie in memory.
    logits : bool
        Leave the closing softmax out, as PyTorch's loss wants it.

    Notes
    -----
    Where the network is `mirrored`, it wants images that are: see `images_for`.
    """
    maker = _Maker(iter(networks.weights(network)), network.mirrored)
    modules = maker.modules(network.layers, network.input)
    if not logits:
        modules.append(nn.Softmax(dim=1))
    return nn.Sequential(*modules).to(memory_format=FORMATS[layout])


class _Joined(nn.Module):  # type: ignore[misc]
    """Branches side by side, and what joins them."""

    def __init__(self, how: str, branches: list[list[Any]]) -> None:
        super().__init__()
        self.how = JOINS[how]
        self.branches = nn.ModuleList([nn.Sequential(*modules) for modules in branches])

    def forward(self, x: Any) -> Any:
        """Return what comes of all branches."""
        return self.how([branch(x) for branch in self.branches])


JOINS: dict[str, Callable[[list[Any]], Any]] = {
    "add": lambda values: values[0] + values[1],
    "multiply": lambda values: values[0] * values[1],
    "concatenate": lambda values: torch.cat(values, dim=1),
}


class _EveryOther(nn.Module):  # type: ignore[misc]
    """The pixels that a 1×1 convolution with a stride of 2 reads of a mirrored image: the second, the fourth ..."""

    def forward(self, x: Any) -> Any:
        """Return a quarter of the pixels."""
        return x[:, :, 1::2, 1::2]


@dataclass
class _Maker:
    """Makes modules of descriptions, one after the other, from weights in Keras' order."""

    arrays: Iterator[Any]
    mirrored: bool
    flattened: Shape | None = None  # what was flattened right before a dense layer

    def modules(self, layers: tuple[networks.Layer, ...], shape: Shape) -> list[Any]:
        """Return the modules of layers in a row."""
        modules: list[Any] = []
        for layer in layers:
            modules += _MAKERS[type(layer)](self, layer, shape)
            shape = layer.output(shape)
        return modules

    def join(self, layer: networks.Join, shape: Shape) -> list[Any]:
        return [_Joined(layer.how, [self.modules(branch, shape) for branch in layer.branches])]

    def convolution(self, layer: networks.Conv, shape: Shape) -> list[Any]:
        stride, before = layer.stride, []
        if self.mirrored and layer.kernel == 1 and stride == 2:
            stride, before = 1, [_EveryOther()]
        margin = layer.kernel // 2 if layer.padding == "same" else 0
        module = nn.Conv2d(shape[-1], layer.filters, layer.kernel, stride, margin, bias=layer.bias)
        _set(module, self._kernel((3, 2, 0, 1)), next(self.arrays) if layer.bias else None)
        return [*before, module, *_activation(layer.activation)]

    def depthwise(self, layer: networks.Depthwise, shape: Shape) -> list[Any]:
        channels = shape[-1]
        settings = {"groups": channels, "bias": False}
        module = nn.Conv2d(channels, channels, layer.kernel, layer.stride, layer.kernel // 2, **settings)
        _set(module, self._kernel((2, 3, 0, 1)))
        return [module]

    def transposed(self, layer: networks.Transposed, shape: Shape) -> list[Any]:
        module = nn.ConvTranspose2d(shape[-1], layer.filters, layer.size, layer.size)
        _set(module, self._kernel((3, 2, 0, 1)), next(self.arrays))
        return [module]

    def pooling(self, layer: networks.Pool, shape: Shape) -> list[Any]:
        margin = layer.size // 2 if layer.padding == "same" else 0
        return [(nn.MaxPool2d if layer.kind == "max" else nn.AvgPool2d)(layer.size, layer.stride, margin)]

    def normalization(self, layer: networks.BatchNorm, shape: Shape) -> list[Any]:
        module = nn.BatchNorm2d(shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)
        _set(module, next(self.arrays), next(self.arrays))
        module.running_mean = torch.from_numpy(next(self.arrays))
        module.running_var = torch.from_numpy(next(self.arrays))
        return [module]

    def rectifier(self, layer: networks.Relu, shape: Shape) -> list[Any]:
        if layer.limit not in (None, 6.0):
            raise ValueError(f"{layer}: PyTorch has ReLU without a limit, and ReLU6")
        return [nn.ReLU() if layer.limit is None else nn.ReLU6()]

    def flatten(self, layer: networks.Flatten, shape: Shape) -> list[Any]:
        if self.mirrored:
            raise ValueError("a mirrored network ends with an average of each feature map, not with all values")
        self.flattened = shape
        return [nn.Flatten()]

    def average(self, layer: networks.GlobalAverage, shape: Shape) -> list[Any]:
        return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]

    def maps(self, layer: networks.Maps, shape: Shape) -> list[Any]:
        return [nn.Unflatten(1, (shape[0], 1, 1))]

    def dense(self, layer: networks.Dense, shape: Shape) -> list[Any]:
        kernel, bias = next(self.arrays), next(self.arrays)
        if self.flattened is not None:
            # PyTorch flattens channels first, whatever the layout in memory.
            kernel = kernel.reshape(*self.flattened, layer.units).transpose(2, 0, 1, 3)
            kernel = kernel.reshape(math.prod(self.flattened), -1)
            self.flattened = None
        module = nn.Linear(shape[0], layer.units)
        _set(module, kernel.T, bias)
        return [module, *_activation(layer.activation)]

    def _kernel(self, order: tuple[int, ...]) -> Any:
        kernel = next(self.arrays)
        return (kernel[::-1, ::-1] if self.mirrored else kernel).transpose(order)


_MAKERS: dict[type, Callable[[_Maker, Any, Shape], list[Any]]] = {
    networks.Join: _Maker.join,
    networks.Conv: _Maker.convolution,
    networks.Depthwise: _Maker.depthwise,
    networks.Transposed: _Maker.transposed,
    networks.Pool: _Maker.pooling,
    networks.BatchNorm: _Maker.normalization,
    networks.Relu: _Maker.rectifier,
    networks.Flatten: _Maker.flatten,
    networks.GlobalAverage: _Maker.average,
    networks.Maps: _Maker.maps,
    networks.Dense: _Maker.dense,
}


def _activation(name: str | None) -> list[Any]:
    return [] if name in (None, "softmax") else [ACTIVATIONS[name]()]


def _set(module: Any, weight: Any, bias: Any = None) -> None:
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weight.copy()))
        if bias is not None:
            module.bias.copy_(torch.from_numpy(bias))


def images_for(network: Network, layout: str, images: Any) -> Any:
    """Return images (N, height, width, channels) as the network built by `build` wants them: `images_as`, mirrored."""
    return images_as(layout, images[:, ::-1, ::-1].copy() if network.mirrored else images)


def images_as(layout: str, images: Any) -> Any:
    """Return images (N, height, width, channels), float32, as a tensor N × C × H × W of that layout."""
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    if layout == "contiguous":
        return tensor.contiguous()
    # With one channel the flag channels_last says nothing, and PyTorch would go by the strides that it finds: they are
    # set as if there were more channels.
    _, height, width, channels = images.shape
    return tensor.as_strided(tensor.size(), (height * width * channels, 1, width * channels, channels))
