"""Images brought to another size, and parts cut out of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine import philox
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import RandomCropStep, ResizingStep


def resizing(step: ResizingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Bring a part of each image to size: along each axis, every new pixel is a mean of old ones and the fill value."""
    height, width = (shares(step, axis).astype(x.dtype) for axis in (0, 1))
    resized = np.einsum("yh,nhwc,xw->nyxc", height, x, width, optimize=True)
    inside = np.outer(height.sum(axis=1), width.sum(axis=1))
    outputs = resized + step.fill_value * (1 - inside)[:, :, None]
    return (
        outputs.astype(x.dtype),
        lambda gradient: (np.einsum("yh,nyxc,xw->nhwc", height, gradient, width, optimize=True), []),
    )


def shares(step: ResizingStep, axis: int) -> Array:
    """Return each old pixel's share in each new one along an axis: (new, old)."""
    length = step.input_shape[axis]
    shares = np.zeros((step.output_shape[axis], length))
    for new, (first, second, share) in enumerate(step.places(axis)):
        for pixel, part in ((first, 1 - share), (second, share)):
            if 0 <= pixel < length:
                shares[new, pixel] += part
    return shares


def random_crop(step: RandomCropStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """In training, cut a part out of each image where its own random words say; else resize."""
    if not mode.training:
        return resizing(step, x, weights, mode)
    seed = mode.seed if step.seed is None else step.seed
    numbers = np.arange(len(x), dtype=np.uint64)
    words = philox.blocks(numbers, seed=seed, iteration=mode.iteration, stream=step.stream).tolist()
    height, width, _ = step.output_shape
    free = (x.shape[1] - height + 1, x.shape[2] - width + 1)
    starts = [(word[0] * free[0] >> 32, word[1] * free[1] >> 32) for word in words]
    outputs = np.empty((len(x), *step.output_shape), x.dtype)
    for image, (top, left) in enumerate(starts):
        outputs[image] = x[image, top : top + height, left : left + width]

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        found = np.zeros_like(x)
        for image, (top, left) in enumerate(starts):
            found[image, top : top + height, left : left + width] = gradient[image]
        return found, []

    return outputs, backward
