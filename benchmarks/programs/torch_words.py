"""Networks in PyTorch's words."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from benchmarks import networks
from benchmarks.networks import Network, Shape

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
FORMATS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


def build(network: Network, layout: str, *, logits: bool = False) -> Any:
    """Build a network with its first weights.

    Parameters
    ----------
    layout : {"channels_last", "contiguous"}
        How feature maps lie in memory.
    logits : bool
        Leave the closing softmax out, as PyTorch's loss wants it.
    """
    arrays = iter(networks.weights(network))
    modules: list[Any] = []
    flattened: Shape | None = None
    for layer, shape in network.with_inputs():
        if isinstance(layer, networks.Flatten):
            flattened = shape
        modules += _modules(layer, shape, flattened, arrays)
        if isinstance(layer, networks.Dense):
            flattened = None
    if not logits:
        modules.append(nn.Softmax(dim=1))
    return nn.Sequential(*modules).to(memory_format=FORMATS[layout])


def _modules(layer: networks.Layer, shape: Shape, flattened: Shape | None, arrays: Any) -> list[Any]:
    """Return a layer's modules. `flattened` is the shape that was flattened right before a dense layer."""
    if isinstance(layer, networks.Conv):
        margin = layer.kernel // 2 if layer.padding == "same" else 0
        convolution = nn.Conv2d(shape[-1], layer.filters, layer.kernel, layer.stride, margin)
        _set(convolution, next(arrays).transpose(3, 2, 0, 1), next(arrays))
        return [convolution, *_activation(layer.activation)]
    if isinstance(layer, networks.Pool):
        return [(nn.MaxPool2d if layer.kind == "max" else nn.AvgPool2d)(layer.size)]
    if isinstance(layer, networks.BatchNorm):
        normalization = nn.BatchNorm2d(shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)
        _set(normalization, next(arrays), next(arrays))
        normalization.running_mean = torch.from_numpy(next(arrays))
        normalization.running_var = torch.from_numpy(next(arrays))
        return [normalization]
    if isinstance(layer, networks.Relu):
        return [nn.ReLU()]
    if isinstance(layer, networks.Flatten):
        return [nn.Flatten()]
    if isinstance(layer, networks.GlobalAverage):
        return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    kernel, bias = next(arrays), next(arrays)
    if flattened is not None:
        # PyTorch flattens channels first, whatever the layout in memory.
        kernel = kernel.reshape(*flattened, layer.units).transpose(2, 0, 1, 3).reshape(math.prod(flattened), -1)
    dense = nn.Linear(shape[0], layer.units)
    _set(dense, kernel.T, bias)
    return [dense, *_activation(None if layer.activation == "softmax" else layer.activation)]


def _activation(name: str | None) -> list[Any]:
    return [] if name is None else [ACTIVATIONS[name]()]


def _set(module: Any, weight: Any, bias: Any) -> None:
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weight.copy()))
        module.bias.copy_(torch.from_numpy(bias))


def images_as(layout: str, images: Any) -> Any:
    """Return images (N, height, width, channels), float32, as a tensor N × C × H × W of that layout."""
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    if layout == "contiguous":
        return tensor.contiguous()
    # With one channel the flag channels_last says nothing, and PyTorch would go by the strides that it finds: they are
    # set as if there were more channels.
    _, height, width, channels = images.shape
    return tensor.as_strided(tensor.size(), (height * width * channels, 1, width * channels, channels))
