"""What makes images larger: transposed convolution and upsampling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine.reference.activation import activate
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.reference.windows import crop, pad, spread, windows
from convoscope.engine.steps import LINEAR, TransposedConvolutionStep, UpsamplingStep


def transposed_convolution(
    step: TransposedConvolutionStep, x: Array, weights: Sequence[Array], mode: Mode
) -> tuple[Array, Backward]:
    """Paint the kernel at every pixel, add the bias, apply the activation."""
    maps, back_to_input = _paint(step, x, weights)
    if step.activation == LINEAR:
        return maps, back_to_input
    outputs, back_to_maps = activate(step.activation, maps)
    return outputs, lambda gradient: back_to_input(back_to_maps(gradient))


def _paint(step: TransposedConvolutionStep, x: Array, weights: Sequence[Array]) -> tuple[Array, Backward]:
    kernel = weights[0]  # (kh, kw, F, C)
    places = (x.shape[1], x.shape[2])
    height, width, filters = step.output_shape
    (top, bottom), (left, right) = step.padding
    whole = (len(x), height + top + bottom, width + left + right, filters)
    settings = (step.kernel_size, step.strides, step.dilation)
    maps = crop(spread(lambda row, column: x @ kernel[row, column].T, whole, places, *settings), step.padding)
    if step.use_bias:
        maps = maps + weights[1]

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        # Rows and columns behind the last window are the bias's alone.
        patches = windows(pad(gradient, step.padding), *settings)[:, : places[0], : places[1]]  # (N, H, W, F, kh, kw)
        kernel_gradient = np.tensordot(patches, x, axes=((0, 1, 2), (0, 1, 2)))  # (F, kh, kw, C)
        found: list[Array | None] = [kernel_gradient.transpose(1, 2, 0, 3)]
        if step.use_bias:
            found.append(gradient.sum(axis=(0, 1, 2), dtype=np.float64).astype(gradient.dtype))
        return np.tensordot(patches, kernel, axes=((4, 5, 3), (0, 1, 2))), found

    return maps, backward


def upsampling(step: UpsamplingStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Make images larger: along each axis, every new pixel is a mean of old ones."""
    height, width = (
        _shares(length, size, step.bilinear).astype(x.dtype)
        for length, size in zip(step.input_shape[:2], step.size, strict=True)
    )
    larger = np.einsum("yh,nhwc,xw->nyxc", height, x, width, optimize=True)
    return larger, lambda gradient: (np.einsum("yh,nyxc,xw->nhwc", height, gradient, width, optimize=True), [])


def _shares(length: int, size: int, bilinear: bool) -> Array:
    """Return each old pixel's share in each new one: (size × length, length)."""
    new = np.arange(size * length)
    if not bilinear:
        return np.asarray(np.eye(length)[new // size])
    place = np.clip((new + 0.5) / size - 0.5, 0, length - 1)  # of the new pixels' middles, where old ones are at 0, 1 …
    return np.asarray(np.maximum(0, 1 - np.abs(place[:, None] - np.arange(length))))
