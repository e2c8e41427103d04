"""The sums themselves: by the native core, by all threads, or by NumPy where the reference engine is in use."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.filters.geometry import Pair
from convoscope.filters.images import finish, result_type
from convoscope.filters.kernel import Numbers

Array = npt.NDArray[Any]
Limits = tuple[float, float] | None
_EXACT_IN_FLOAT = 2**24
_NATIVE = (np.uint8, np.uint16, np.float32, np.float64)


def weighted_sums(
    padded: Array,
    kernel: Numbers,
    positions: Pair,
    stride: Pair,
    dilation: Pair,
    weight: float,
    bias: float,
    limits: Limits,
) -> Array:
    """Apply a kernel to each channel of an image on its own.

    Parameters
    ----------
    padded : array of shape (height, width, channels)
        Large enough for every position of the window.
    kernel : float64 array of shape (rows, columns)
    positions, stride, dilation : (int, int)
    weight, bias : float
        The result is ``weight × sum + bias``.
    limits : (float, float) or None
        What it is clipped to. None gives floating point.

    Returns
    -------
    array of shape (*positions, channels)
        Of the image's type, or floating point where nothing is clipped.

    Notes
    -----
    Sums are exact for images and kernels of whole numbers (below 2^53); others are float64, and rounded once at the
    end.
    """
    if _native():
        return _by_the_core(padded, kernel, positions, stride, dilation, weight, bias, limits)
    sums = np.zeros((*positions, padded.shape[2]))
    for (row, column), factor in np.ndenumerate(kernel):
        if factor:
            top, left = row * dilation[0], column * dilation[1]
            bottom, right = top + (positions[0] - 1) * stride[0] + 1, left + (positions[1] - 1) * stride[1] + 1
            sums += factor * padded[top : bottom : stride[0], left : right : stride[1]]
    return finish(sums * weight + bias, result_type(padded.dtype, limits), limits)


def _native() -> bool:
    from convoscope.engine.select import current

    return current().name == "native"


def _by_the_core(
    padded: Array,
    kernel: Numbers,
    positions: Pair,
    stride: Pair,
    dilation: Pair,
    weight: float,
    bias: float,
    limits: Limits,
) -> Array:
    from convoscope import _native

    kind = result_type(padded.dtype, limits)
    direct = padded.view(np.uint8) if padded.dtype == bool else padded
    finished = direct.dtype in _NATIVE
    if not finished:
        direct = padded.astype(np.float64)
    output = np.empty((*positions, padded.shape[2]), direct.dtype)
    if finished:
        output = np.empty(output.shape, np.uint8 if kind.kind == "b" else kind)
    low, high = (-np.inf, np.inf) if limits is None or not finished else limits
    _native.filter(
        np.ascontiguousarray(direct),
        np.ascontiguousarray(kernel),
        output,
        stride,
        dilation,
        weight,
        bias,
        low,
        high,
        exact_in_float(direct, kernel),
    )
    return output.view(kind) if finished else finish(output, kind, limits)


def exact_in_float(image: Array, kernel: Numbers) -> bool:
    """Whether every partial sum is a whole number that float32 holds."""
    if image.dtype.kind != "u":
        return False
    largest = float(np.abs(kernel).sum()) * float(np.iinfo(image.dtype).max)
    return largest < _EXACT_IN_FLOAT and bool((kernel == np.rint(kernel)).all())
