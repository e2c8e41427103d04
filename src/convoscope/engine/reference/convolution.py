"""Convolution, with the activation and the pooling that a fused step carries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine.reference.activation import activate
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.reference.pooling import pool
from convoscope.engine.reference.windows import crop, pad, spread, windows
from convoscope.engine.steps import LINEAR, ConvolutionStep


def convolution(step: ConvolutionStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Convolve, add the bias, apply the activation, pool."""
    maps, back_to_input = convolve(step, x, weights)
    outputs, back_to_maps = activate(step.activation, maps) if step.activation != LINEAR else (maps, _unchanged)
    if step.pool is None:
        return outputs, lambda gradient: back_to_input(back_to_maps(gradient))
    pooled, back_to_outputs = pool(step.pool, outputs)
    return (
        pooled.reshape(len(x), *step.output_shape),
        lambda gradient: back_to_input(back_to_maps(back_to_outputs(gradient.reshape(pooled.shape)))),
    )


def convolve(step: ConvolutionStep, x: Array, weights: Sequence[Array]) -> tuple[Array, Backward]:
    """Return the feature maps (N, H', W', F) of images (N, H, W, C), and the way back."""
    kernel = weights[0]  # (kh, kw, C, F)
    padded = pad(x, step.padding)
    patches = windows(padded, step.kernel_size, step.strides, step.dilation)  # (N, H', W', C, kh, kw)
    maps = np.tensordot(patches, kernel, axes=((4, 5, 3), (0, 1, 2)))
    if step.use_bias:
        maps = maps + weights[1]

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        kernel_gradient = np.tensordot(patches, gradient, axes=((0, 1, 2), (0, 1, 2)))  # (C, kh, kw, F)
        found: list[Array | None] = [kernel_gradient.transpose(1, 2, 0, 3)]
        if step.use_bias:
            found.append(gradient.sum(axis=(0, 1, 2), dtype=np.float64).astype(gradient.dtype))
        input_gradient = spread(
            lambda row, column: gradient @ kernel[row, column].T,
            padded.shape,
            step.feature_shape[:2],
            step.kernel_size,
            step.strides,
            step.dilation,
        )
        return crop(input_gradient, step.padding), found

    return maps, backward


def _unchanged(gradient: Array) -> Array:
    return gradient
