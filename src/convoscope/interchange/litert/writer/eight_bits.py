"""Numbers of 8 bits for floats: scales, zero points, and constants.

Activations are whole numbers from -128 to 127 with a zero point, kernels from -127 to 127 without one, but with a scale
for each output channel. A bias has 32 bits and counts in the steps of the products of both.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.litert.writer.network import Quantization, Tensor

_Floats = npt.NDArray[np.float32]
_LEAST, _MOST = -128, 127
_LARGEST_BIAS = 2**30  # a bias of 32 bits leaves as much to the products


def of_range(low: float, high: float) -> Quantization:
    """Return what stands for the numbers of a range, among which is 0 exactly.

    Examples
    --------
    >>> found = of_range(0.0, 25.5)
    >>> found.scale.round(6), found.zero_point
    (array([0.1], dtype=float32), array([-128]))
    """
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32((high - low) / (_MOST - _LEAST)) or np.float32(1.0)
    zero = int(np.clip(np.rint(_LEAST - low / float(scale)), _LEAST, _MOST))
    return fixed(float(scale), zero)


def fixed(scale: float, zero_point: int) -> Quantization:
    """Return what a scale and a zero point say."""
    return Quantization(np.array([scale], np.float32), np.array([zero_point], np.int64))


def constant(tensor: Tensor, quantization: Quantization | None = None) -> Tensor:
    """Return a constant in 8 bits, by default in those of its own range."""
    assert tensor.data is not None
    found = quantization or of_range(float(tensor.data.min(initial=0)), float(tensor.data.max(initial=0)))
    steps = np.rint(tensor.data.astype(np.float64) / found.scale[0]) + found.zero_point[0]
    data = np.clip(steps, _LEAST, _MOST).astype(np.int8)
    return Tensor(tensor.name, tensor.shape, TensorType.INT8, data, batched=False, quantization=found)


def kernel_and_bias(kernel: Tensor, bias: Tensor, axis: int, step: float) -> tuple[Tensor, Tensor]:
    """Return a kernel and its bias in whole numbers.

    Parameters
    ----------
    kernel, bias : Tensor
        Of floats.
    axis : int
        That of the kernel's output channels.
    step : float
        The scale of what the kernel is applied to.
    """
    assert kernel.data is not None
    assert bias.data is not None
    others = tuple(at for at in range(kernel.data.ndim) if at != axis)
    terms = bias.data.astype(np.float64)
    scale = np.abs(kernel.data).max(axis=others).astype(np.float64) / _MOST
    scale = np.maximum(scale, np.abs(terms) / (step * _LARGEST_BIAS))
    scale = np.where(scale == 0.0, 1.0, scale).astype(np.float32)
    along = scale.reshape([-1 if at == axis else 1 for at in range(kernel.data.ndim)])
    data = np.clip(np.rint(kernel.data / along), -_MOST, _MOST).astype(np.int8)
    zeros = np.zeros(scale.size, np.int64)
    small = Tensor(kernel.name, kernel.shape, TensorType.INT8, data, batched=False)
    small.quantization = Quantization(scale, zeros, axis)
    steps = np.float64(np.float32(step)) * scale.astype(np.float64)
    whole = Tensor(bias.name, bias.shape, TensorType.INT32, np.rint(terms / steps).astype("<i4"), batched=False)
    whole.quantization = Quantization(steps.astype(np.float32), zeros)
    return small, whole
