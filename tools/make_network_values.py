"""Compute, with PyTorch, what the tests hold the page's networks to: ``python tools/make_network_values.py``.

Needs an environment with PyTorch (the committed files are from 2.13.0), NumPy and safetensors, and not Convoscope. Two
small classifiers with drawn weights in double precision: every layer's output, and for each class, by autograd,
Grad-CAM and the gradient of its score by the image; and an autoencoder: every layer's output, and a value's gradient.
Writes ``tests/web/<name>.safetensors``, as Convoscope writes models, ``tests/web/networks.json`` and
``tests/web/autoencoder.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save
from torch.nn import functional

FOLDER = Path(__file__).parent.parent / "tests" / "web"
Weights = dict[str, torch.Tensor]
Apply = Callable[[torch.Tensor, Weights], torch.Tensor]
Shapes = dict[str, tuple[int, ...]]
Layer = tuple[str, dict[str, Any], Shapes, Apply]

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "linear": lambda x: x,
    "relu": functional.relu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "tanh": torch.tanh,
    "softmax": lambda x: x.softmax(-1),
}


def conv(filters: int, size: tuple[int, int], channels: int, activation: str, **options: Any) -> Layer:
    """A convolution; images are (1, channels, height, width) in here."""
    stride, dilation, padding = options.get("stride", (1, 1)), options.get("dilation", (1, 1)), options.get("padding")
    config = {
        "kernel_size": list(size),
        "strides": list(stride),
        "dilation_rate": list(dilation),
        "padding": padding or "valid",
        "activation": activation,
    }

    def apply(x: torch.Tensor, w: Weights) -> torch.Tensor:
        if padding == "same":  # as Keras does it: an odd pixel goes to the end
            sides = []
            for axis in (1, 0):
                length = x.shape[2 + axis]
                whole = max((-(-length // stride[axis]) - 1) * stride[axis] + size[axis] - length, 0)
                sides += [whole // 2, whole - whole // 2]
            x = functional.pad(x, sides)
        made = functional.conv2d(x, w["kernel"].permute(3, 2, 0, 1), w.get("bias"), stride=stride, dilation=dilation)
        return ACTIVATIONS[activation](made)

    shapes: Shapes = {"kernel": (*size, channels, filters)}
    if options.get("bias", True):
        shapes["bias"] = (filters,)
    return "Conv2D", config, shapes, apply


def dense(units: int, inputs: int, activation: str) -> Layer:
    """A dense layer."""
    return (
        "Dense",
        {"activation": activation},
        {"kernel": (inputs, units), "bias": (units,)},
        lambda x, w: ACTIVATIONS[activation](x @ w["kernel"] + w["bias"]),
    )


def transposed(filters: int, size: int, channels: int, activation: str) -> Layer:
    """A transposed convolution of stride 2 and "same" padding: twice the size, of which PyTorch paints more."""
    config = {
        "kernel_size": [size, size],
        "strides": [2, 2],
        "dilation_rate": [1, 1],
        "padding": "same",
        "output_padding": None,
        "activation": activation,
    }

    def apply(x: torch.Tensor, w: Weights) -> torch.Tensor:
        made = functional.conv_transpose2d(x, w["kernel"].permute(3, 2, 0, 1), w["bias"], stride=2)
        before = (size - 2) // 2
        (height, width) = x.shape[2:]
        return ACTIVATIONS[activation](made[:, :, before : before + 2 * height, before : before + 2 * width])

    return "Conv2DTranspose", config, {"kernel": (size, size, filters, channels), "bias": (filters,)}, apply


def pool(kind: str, size: tuple[int, int], stride: tuple[int, int]) -> Layer:
    """A pooling without padding."""
    pools: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "MaxPooling2D": lambda x: functional.max_pool2d(x, size, stride),
        "AveragePooling2D": lambda x: functional.avg_pool2d(x, size, stride),
        "MinPooling2D": lambda x: -functional.max_pool2d(-x, size, stride),
    }
    config = {"pool_size": list(size), "strides": list(stride), "padding": "valid"}
    return kind, config, {}, lambda x, _: pools[kind](x)


def plain(kind: str, config: dict[str, Any], apply: Callable[[torch.Tensor], torch.Tensor]) -> Layer:
    """A layer without weights."""
    return kind, config, {}, lambda x, _: apply(x)


def normal(channels: int) -> Layer:
    """Batch normalization as in prediction."""
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    return (
        "BatchNormalization",
        {"epsilon": 1e-3},
        dict.fromkeys(names, (channels,)),
        lambda x, w: functional.batch_norm(
            x, w["moving_mean"], w["moving_variance"], w["gamma"], w["beta"], False, 0.0, 1e-3
        ),
    )


NETWORKS: dict[str, tuple[tuple[int, ...], list[Layer]]] = {
    "grey": (
        (12, 11, 1),
        [
            plain("Rescaling", {"scale": 0.5, "offset": -0.25}, lambda x: x * 0.5 - 0.25),
            plain("RandomFlip", {"mode": "horizontal"}, lambda x: x),
            conv(4, (3, 2), 1, "relu"),
            pool("MaxPooling2D", (2, 3), (2, 2)),
            conv(5, (2, 2), 4, "gelu", dilation=(1, 2)),
            plain("Dropout", {"rate": 0.5}, lambda x: x),
            plain("Flatten", {}, lambda x: x.permute(0, 2, 3, 1).flatten(1)),
            dense(7, 40, "silu"),
            dense(3, 7, "softmax"),
        ],
    ),
    "colour": (
        (10, 10, 3),
        [
            plain("ZeroPadding2D", {"padding": [[1, 0], [0, 1]]}, lambda x: functional.pad(x, (0, 1, 1, 0))),
            conv(6, (3, 3), 3, "linear", padding="same", stride=(2, 1), bias=False),
            normal(6),
            plain("Activation", {"activation": "relu"}, functional.relu),
            pool("AveragePooling2D", (2, 2), (2, 2)),
            conv(4, (2, 2), 6, "tanh"),
            pool("MinPooling2D", (1, 2), (1, 1)),
            plain("LeakyReLU", {"negative_slope": 0.3}, lambda x: functional.leaky_relu(x, 0.3)),
            plain("GlobalAveragePooling2D", {"keepdims": False}, lambda x: x.mean((2, 3))),
            dense(4, 4, "linear"),
            plain("Softmax", {}, lambda x: x.softmax(-1)),
        ],
    ),
}


AUTOENCODER: list[Layer] = [
    conv(3, (3, 3), 2, "relu", padding="same"),
    pool("MaxPooling2D", (2, 2), (2, 2)),
    transposed(4, 3, 3, "silu"),
    plain("UpSampling2D", {"size": [1, 3], "interpolation": "nearest"}, lambda x: x.repeat_interleave(3, 3)),
    transposed(2, 4, 4, "tanh"),
    plain(
        "UpSampling2D",
        {"size": [2, 2], "interpolation": "bilinear"},
        lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear"),
    ),
]


def main() -> None:
    """Write the files."""
    found = {name: classifier(name, shape, layers) for name, (shape, layers) in NETWORKS.items()}
    save_json("networks", found)
    image, values, _ = write("autoencoder", (6, 4, 2), AUTOENCODER)
    gradient = slope(values[0], values[-1][0, 1, 10, 7])
    outputs = [listed(laid(value)) for value in values[1:]]
    save_json("autoencoder", {"image": listed(image), "outputs": outputs, "gradient": listed(laid(gradient))})


def save_json(name: str, found: dict[str, Any]) -> None:
    """Write ``tests/web/<name>.json``."""
    (FOLDER / f"{name}.json").write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


def classifier(name: str, shape: tuple[int, ...], layers: list[Layer]) -> dict[str, Any]:
    """Write a network's model file, and return its image, its layers' outputs, Grad-CAM maps and gradients."""
    image, values, weights = write(name, shape, layers)
    # The score of a class is what goes into the softmax.
    scores = values[-2] @ weights["kernel"] + weights["bias"] if weights else values[-2]
    last = max(index for index, (kind, _, _, _) in enumerate(layers) if kind == "Conv2D")
    return {
        "image": listed(image),
        "outputs": [listed(laid(value)) for value in values[1:]],
        "position": last,
        "evidence": [listed(evidence(values[last + 1], score)) for score in scores[0]],
        "gradients": [listed(laid(slope(values[0], score))) for score in scores[0]],
    }


def write(name: str, shape: tuple[int, ...], layers: list[Layer]) -> tuple[Any, list[torch.Tensor], Weights]:
    """Write a network's model file, and return its image, the image and every layer's output, the last's weights."""
    generator = np.random.default_rng(7)
    arrays = {
        f"layers/{index}/{weight}": drawn(generator, weight, size)
        for index, (_, _, shapes, _) in enumerate(layers)
        for weight, size in shapes.items()
    }
    described = [
        {"class_name": kind, "config": {"name": f"layer_{index}", **config}}
        for index, (kind, config, _, _) in enumerate(layers)
    ]
    architecture = {"name": name, "input_shape": list(shape), "layers": described}
    model = {"architecture": architecture, "class_names": None, "preprocessing": None}
    metadata = {"convoscope": json.dumps({"format": "convoscope-model", "version": 1, "model": model})}
    (FOLDER / f"{name}.safetensors").write_bytes(save(arrays, metadata))
    image = generator.uniform(0, 1, shape).astype(np.float32)
    values = [torch.tensor(image, dtype=torch.float64).permute(2, 0, 1)[None].requires_grad_()]
    weights: Weights = {}
    for index, (_, _, shapes, apply) in enumerate(layers):
        weights = {weight: torch.tensor(arrays[f"layers/{index}/{weight}"]).double() for weight in shapes}
        values.append(apply(values[-1], weights))
    return image, values, weights


