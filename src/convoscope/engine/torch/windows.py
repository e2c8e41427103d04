"""Convolutions, pooling and other sizes. Images are N × H × W × C, which PyTorch sees as channels_last."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as nnf
from torch import Tensor

from convoscope.engine.reference.resizing import shares
from convoscope.engine.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    PoolingStep,
    ResizingStep,
    TransposedConvolutionStep,
    UpsamplingStep,
    Window,
)
from convoscope.engine.torch.activation import activate
from convoscope.engine.torch.mode import Mode
from convoscope.types import Padding


def channels_second(x: Tensor) -> Tensor:
    """Return N × H × W × C as PyTorch's N × C × H × W, without a copy."""
    return x.permute(0, 3, 1, 2)


def channels_last(x: Tensor) -> Tensor:
    """Go back from `channels_second`."""
    return x.permute(0, 2, 3, 1)


def pad(x: Tensor, padding: Padding, value: float = 0.0) -> Tensor:
    """Put pixels around images N × H × W × C; a negative number cuts off."""
    (top, bottom), (left, right) = padding
    sides = [0, 0, left, right, top, bottom]
    return nnf.pad(x, sides, value=value) if any(sides) else x


def _outputs_first(kernel: Tensor) -> Tensor:
    """Return a kernel with its last two axes first, as PyTorch has them.

    Beside the processor as a copy: its convolution refuses the way back through a view, of one image a pixel high.
    """
    turned = kernel.permute(3, 2, 0, 1)
    return turned.contiguous() if kernel.device.type == "cpu" else turned


def convolution(step: ConvolutionStep, x: Tensor | list[Tensor], weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Convolve, add the bias and perhaps a second value, apply the activation, pool."""
    images, *addend = x if isinstance(x, list) else [x]
    maps = _convolved(step, images, _outputs_first(weights[0]), weights, step.groups)
    outputs = activate(step.activation, maps + addend[0] if addend else maps)
    return outputs if step.pool is None else _pool(step.pool, outputs).reshape(len(images), *step.output_shape)


def depthwise_convolution(step: DepthwiseConvolutionStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Convolve each channel with its own kernels, add the bias, apply the activation."""
    height, width, channels, multiplier = weights[0].shape
    kernel = weights[0].permute(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    return activate(step.activation, _convolved(step, x, kernel, weights, channels))


def _convolved(
    step: ConvolutionStep | DepthwiseConvolutionStep, x: Tensor, kernel: Tensor, weights: Sequence[Tensor], groups: int
) -> Tensor:
    (top, bottom), (left, right) = step.padding
    even = (top, left) == (bottom, right)  # PyTorch's own padding costs no copy
    images, strides = channels_second(x if even else pad(x, step.padding)), step.strides
    bias = weights[1] if step.use_bias else None
    sides = (top, left) if even else (0, 0)
    if x.device.type == "cpu" and kernel.shape[2:] == (1, 1) and not any(sides):
        # Skip pixels here instead: with AVX2 and fewer than eight channels, the backward pass of PyTorch 2.13 (oneDNN)
        # writes out of bounds, so that gradients are wrong or the process crashes.
        images, strides = images[:, :, :: strides[0], :: strides[1]], (1, 1)
    return channels_last(nnf.conv2d(images, kernel, bias, strides, sides, step.dilation, groups))


def transposed_convolution(step: TransposedConvolutionStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Paint the kernel at every pixel, add the bias, apply the activation."""
    kernel = _outputs_first(weights[0])  # from (kh, kw, F, C)
    painted = nnf.conv_transpose2d(channels_second(x), kernel, stride=step.strides, dilation=step.dilation)
    maps = channels_last(painted)
    (top, _), (left, _) = step.padding
    height, width, _ = step.output_shape
    maps = pad(maps, ((-top, height + top - maps.shape[1]), (-left, width + left - maps.shape[2])))
    return activate(step.activation, maps + weights[1] if step.use_bias else maps)


def pooling(step: PoolingStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Pool, and give the result the step's shape: a global pooling may drop the image axes."""
    return _pool(step.window, x).reshape(len(x), *step.output_shape)


def _pool(window: Window, x: Tensor) -> Tensor:
    if window.mode == "average":
        return _average(window, x)
    images = pad(x if window.mode == "max" else -x, window.padding, -torch.inf)  # padding never wins
    pooled = channels_last(nnf.max_pool2d(channels_second(images), window.size, window.strides))
    return pooled if window.mode == "max" else -pooled


def _average(window: Window, x: Tensor) -> Tensor:
    """Keep the mean of the pixels in the window that belong to the image."""

    def sums(images: Tensor) -> Tensor:
        padded = channels_second(pad(images, window.padding))
        return channels_last(nnf.avg_pool2d(padded, window.size, window.strides, divisor_override=1))

    if window.size == tuple(x.shape[1:3]) and not any(map(any, window.padding)):
        return x.mean(dim=(1, 2), keepdim=True)
    return sums(x) / sums(x.new_ones(1, *x.shape[1:3], 1))


def upsampling(step: UpsamplingStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Make images larger: along each axis, every new pixel is a mean of old ones."""
    if not step.bilinear:
        return x.repeat_interleave(step.size[0], dim=1).repeat_interleave(step.size[1], dim=2)
    size = (step.output_shape[0], step.output_shape[1])
    return channels_last(nnf.interpolate(channels_second(x), size, mode="bilinear", align_corners=False))


def resizing(step: ResizingStep, x: Tensor, weights: Sequence[Tensor], mode: Mode) -> Tensor:
    """Bring a part of each image to size: along each axis, every new pixel is a mean of old ones and the fill value."""
    height, width = (_shares(step, axis, x.device, x.dtype) for axis in (0, 1))
    inside = torch.outer(height.sum(dim=1), width.sum(dim=1))
    with torch.autocast(x.device.type, enabled=False):  # 8 bits of a pixel are more than bfloat16 holds
        rows = torch.einsum("yh,nhwc->nywc", height, x)
        return torch.einsum("xw,nywc->nyxc", width, rows) + step.fill_value * (1 - inside)[:, :, None]


@lru_cache(maxsize=64)
def _shares(step: ResizingStep, axis: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    return torch.from_numpy(shares(step, axis)).to(device, dtype)
