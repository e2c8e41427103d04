"""Compute, with PyTorch, what the tests hold graphs to: ``python tools/make_graph_values.py``.

Needs an environment with PyTorch (the committed files are from 2.13.0), NumPy and safetensors, and not Convoscope.
Three small networks with branches and drawn weights, in double precision: what every call makes, and for each class,
by autograd, Grad-CAM and the gradients of its score by each input. One has a shortcut and a gate (squeeze-and-excite),
one two inputs, a layer that is called twice, and two outputs, and one convolutions in groups. Writes
``tests/web/<name>.safetensors``, as Convoscope writes models, and ``tests/web/graphs.json``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save
from torch.nn import functional

FOLDER = Path(__file__).parent.parent / "tests" / "web"


@dataclass
class Network:
    """A graph, written down by calling and computed meanwhile. Values are (height, width, channels) or (units)."""

    name: str
    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(11))
    inputs: list[torch.Tensor] = field(default_factory=list)
    values: list[torch.Tensor] = field(default_factory=list)
    layers: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    arrays: dict[str, Any] = field(default_factory=dict)

    def input(self, *shape: int) -> int:
        """Return the number of a new input, a drawn image."""
        image = self.generator.uniform(0, 1, shape).astype(np.float32)
        self.inputs.append(torch.tensor(image, dtype=torch.float64).requires_grad_())
        self.values.append(self.inputs[-1])
        return len(self.values) - 1

    def layer(self, kind: str, weights: dict[str, tuple[int, ...]] | None = None, **config: Any) -> int:
        """Return the index of a new layer with drawn weights; variances and scales are positive."""
        index = len(self.layers)
        self.layers.append({"class_name": kind, "config": {"name": f"layer_{index}", **config}})
        for name, shape in (weights or {}).items():
            drawn = self.generator.normal(0, 0.5, shape)
            positive = name in ("gamma", "moving_variance")
            self.arrays[f"layers/{index}/{name}"] = (np.abs(drawn) + 0.5 if positive else drawn).astype(np.float32)
        return index

    def call(self, layer: int, *inputs: int) -> int:
        """Return the number of what a layer makes of values."""
        described = self.layers[layer]
        prefix = f"layers/{layer}/"
        weights = {
            name.removeprefix(prefix): torch.tensor(array).double()
            for name, array in self.arrays.items()
            if name.startswith(prefix)
        }
        times = sum(each["layer"] == layer for each in self.calls)
        name = described["config"]["name"] + (" (2nd call)" if times else "")
        self.calls.append({"layer": layer, "inputs": list(inputs), "name": name})
        made = MEANINGS[described["class_name"]](
            [self.values[number] for number in inputs], weights, described["config"]
        )
        self.values.append(made)
        return len(self.values) - 1

    def add(self, kind: str, *inputs: int, weights: dict[str, tuple[int, ...]] | None = None, **config: Any) -> int:
        """Return the number of what a new layer makes of values."""
        return self.call(self.layer(kind, weights, **config), *inputs)

    def conv(self, x: int, filters: int, size: int, activation: str = "linear", stride: int = 1) -> int:
        """Return the number of what a new convolution with "same" padding makes."""
        return self.call(self.conv_layer(self.values[x].shape[2], filters, size, activation, stride), x)

    def conv_layer(self, channels: int, filters: int, size: int, activation: str = "linear", stride: int = 1) -> int:
        """Return the index of a new convolution with "same" padding."""
        return self.layer(
            "Conv2D",
            {"kernel": (size, size, channels, filters), "bias": (filters,)},
            kernel_size=[size, size],
            strides=[stride, stride],
            dilation_rate=[1, 1],
            padding="same",
            activation=activation,
        )

    def dense(self, x: int, units: int, activation: str) -> int:
        """Return the number of what a new dense layer makes."""
        weights = {"kernel": (self.values[x].shape[-1], units), "bias": (units,)}
        return self.add("Dense", x, weights=weights, activation=activation)

    def write(self, outputs: list[int], main: int, maps: int) -> dict[str, Any]:
        """Write the model's file, and return the values, Grad-CAM at `maps`, and gradients of `main`'s scores."""
        names = [self.calls[value - len(self.inputs)]["name"] for value in outputs]
        graph = {
            "input_shapes": [list(image.shape) for image in self.inputs],
            "input_names": [f"input_{number}" for number in range(len(self.inputs))],
            "layers": self.layers,
            "calls": self.calls,
            "outputs": outputs,
            "output_names": names,
        }
        model = {"architecture": {"name": self.name}, "graph": graph, "class_names": None, "preprocessing": None}
        told = json.dumps({"format": "convoscope-model", "version": 2, "model": model})
        (FOLDER / f"{self.name}.safetensors").write_bytes(save(self.arrays, {"convoscope": told}))
        # The score of a class is what goes into the softmax.
        call = self.calls[main - len(self.inputs)]
        weights = [torch.tensor(self.arrays[f"layers/{call['layer']}/{name}"]).double() for name in ("kernel", "bias")]
        scores = self.values[call["inputs"][0]] @ weights[0] + weights[1]
        return {
            "inputs": [listed(image) for image in self.inputs],
            "outputs": [listed(value) for value in self.values[len(self.inputs) :]],
            "main": main,
            "maps": maps,
            "evidence": [listed(evidence(self.values[maps], score)) for score in scores],
            "gradients": [[listed(slope(image, score)) for image in self.inputs] for score in scores],
        }


def activated(x: torch.Tensor, config: dict[str, Any]) -> torch.Tensor:
    """Return an activation of values."""
    name = config["activation"]
    return x if name == "linear" else x.softmax(-1) if name == "softmax" else getattr(torch, name)(x)


def convolved(inputs: list[torch.Tensor], weights: dict[str, torch.Tensor], config: dict[str, Any]) -> torch.Tensor:
    """Return a convolution with "same" padding, as Keras does it: an odd pixel goes to the end."""
    (x,) = inputs
    size, stride = config["kernel_size"][0], config["strides"][0]
    sides = []
    for length in (x.shape[1], x.shape[0]):
        whole = max((-(-length // stride) - 1) * stride + size - length, 0)
        sides += [whole // 2, whole - whole // 2]
    batch = functional.pad(x.permute(2, 0, 1)[None], sides)
    kernel = weights["kernel"].permute(3, 2, 0, 1)
    made = functional.conv2d(batch, kernel, weights["bias"], stride, groups=config.get("groups", 1))
    return activated(made[0].permute(1, 2, 0), config)


def depthwise(inputs: list[torch.Tensor], weights: dict[str, torch.Tensor], config: dict[str, Any]) -> torch.Tensor:
    """Return each channel through kernels of its own, without padding."""
    kernel = weights["kernel"]
    stacked = kernel.permute(2, 3, 0, 1).flatten(0, 1)[:, None]
    batch = inputs[0].permute(2, 0, 1)[None]
    made = functional.conv2d(batch, stacked, weights.get("bias"), config["strides"][0], groups=kernel.shape[2])
    return activated(made[0].permute(1, 2, 0), config)


def separable(inputs: list[torch.Tensor], weights: dict[str, torch.Tensor], config: dict[str, Any]) -> torch.Tensor:
    """Return a depthwise convolution, and then one of 1×1."""
    between = depthwise(inputs, {"kernel": weights["depthwise_kernel"]}, {**config, "activation": "linear"})
    return activated(between @ weights["pointwise_kernel"][0, 0] + weights["bias"], config)


def rectified(inputs: list[torch.Tensor], weights: dict[str, torch.Tensor], config: dict[str, Any]) -> torch.Tensor:
    """Return Keras' ReLU with all its settings."""
    (x,) = inputs
    threshold = config.get("threshold", 0.0)
    low = config["negative_slope"] * (x - threshold)
    high = x if config["max_value"] is None else x.clamp(max=config["max_value"])
    return torch.where(x < threshold, low, high)


