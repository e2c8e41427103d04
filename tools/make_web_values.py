"""Compute, with PyTorch, the values that the page's engine is held to: ``python tools/make_web_values.py``.

Needs an environment with PyTorch (``pip install torch numpy``; the committed file is from PyTorch 2.13.0), and not
Convoscope. Writes ``tests/web/values.json``, which ``node --test tests/web/`` reads. Everything is computed in double
precision; numbers that go in are multiples of 1/16, so that single precision holds them exactly. Images are
(height, width, channels) and kernels (height, width, in, out), as Keras and the page have them.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  PyTorch's own habit

FILE = Path(__file__).parent.parent / "tests" / "web" / "values.json"
PAD_MODES = {"zeros": "constant", "reflect": "reflect", "edge": "replicate"}

MODES = ("add", "subtract", "multiply", "average", "maximum", "minimum")

torch.manual_seed(4)


def given(*shape: int) -> torch.Tensor:
    """Random multiples of 1/16 between -2 and 2."""
    return torch.randint(-32, 33, shape).to(torch.float64) / 16


def written(tensor: torch.Tensor) -> dict[str, Any]:
    """A tensor as the page has it; seven digits are what single precision holds."""
    return {"shape": list(tensor.shape), "data": [float(f"{value:.7g}") for value in tensor.detach().ravel().tolist()]}


def to_nchw(image: torch.Tensor) -> torch.Tensor:
    return image.permute(2, 0, 1)[None].contiguous()


def to_hwc(batch: torch.Tensor) -> torch.Tensor:
    return batch.contiguous()[0].permute(1, 2, 0)


def around(size: int, kernel: int, stride: int, dilation: int, padding: str | int) -> tuple[int, int]:
    """Pixels of padding before and after one axis, as Keras and SciPy ("full") define them."""
    reach = dilation * (kernel - 1) + 1
    if padding == "same":
        total = max((math.ceil(size / stride) - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2
    if padding == "full":
        return reach - 1, reach - 1
    return (0, 0) if padding == "valid" else (int(padding), int(padding))


def padded(image: torch.Tensor, kernel: tuple[int, int], options: dict[str, Any], value: float = 0.0) -> torch.Tensor:
    rows = around(image.shape[0], kernel[0], options["stride"], options["dilation"], options["padding"])
    columns = around(image.shape[1], kernel[1], options["stride"], options["dilation"], options["padding"])
    mode = PAD_MODES[options["padMode"]]
    extra = {"value": value} if mode == "constant" else {}
    return F.pad(to_nchw(image), (*columns, *rows), mode=mode, **extra)


def with_gradient(case: dict[str, Any], image: torch.Tensor, output: torch.Tensor) -> dict[str, Any]:
    """The case with its output, a gradient sent back, and what arrives at the image."""
    gradient = given(*output.shape)
    output.backward(gradient)
    assert image.grad is not None
    found = {"output": written(output), "gradient": written(gradient), "inputGradient": written(image.grad)}
    return {**case, "input": written(image), **found}


def convolution(height: int, width: int, channels: int, filters: int, kernel: int, **options: Any) -> dict[str, Any]:
    options = {"stride": 1, "padding": "valid", "dilation": 1, "padMode": "zeros", **options}
    image = given(height, width, channels).requires_grad_()
    weights, bias = given(kernel, kernel, channels, filters), given(filters)
    batch = padded(image, (kernel, kernel), options)
    result = F.conv2d(batch, weights.permute(3, 2, 0, 1), bias, options["stride"], 0, options["dilation"])
    case = {"options": options, "kernel": written(weights), "bias": written(bias)}
    return with_gradient(case, image, to_hwc(result))


def apart(height: int, width: int, channels: int, kernel: tuple[int, int], **options: Any) -> dict[str, Any]:
    options = {"stride": 1, "padding": "valid", "dilation": 1, "padMode": "zeros", **options}
    image = given(height, width, channels).requires_grad_()
    weights, bias = given(*kernel, channels), given(channels)
    batch = padded(image, kernel, options)
    stacked = weights.permute(2, 0, 1)[:, None]
    result = F.conv2d(batch, stacked, bias, options["stride"], 0, options["dilation"], groups=channels)
    case = {"options": options, "kernel": written(weights), "bias": written(bias)}
    return with_gradient(case, image, to_hwc(result))


def pooling(height: int, width: int, channels: int, mode: str, size: int, stride: int, padding: str) -> dict[str, Any]:
    # Distinct values: which of two equals wins is each library's own affair, and ours is tested by hand.
    values = torch.randperm(height * width * channels).to(torch.float64) / 16 - 3
    image = values.reshape(height, width, channels).requires_grad_()
    options = {"stride": stride, "padding": padding, "dilation": 1, "padMode": "zeros"}
    kernel = (size, size)
    if mode == "average":
        inside = padded(torch.ones(height, width, channels, dtype=torch.float64), kernel, options)
        result = F.avg_pool2d(padded(image, kernel, options), size, stride) / F.avg_pool2d(inside, size, stride)
    elif mode == "max":
        result = F.max_pool2d(padded(image, kernel, options, -1e9), size, stride)
    else:
        result = -F.max_pool2d(padded(-image, kernel, options, -1e9), size, stride)
    case = {"mode": mode, "options": {"size": size, "stride": stride, "padding": padding}}
    return with_gradient(case, image, to_hwc(result))


def activation(name: str) -> dict[str, Any]:
    functions = {
        "linear": lambda x: x * 1,
        "relu": F.relu,
        "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
        "absolute": torch.abs,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "elu": F.elu,
        "softmax": lambda x: torch.softmax(x, -1),
        "gelu": F.gelu,
        "silu": F.silu,
        "relu6": F.relu6,
        "selu": F.selu,
        "softplus": F.softplus,
        "softsign": F.softsign,
        "hard_sigmoid": F.hardsigmoid,
        "hard_silu": F.hardswish,
        "mish": F.mish,
        "exponential": torch.exp,
    }
    image = (given(3, 2, 5) + 1 / 32).requires_grad_()  # never 0, where a slope is a matter of taste
    return with_gradient({"name": name}, image, functions[name](image))


def dense(inputs: int, units: int) -> dict[str, Any]:
    image, weights, bias = given(inputs).requires_grad_(), given(inputs, units), given(units)
    return with_gradient({"kernel": written(weights), "bias": written(bias)}, image, image @ weights + bias)


def normalization(channels: int) -> dict[str, Any]:
    image = given(3, 4, channels).requires_grad_()
    weights = {name: given(channels) for name in ("gamma", "beta", "mean")}
    weights["variance"] = given(channels).abs() + 1 / 16
    result = F.batch_norm(
        to_nchw(image), weights["mean"], weights["variance"], weights["gamma"], weights["beta"], eps=1e-3
    )
    case = {"weights": {name: written(value) for name, value in weights.items()}}
    return with_gradient(case, image, to_hwc(result))


def transposed(
    height: int, width: int, kernel: tuple[int, int], stride: int, padding: str, extra: int | None, dilation: int = 1
) -> dict[str, Any]:
    """Keras' transposed convolution: everything painted, and then cut, or filled up with zeros, to Keras' size."""
    image = given(height, width, 2).requires_grad_()
    weights, bias = given(*kernel, 3, 2), given(3)
    everything = F.conv_transpose2d(to_nchw(image), weights.permute(3, 2, 0, 1), None, stride, 0, 0, 1, dilation)
    sides = []
    for length, size in ((width, kernel[1]), (height, kernel[0])):  # F.pad begins with the last axis
        reach = dilation * (size - 1) + 1
        painted = (length - 1) * stride + reach
        if padding == "valid":
            sides += [0, max(stride - reach, 0) if extra is None else extra]
            continue
        wanted = length * stride if extra is None else (length - 1) * stride + reach % 2 + extra
        before = max(painted - wanted, 0) // 2
        sides += [-before, wanted - painted + before]
    result = F.pad(everything, sides) + bias[:, None, None]
    options = {"stride": stride, "padding": padding, "outputPadding": extra, "dilation": dilation}
    return with_gradient({"options": options, "kernel": written(weights), "bias": written(bias)}, image, to_hwc(result))


def enlargement(height: int, width: int, rows: int, columns: int, bilinear: bool) -> dict[str, Any]:
    image = given(height, width, 2).requires_grad_()
    how: dict[str, Any] = {"mode": "bilinear", "align_corners": False} if bilinear else {"mode": "nearest"}
    result = F.interpolate(to_nchw(image), size=(height * rows, width * columns), **how)
    return with_gradient({"options": {"size": [rows, columns], "bilinear": bilinear}}, image, to_hwc(result))


def join(name: str, *shapes: tuple[int, ...], axis: int | None = None) -> dict[str, Any]:
    """Values joined, and a gradient sent back to each; no two are equal, where extremes are a matter of taste."""
    inputs = [(given(*shape) + (number + 1) / 64).requires_grad_() for number, shape in enumerate(shapes)]
    stretched = torch.broadcast_tensors(*inputs) if axis is None else []
    functions: dict[str, Any] = {
        "add": lambda: sum(stretched[1:], stretched[0]),
        "subtract": lambda: stretched[0] - stretched[1],
        "multiply": lambda: torch.stack(stretched).prod(0),
        "average": lambda: torch.stack(stretched).mean(0),
        "maximum": lambda: torch.stack(stretched).amax(0),
        "minimum": lambda: torch.stack(stretched).amin(0),
        "concatenate": lambda: torch.cat(inputs, axis if axis is None or axis < 0 else axis - 1),
    }
    output = functions[name]()
    gradient = given(*output.shape)
    output.backward(gradient)
    return {
        "mode": name,
        "axis": axis,
        "inputs": [written(each) for each in inputs],
        "output": written(output),
        "gradient": written(gradient),
        "inputGradients": [written(each.grad) for each in inputs if each.grad is not None],
    }


def later_activations() -> list[dict[str, Any]]:
    """Return the cases that are drawn last, so that all that was drawn before them stays as it was."""
    names = (
        "gelu",
        "silu",
        "relu6",
        "selu",
        "softplus",
        "softsign",
        "hard_sigmoid",
        "hard_silu",
        "mish",
        "exponential",
    )
    return [activation(name) for name in names]


def main() -> None:
    """Write the file."""
    values = {
        "convolve": [
            *(convolution(7, 6, c, f, k) for c, f, k in [(1, 1, 3), (1, 4, 3), (3, 2, 3), (3, 1, 1), (2, 2, 5)]),
            *(
                convolution(9, 7, 3, 2, k, stride=s, padding=p)
                for k, s, p in itertools.product((2, 3), (2, 3), ("valid", "same", "full", 1))
            ),
            convolution(8, 9, 1, 2, 3, dilation=2, padding="same"),
            *(convolution(5, 6, 3, 1, 3, padding="same", padMode=mode) for mode in ("reflect", "edge")),
        ],
        "convolve_apart": [
            *(apart(7, 6, c, k) for c, k in [(1, (3, 3)), (3, (3, 3)), (3, (1, 1)), (3, (4, 4)), (3, (7, 5))]),
            *(
                apart(8, 7, 3, (3, 3), stride=s, padding=p)
                for s, p in itertools.product((2, 3), ("valid", "same", "full", 2))
            ),
            *(apart(9, 9, 3, (3, 3), dilation=d, padding="same") for d in (2, 3)),
            *(apart(6, 5, 3, (5, 5), padding="same", padMode=mode) for mode in PAD_MODES),
        ],
        "pool": [
            pooling(7, 6, c, mode, size, stride, padding)
            for c, mode in itertools.product((1, 3), ("max", "average", "min"))
            for size, stride, padding in ((2, 2, "valid"), (3, 2, "valid"), (2, 2, "same"), (3, 1, "same"))
        ],
        "activate": [
            activation(name)
            for name in ("linear", "relu", "leaky_relu", "absolute", "sigmoid", "tanh", "elu", "softmax")
        ],
        "dense": [dense(12, 5), dense(1, 3)],
        "batch_normalize": [normalization(1), normalization(3)],
        "convolve_transposed": [
            *(
                transposed(4, 3, kernel, stride, padding, None)
                for kernel in ((3, 2), (1, 4))
                for stride, padding in itertools.product((1, 2, 3), ("valid", "same"))
            ),
            *(transposed(3, 4, (3, 2), 2, padding, extra) for padding in ("valid", "same") for extra in (0, 1)),
            *(transposed(4, 5, (3, 2), 1, padding, None, dilation=2) for padding in ("valid", "same")),
        ],
        "enlarge": [
            enlargement(3, 4, rows, columns, bilinear)
            for rows, columns in ((2, 2), (1, 3), (5, 4))
            for bilinear in (False, True)
        ],
    }
    values["activate"] += later_activations()
    values["combine"] = [
        *(join(name, (3, 4, 2), (3, 4, 2)) for name in MODES),
        *(join(name, (3, 4, 2), (1, 4, 1)) for name in MODES),
        *(join(name, (4, 1), (3, 1, 2), (3, 4, 2)) for name in MODES if name != "subtract"),
        *(join(name, (5,), (1,)) for name in MODES),
    ]
    values["concatenate"] = [
        *(join("concatenate", (3, 4, 2), (3, 4, 5), (3, 4, 1), axis=axis) for axis in (-1, 3)),
        join("concatenate", (3, 4, 2), (1, 4, 2), axis=1),
        join("concatenate", (3, 4, 2), (3, 2, 2), axis=-2),
        join("concatenate", (3,), (4,), axis=1),
    ]
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(values, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
