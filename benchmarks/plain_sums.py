"""Layers as a textbook writes them: every sum is added up term after term, in the precision of the arrays.

This is the direct sum that rounding is measured against. It has no transform, no blocks, and no partial sums that are
added at the end, which all round less; and in double precision it is a second judge beside the reference engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import networks
from benchmarks.networks import Layer, Network

Array = npt.NDArray[Any]
#: From the gradient of a layer's output to that of its input, and those of its trainable weights.
Back = Callable[[Array], tuple[Array, list[Array]]]


def run(network: Network, images: Array, gradient: Array) -> tuple[Array, list[Array], Array]:
    """Return outputs, the trainable weights' gradients and the images', all in the precision of the images.

    Parameters
    ----------
    network : Network
        A stack. Normalizations use their moving averages, as in prediction.
    images : array (N, height, width, channels)
    gradient : array (N, *output)
        Of the outputs.
    """
    weights = iter(weight.astype(images.dtype) for weight in networks.weights(network))
    value, ways_back = images, list[Back]()
    for layer in network.layers:
        value, back = _LAYERS[type(layer)](layer, value, weights)
        ways_back.append(back)
    outputs, found = value, list[Array]()
    for back in reversed(ways_back):
        gradient, own = back(gradient.astype(images.dtype))
        found = own + found
    return outputs, found, gradient


def _convolution(layer: networks.Conv, x: Array, weights: Iterator[Array]) -> tuple[Array, Back]:
    kernel, bias = next(weights), next(weights) if layer.bias else None
    before = layer.kernel - 1 if layer.padding == "same" else 0
    margin = (0, 0), (before // 2, before - before // 2), (before // 2, before - before // 2), (0, 0)
    padded = np.pad(x, margin)
    height, width, filters = layer.output(x.shape[1:])
    taps = [(row, column) for row in range(layer.kernel) for column in range(layer.kernel)]

    def under(tap: tuple[int, int], pixels: Array) -> Array:
        """Return what a tap meets of an image or its gradient: (N, H', W', C)."""
        sides = zip(tap, (height, width), strict=True)
        rows, columns = (slice(at, at + layer.stride * (n - 1) + 1, layer.stride) for at, n in sides)
        return pixels[:, rows, columns]

    maps = np.zeros((len(x), height, width, filters), x.dtype)
    for tap in taps:
        seen = under(tap, padded)
        for channel, factors in enumerate(kernel[tap]):
            maps += seen[..., channel, None] * factors
    outputs, back_to_maps = _activated(layer.activation, maps if bias is None else maps + bias)

    def back(gradient: Array) -> tuple[Array, list[Array]]:
        gradient = back_to_maps(gradient)
        patches = np.stack([under(tap, padded) for tap in taps], axis=3)  # (N, H', W', taps, C)
        kernel_gradient = _sum_of_products(patches.reshape(-1, kernel[..., 0].size), gradient.reshape(-1, filters))
        to_padded = np.zeros_like(padded)
        for tap in taps:
            target = under(tap, to_padded)
            for number in range(filters):
                target += gradient[..., number, None] * kernel[tap][:, number]
        to_x = to_padded[:, before // 2 :, before // 2 :][:, : x.shape[1], : x.shape[2]]
        biases = [] if bias is None else [_sum(gradient)]
        return to_x, [kernel_gradient.reshape(kernel.shape), *biases]

    return outputs, back


def _dense(layer: networks.Dense, x: Array, weights: Iterator[Array]) -> tuple[Array, Back]:
    kernel, bias = next(weights), next(weights)
    outputs, back_to_products = _activated(layer.activation, _sum_of_products(x.T, kernel) + bias)

    def back(gradient: Array) -> tuple[Array, list[Array]]:
        gradient = back_to_products(gradient)
        return _sum_of_products(gradient.T, kernel.T), [_sum_of_products(x, gradient), _sum(gradient)]

    return outputs, back


def _pooling(layer: networks.Pool, x: Array, weights: Iterator[Array]) -> tuple[Array, Back]:
    size, (height, width, channels) = layer.size, layer.output(x.shape[1:])
    windows = x[:, : height * size, : width * size].reshape(len(x), height, size, width, size, channels)
    windows = windows.transpose(0, 1, 3, 5, 2, 4).reshape(len(x), height, width, channels, size * size)
    winners = windows.argmax(axis=-1)[..., None] == np.arange(size * size)
    share = winners.astype(x.dtype) if layer.kind == "max" else np.full(windows.shape, 1 / size**2, x.dtype)
    outputs = (
        windows.max(axis=-1) if layer.kind == "max" else np.cumsum(windows, axis=-1)[..., -1] / x.dtype.type(size**2)
    )

    def back(gradient: Array) -> tuple[Array, list[Array]]:
        of_windows = (gradient[..., None] * share).reshape(len(x), height, width, channels, size, size)
        to_x = np.zeros_like(x)
        to_x[:, : height * size, : width * size] = of_windows.transpose(0, 1, 4, 2, 5, 3).reshape(
            len(x), height * size, width * size, channels
        )
        return to_x, []

    return outputs, back


def _normalization(layer: networks.BatchNorm, x: Array, weights: Iterator[Array]) -> tuple[Array, Back]:
    gamma, beta, mean, variance = (next(weights) for _ in range(4))
    scale = 1 / np.sqrt(variance + x.dtype.type(layer.epsilon))
    normal = (x - mean) * scale
    return normal * gamma + beta, lambda gradient: (
        gradient * gamma * scale,
        [_sum(gradient * normal), _sum(gradient)],
    )


def _rectifier(layer: networks.Relu, x: Array, weights: Iterator[Array]) -> tuple[Array, Back]:
    outputs, back = _activated("relu", x)
    return outputs, lambda gradient: (back(gradient), [])


def _flatten(layer: networks.Flatten, x: Array, weights: Iterator[Array]) -> tuple[Array, Back]:
    return x.reshape(len(x), -1), lambda gradient: (gradient.reshape(x.shape), [])


def _activated(name: str | None, x: Array) -> tuple[Array, Callable[[Array], Array]]:
    if name == "relu":
        return np.maximum(x, 0), lambda gradient: gradient * (x > 0)
    if name == "tanh":
        outputs = np.tanh(x)
        return outputs, lambda gradient: gradient * (1 - outputs * outputs)
    if name is not None:
        raise ValueError(f"no plain sums for the activation {name!r}")
    return x, lambda gradient: gradient


def _sum_of_products(left: Array, right: Array) -> Array:
    """Return Σ left[i] ⊗ right[i], (terms, A) and (terms, B) to (A, B), the terms in order."""
    total = np.zeros((left.shape[1], right.shape[1]), left.dtype)
    for one, other in zip(left, right, strict=True):
        total += one[:, None] * other
    return total


def _sum(values: Array) -> Array:
    """Return the sum over all axes but the last, the terms in order."""
    total: Array = np.cumsum(values.reshape(-1, values.shape[-1]), axis=0)[-1]
    return total


_LAYERS: dict[type[Layer], Callable[[Any, Array, Iterator[Array]], tuple[Array, Back]]] = {
    networks.Conv: _convolution,
    networks.Dense: _dense,
    networks.Pool: _pooling,
    networks.BatchNorm: _normalization,
    networks.Relu: _rectifier,
    networks.Flatten: _flatten,
}