def cropped(inputs: list[torch.Tensor], weights: dict[str, torch.Tensor], config: dict[str, Any]) -> torch.Tensor:
    """Return an image without its edges."""
    (top, bottom), (left, right) = config["cropping"]
    height, width, _ = inputs[0].shape
    return inputs[0][top : height - bottom, left : width - right]


def normalized(inputs: list[torch.Tensor], w: dict[str, torch.Tensor], config: dict[str, Any]) -> torch.Tensor:
    """Return batch normalization as in prediction."""
    scaled = (inputs[0] - w["moving_mean"]) / (w["moving_variance"] + config["epsilon"]).sqrt()
    return scaled * w["gamma"] + w["beta"]


def pooled(inputs: list[torch.Tensor], weights: dict[str, torch.Tensor], config: dict[str, Any]) -> torch.Tensor:
    """Return the largest of each 2×2 pixels."""
    return functional.max_pool2d(inputs[0].permute(2, 0, 1)[None], 2)[0].permute(1, 2, 0)


MEANINGS: dict[str, Any] = {
    "Conv2D": convolved,
    "BatchNormalization": normalized,
    "MaxPooling2D": pooled,
    "Dense": lambda x, w, config: activated(x[0] @ w["kernel"] + w["bias"], config),
    "DepthwiseConv2D": depthwise,
    "SeparableConv2D": separable,
    "Cropping2D": cropped,
    "ReLU": rectified,
    "PReLU": lambda x, w, _: torch.where(x[0] > 0, x[0], w["alpha"] * x[0]),
    "Dropout": lambda x, *_: x[0],
    "GlobalAveragePooling2D": lambda x, _, c: x[0].mean((0, 1), keepdim=c["keepdims"]),
    "UpSampling2D": lambda x, *_: x[0].repeat_interleave(2, 0).repeat_interleave(2, 1),
    "Add": lambda x, *_: sum(x[1:], x[0]),
    "Subtract": lambda x, *_: x[0] - x[1],
    "Multiply": lambda x, *_: torch.stack(torch.broadcast_tensors(*x)).prod(0),
    "Average": lambda x, *_: torch.stack(torch.broadcast_tensors(*x)).mean(0),
    "Maximum": lambda x, *_: torch.stack(torch.broadcast_tensors(*x)).amax(0),
    "Minimum": lambda x, *_: torch.stack(torch.broadcast_tensors(*x)).amin(0),
    "Concatenate": lambda x, _, c: torch.cat(x, c["axis"] - 1 if c["axis"] > 0 else c["axis"]),
}


