"""Convolutions, with the activation and the pooling that a fused step carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from convoscope.engine.reference.activation import activate
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.reference.pooling import pool
from convoscope.engine.reference.windows import crop, pad, spread, windows
from convoscope.engine.steps import LINEAR, ConvolutionStep, DepthwiseConvolutionStep


def convolution(
    step: ConvolutionStep, x: Array | Sequence[Array], weights: Sequence[Array], mode: Mode
) -> tuple[Array, Backward]:
    """Convolve, add the bias and perhaps a second value, apply the activation, pool."""
    if step.addend:
        return _convolution_and_sum(step, x[0], x[1], weights)
    assert isinstance(x, np.ndarray)
    maps, back_to_input = convolve(step, x, weights)
    outputs, back_to_maps = activate(step.activation, maps) if step.activation != LINEAR else (maps, _unchanged)
    if step.pool is None:
        return outputs, lambda gradient: back_to_input(back_to_maps(gradient))
    pooled, back_to_outputs = pool(step.pool, outputs)
    return (
        pooled.reshape(len(x), *step.output_shape),
        lambda gradient: back_to_input(back_to_maps(back_to_outputs(gradient.reshape(pooled.shape)))),
    )


def _convolution_and_sum(
    step: ConvolutionStep, x: Array, addend: Array, weights: Sequence[Array]
) -> tuple[Array, Backward]:
    maps, back_to_input = convolve(step, x, weights)
    outputs, back_to_sum = activate(step.activation, maps + addend)

    def backward(gradient: Array) -> tuple[tuple[Array, ...], list[Array | None]]:
        gradient = back_to_sum(gradient)
        input_gradient, found = back_to_input(gradient)
        assert isinstance(input_gradient, np.ndarray)
        return (input_gradient, gradient), found

    return outputs, backward


def convolve(step: ConvolutionStep, x: Array, weights: Sequence[Array]) -> tuple[Array, Backward]:
    """Return the feature maps (N, H', W', F) of images (N, H, W, C), and the way back."""
    padded = pad(x, step.padding)
    patches = windows(padded, step.kernel_size, step.strides, step.dilation)  # (N, H', W', C, kh, kw)
    groups = [
        _convolve_group(step, own_patches, kernel)
        for own_patches, kernel in zip(
            np.split(patches, step.groups, axis=3), np.split(weights[0], step.groups, axis=3), strict=True
        )
    ]
    maps = np.concatenate([own_maps for own_maps, _ in groups], axis=3)
    if step.use_bias:
        maps = maps + weights[1]

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        ways_back = zip(groups, np.split(gradient, step.groups, axis=3), strict=True)
        inputs, kernels = zip(*(back(own_gradient, padded.shape) for (_, back), own_gradient in ways_back), strict=True)
        found: list[Array | None] = [np.concatenate(kernels, axis=3)]
        if step.use_bias:
            found.append(gradient.sum(axis=(0, 1, 2), dtype=np.float64).astype(gradient.dtype))
        return crop(np.concatenate(inputs, axis=3), step.padding), found

    return maps, backward


def _convolve_group(
    step: ConvolutionStep, patches: Array, kernel: Array
) -> tuple[Array, Callable[[Array, tuple[int, ...]], tuple[Array, Array]]]:
    """Return the feature maps of a group of channels and filters, and the way back to its padded input and kernel."""
    maps = np.tensordot(patches, kernel, axes=((4, 5, 3), (0, 1, 2)))

    def backward(gradient: Array, padded: tuple[int, ...]) -> tuple[Array, Array]:
        kernel_gradient = np.tensordot(patches, gradient, axes=((0, 1, 2), (0, 1, 2)))  # (C, kh, kw, F)
        input_gradient = spread(
            lambda row, column: gradient @ kernel[row, column].T,
            (*padded[:3], kernel.shape[2]),
            step.feature_shape[:2],
            step.kernel_size,
            step.strides,
            step.dilation,
        )
        return input_gradient, kernel_gradient.transpose(1, 2, 0, 3)

    return maps, backward


def depthwise_convolution(
    step: DepthwiseConvolutionStep, x: Array, weights: Sequence[Array], mode: Mode
) -> tuple[Array, Backward]:
    """Convolve each channel with its own kernels, add the bias, apply the activation."""
    kernel = weights[0]  # (kh, kw, C, M)
    settings = (step.kernel_size, step.strides, step.dilation)
    padded = pad(x, step.padding)
    patches = windows(padded, *settings)  # (N, H', W', C, kh, kw)
    maps = np.einsum("nyxcij,ijcm->nyxcm", patches, kernel).reshape(len(x), *step.output_shape)
    if step.use_bias:
        maps = maps + weights[1]
    outputs, back_to_maps = activate(step.activation, maps)

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        gradient = back_to_maps(gradient)
        by_channel = gradient.reshape(*gradient.shape[:3], *kernel.shape[2:])  # (N, H', W', C, M)
        found: list[Array | None] = [np.einsum("nyxcij,nyxcm->ijcm", patches, by_channel)]
        if step.use_bias:
            found.append(gradient.sum(axis=(0, 1, 2), dtype=np.float64).astype(gradient.dtype))
        input_gradient = spread(
            lambda row, column: (by_channel * kernel[row, column]).sum(axis=-1),
            padded.shape,
            (gradient.shape[1], gradient.shape[2]),
            *settings,
        )
        return crop(input_gradient, step.padding), found

    return outputs, backward


def _unchanged(gradient: Array) -> Array:
    return gradient
