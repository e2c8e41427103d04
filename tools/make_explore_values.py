"""Compute, with PyTorch's autograd, what the tests hold Grad-CAM and saliency to.

``python tools/make_explore_values.py`` needs an environment with PyTorch (the committed file is from 2.13.0) and NumPy,
and not Convoscope. Three small networks with drawn weights, in double precision; the gradients are those of one class'
score before the softmax. Weights are kept in Keras' layout. Writes ``tests/explore/torch_values.npz``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

Array = npt.NDArray[Any]
Forward = Callable[[list[Any], Any], tuple[Any, Any]]
FILE = Path(__file__).parent.parent / "tests" / "explore" / "torch_values.npz"


def grey(w: list[Any], x: Any) -> tuple[Any, Any]:
    """Conv 4 (ReLU), max-pool, conv 5 (ReLU), flatten, dense 6 (ReLU), dense 3: the maps of conv 5, and the scores."""
    first = functional.conv2d(x, w[0].permute(3, 2, 0, 1), w[1]).relu()
    maps = functional.conv2d(functional.max_pool2d(first, 2), w[2].permute(3, 2, 0, 1), w[3]).relu()
    hidden = (maps.permute(0, 2, 3, 1).flatten(1) @ w[4] + w[5]).relu()
    return maps, hidden @ w[6] + w[7]


def colour(w: list[Any], x: Any) -> tuple[Any, Any]:
    """Conv 4 (same), normalization, ReLU, average-pool, conv 6 (linear), global average, dense 4."""
    first = functional.conv2d(x, w[0].permute(3, 2, 0, 1), w[1], padding=1)
    normal = functional.batch_norm(first, w[4], w[5], w[2], w[3], eps=1e-3).relu()
    maps = functional.conv2d(functional.avg_pool2d(normal, 2), w[6].permute(3, 2, 0, 1), w[7])
    return maps, maps.mean(dim=(2, 3)) @ w[8] + w[9]


def inverted(w: list[Any], x: Any) -> tuple[Any, Any]:
    """Conv 6 (same, ReLU6), an inverted residual (16, depthwise, 6: its maps), added; conv 9, ReLU6, mean, dense 4."""
    stem = functional.relu6(functional.conv2d(x, w[0].permute(3, 2, 0, 1), w[1], padding=1))
    wide = functional.relu6(functional.conv2d(stem, w[2].permute(3, 2, 0, 1), w[3]))
    deep = functional.conv2d(wide, w[4].permute(2, 3, 0, 1), w[5], padding=1, groups=16)
    maps = functional.conv2d(functional.relu6(deep), w[6].permute(3, 2, 0, 1), w[7])
    top = functional.relu6(functional.conv2d(stem + maps, w[8].permute(3, 2, 0, 1), w[9]))
    return maps, top.mean(dim=(2, 3)) @ w[10] + w[11]


_INVERTED = [(3, 3, 3, 6), (6,), (1, 1, 6, 16), (16,), (3, 3, 16, 1), (16,), (1, 1, 16, 6), (6,), (1, 1, 6, 9), (9,)]
NETWORKS: dict[str, tuple[Forward, tuple[int, ...], list[tuple[int, ...]]]] = {
    "grey": (grey, (9, 9, 1), [(3, 3, 1, 4), (4,), (2, 2, 4, 5), (5,), (20, 6), (6,), (6, 3), (3,)]),
    "colour": (
        colour,
        (8, 8, 3),
        [(3, 3, 3, 4), (4,), (4,), (4,), (4,), (4,), (3, 3, 4, 6), (6,), (6, 4), (4,)],
    ),
    "inverted": (inverted, (10, 8, 3), [*_INVERTED, (9, 4), (4,)]),
}


def main() -> None:
    """Write the file."""
    generator = np.random.default_rng(5)
    found: dict[str, Any] = {}
    for name, (forward, shape, weight_shapes) in NETWORKS.items():
        weights = [generator.normal(0, 0.5, size).astype(np.float32) for size in weight_shapes]
        if name == "colour":
            weights[2] = np.abs(weights[2]) + np.float32(0.5)  # gamma
            weights[5] = np.abs(weights[5]) + np.float32(0.5)  # moving variance
        images = generator.uniform(0, 1, (6, *shape)).astype(np.float32)
        classes = np.arange(6) % weight_shapes[-1][0]
        found |= {f"{name}_weight_{index}": weight for index, weight in enumerate(weights)}
        found |= {f"{name}_images": images, f"{name}_classes": classes}
        found |= {f"{name}_{what}": values for what, values in gradients(forward, weights, images, classes).items()}
    np.savez_compressed(FILE, **found)


def gradients(forward: Forward, weights: list[Array], images: Array, classes: Array) -> dict[str, Array]:
    """Return the scores, their gradient by the input, and both methods' sums, channels last."""
    tensors = [torch.tensor(weight, dtype=torch.float64) for weight in weights]
    x = torch.tensor(images, dtype=torch.float64).permute(0, 3, 1, 2).requires_grad_()
    maps, scores = forward(tensors, x)
    chosen = scores[torch.arange(len(images)), torch.tensor(classes)].sum()
    by_input, by_maps = torch.autograd.grad(chosen, [x, maps])
    return {
        "scores": scores.detach().numpy(),
        "saliency": by_input.permute(0, 2, 3, 1).numpy(),
        "grad_cam": (by_maps.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1).detach().numpy(),
        "hires_cam": (by_maps * maps).sum(dim=1).detach().numpy(),
    }


if __name__ == "__main__":
    main()