def residual() -> dict[str, Any]:
    """A residual block with a gate, a U of two levels, and joins of every kind."""
    net = Network("residual")
    x = net.input(8, 7, 3)
    a = net.conv(x, 4, 3, "relu")
    names: dict[str, tuple[int, ...]] = dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (4,))
    b = net.add("BatchNormalization", net.conv(a, 4, 3), weights=names, epsilon=1e-3)
    gate = net.dense(net.add("GlobalAveragePooling2D", b, keepdims=True), 4, "sigmoid")
    b = net.add("Multiply", b, gate)
    c = net.add("ReLU", net.add("Add", a, b), negative_slope=0.0, max_value=None)
    low = net.conv(net.add("MaxPooling2D", c, pool_size=[2, 2], strides=[2, 2], padding="valid"), 5, 3, "relu")
    up = net.conv(net.add("UpSampling2D", low, size=[2, 2], interpolation="nearest"), 4, 1)
    side = net.conv(net.add("Concatenate", x, x, axis=1), 4, 3, "relu", stride=2)  # 16×7 to 8×4
    wide = net.add("UpSampling2D", side, size=[2, 2], interpolation="nearest")  # 16×8
    d = net.add("Concatenate", up, net.conv(c, 4, 3, stride=1), axis=2)  # 8×6 beside 8×7
    d = net.add("Subtract", net.conv(d, 3, 3), net.conv(d, 1, 1))
    e = net.conv(d, 6, 3, "relu")
    f = net.add("GlobalAveragePooling2D", e, keepdims=False)
    g = net.add("GlobalAveragePooling2D", wide, keepdims=False)
    out = net.dense(net.add("Concatenate", f, g, axis=-1), 3, "softmax")
    return net.write([out], out, e)