def evidence(maps: torch.Tensor, score: torch.Tensor) -> Any:
    """Return the maps' sum, each weighted by the mean of its gradient (Grad-CAM), (height, width, 1)."""
    gradient = slope(maps, score)
    return (gradient.mean((2, 3), keepdim=True) * maps).sum(1)[0, :, :, None].detach().numpy()


def slope(value: torch.Tensor, score: torch.Tensor) -> torch.Tensor:
    """Return the gradient of a score."""
    (gradient,) = torch.autograd.grad(score, value, retain_graph=True)
    return gradient


def drawn(generator: np.random.Generator, weight: str, size: tuple[int, ...]) -> Any:
    """Draw a weight; variances and scales are positive."""
    values = generator.normal(0, 0.6, size)
    return (np.abs(values) + 0.5 if weight in ("gamma", "moving_variance") else values).astype(np.float32)


def laid(value: torch.Tensor) -> Any:
    """Return an output without the batch, channels last."""
    array = value[0].detach()
    return (array.permute(1, 2, 0) if array.ndim == 3 else array).numpy()


def listed(array: Any) -> dict[str, Any]:
    """Return an array as plain JSON values."""
    return {"shape": list(array.shape), "data": [float(f"{value:.8g}") for value in np.ravel(array)]}


if __name__ == "__main__":
    main()