def siamese() -> dict[str, Any]:
    """Two images through the same layers, compared in several ways; the second output has the classes."""
    net = Network("siamese")
    one, two = net.input(6, 6, 1), net.input(6, 6, 1)
    first, second = net.conv_layer(1, 4, 3, "relu"), net.conv_layer(4, 4, 3)
    a, b = (net.call(second, net.call(first, each)) for each in (one, two))
    largest, smallest = net.add("Maximum", a, b), net.add("Minimum", a, b)
    mean = net.add("Average", a, b, net.conv(two, 4, 1))
    joined = net.conv(net.add("Concatenate", largest, smallest, mean, axis=-1), 5, 3, "relu")
    features = net.add("GlobalAveragePooling2D", net.add("Dropout", joined, rate=0.5), keepdims=False)
    size = net.dense(features, 2, "linear")
    kind = net.dense(features, 3, "softmax")
    return net.write([size, kind], kind, joined)


def grouped() -> dict[str, Any]:
    """Convolutions of channels in groups, one for each channel too, and rectifiers with settings of their own."""
    net = Network("grouped")
    x = net.input(9, 8, 4)
    a = net.add(
        "Conv2D",
        x,
        weights={"kernel": (3, 3, 2, 6), "bias": (6,)},
        kernel_size=[3, 3],
        strides=[1, 1],
        dilation_rate=[1, 1],
        padding="same",
        activation="linear",
        groups=2,
    )
    a = net.add("ReLU", a, negative_slope=0.2, max_value=1.0, threshold=0.25)
    window = {"kernel_size": [3, 2], "dilation_rate": [1, 1], "padding": "valid"}
    weights: dict[str, tuple[int, ...]] = {"kernel": (3, 2, 6, 2), "bias": (12,)}
    b = net.add("DepthwiseConv2D", a, weights=weights, **window, strides=[1, 1], activation="relu", depth_multiplier=2)
    b = net.add("PReLU", b, weights={"alpha": (1, 1, 12)}, shared_axes=[1, 2])
    weights = {"depthwise_kernel": (3, 2, 12, 2), "pointwise_kernel": (1, 1, 24, 5), "bias": (5,)}
    c = net.add(
        "SeparableConv2D", b, weights=weights, **window, strides=[2, 2], activation="sigmoid", depth_multiplier=2
    )
    d = net.conv(net.add("Cropping2D", a, cropping=[[3, 3], [2, 3]]), 5, 1)
    out = net.dense(net.add("GlobalAveragePooling2D", net.add("Add", c, d), keepdims=False), 3, "softmax")
    return net.write([out], out, d)


def evidence(maps: torch.Tensor, score: torch.Tensor) -> torch.Tensor:
    """Return the maps' sum, each weighted by the mean of its gradient (Grad-CAM), (height, width, 1)."""
    return (slope(maps, score).mean((0, 1)) * maps).sum(-1, keepdim=True)


def slope(value: torch.Tensor, score: torch.Tensor) -> torch.Tensor:
    """Return the gradient of a score."""
    (gradient,) = torch.autograd.grad(score, value, retain_graph=True)
    return gradient


def listed(tensor: torch.Tensor) -> dict[str, Any]:
    """Return a tensor as plain JSON values."""
    values = tensor.detach().ravel().tolist()
    return {"shape": list(tensor.shape), "data": [float(f"{value:.8g}") for value in values]}


def main() -> None:
    """Write the files."""
    found = {"residual": residual(), "siamese": siamese(), "grouped": grouped()}
    (FOLDER / "graphs.json").write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
