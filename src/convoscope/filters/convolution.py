"""Convolution of one image with one kernel, of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ShapeError, unknown_name
from convoscope.filters.arithmetic import exact_in_float, weighted_sums
from convoscope.filters.geometry import Geometry, pad, plan
from convoscope.filters.images import Clip, Parts, bounds, finish, result_type, take_apart
from convoscope.filters.kernel import Numbers, finite
from convoscope.filters.named import get

Array = npt.NDArray[Any]
CHANNELS = ("apart", "sum")
MODES = ("correlate", "convolve")


def convolve(
    image: npt.ArrayLike,
    kernel: Any,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    pad_mode: str = "zeros",
    dilation: Any = 1,
    weight: float = 1.0,
    bias: float = 0.0,
    clip: Clip = None,
    channels: str = "apart",
    mode: str = "correlate",
    alpha: bool | None = None,
) -> Array:
    """Pass a kernel over an image: each new pixel is the sum of its neighbours times the kernel's values.

    Parameters
    ----------
    image : array of shape (height, width) or (height, width, channels)
        Of any type of numbers: grey, colour, or either with an alpha.
    kernel : str, array or Kernel
        Whatever `get` takes. It has separate values for each channel if its shape is (rows, columns, channels).
    stride : int or (int, int)
        Pixels from one position of the window to the next, down and across.
    padding : {"valid", "same", "full"}, int, (int, int) or ((top, bottom), (left, right))
        Pixels added around the image. ``"valid"`` adds none, so a 3×3 kernel loses two on each axis; ``"same"`` adds as
        many as keep the size at a stride of 1; with ``"full"``, the window begins with its last cell on the image.
    pad_mode : {"zeros", "reflect", "edge"}
        The contents of the padding: zeros, the image mirrored at its outermost pixels, or these repeated.
    dilation : int or (int, int)
        Pixels from one cell of the window to the next.
    weight, bias : float
        The result is ``weight × sum + bias``, in addition to the kernel's own weight and bias.
    clip : bool or (low, high), optional
        If left out, whole numbers are rounded to the nearest and clipped to the range of their type, 0..255 for
        ordinary images, and floating point is left alone. True also clips floating point, to 0..1. False always returns
        floating point, with its negative values.
    channels : {"apart", "sum"}
        ``"apart"`` filters each channel separately and keeps colour; ``"sum"`` adds the results to one channel, as a
        convolutional layer does.
    mode : {"correlate", "convolve"}
        ``"convolve"`` rotates the kernel by 180° first, as in mathematics. Neural networks do not.
    alpha : bool, optional
        Whether the last channel is an alpha. If left out, it is one if there are two or four channels.

    Returns
    -------
    array
        Of the image's type and number of axes. An alpha is not filtered: each new pixel has that of the pixel under the
        centre of the window.

    Raises
    ------
    ShapeError
        If the kernel is larger than the image, or has another number of channels.
    ConfigurationError, DataError
        If an argument is invalid, or the image contains NaN.

    See Also
    --------
    explain : One pixel's arithmetic.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 64, 128], [48, 192, 144], [42, 226, 168]], np.uint8)
    >>> convolve(image, "identity")
    array([[192]], dtype=uint8)
    >>> convolve(image, [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], clip=False)
    array([[446.]], dtype=float32)
    >>> convolve(image, "-1 0 1; -2 0 2; -1 0 1", padding="same").shape
    (3, 3)
    """
    task = prepare(image, kernel, stride, padding, dilation, weight, bias, clip, channels, mode, alpha)
    colours = pad(task.parts.colours, task.geometry.sides, pad_mode)
    results = _apart(task, colours) if channels == "apart" else _summed(task, colours)
    return task.parts.like(results, _alpha_under_the_middle(task, pad_mode))


@dataclass(frozen=True, eq=False)
class Task:
    """A convolution whose arguments have been checked: what `convolve` computes and `explain` shows."""

    parts: Parts
    kernels: list[Numbers]  # one for all channels, or one each
    geometry: Geometry
    weight: float
    bias: float
    limits: tuple[float, float] | None
    kind: np.dtype[Any]  # of the result


def prepare(
    image: npt.ArrayLike,
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    weight: float,
    bias: float,
    clip: Clip,
    channels: str,
    mode: str,
    alpha: bool | None,
) -> Task:
    """Check a convolution's arguments; they are those of `convolve`."""
    if channels not in CHANNELS:
        raise unknown_name("channel mode", channels, CHANNELS)
    if mode not in MODES:
        raise unknown_name("mode", mode, MODES)
    parts = take_apart(image, alpha)
    known = get(kernel)
    values = known.values[::-1, ::-1] if mode == "convolve" else known.values
    height, width, depth = parts.colours.shape
    if values.ndim == 3 and values.shape[2] != depth:
        raise ShapeError(
            f"The kernel has numbers for {values.shape[2]} channels, but the image has {depth}. Use a kernel of shape "
            f"({values.shape[0]}, {values.shape[1]}) for all channels, or of ({values.shape[0]}, {values.shape[1]}, "
            f"{depth})."
        )
    kernels = [values] if values.ndim == 2 else [values[..., channel] for channel in range(depth)]
    dtype = parts.colours.dtype
    return Task(
        parts,
        kernels,
        plan((height, width), known.shape, stride, padding, dilation),
        known.weight * finite(weight, "weight"),
        known.bias + finite(bias, "bias"),
        bounds(dtype, clip),
        result_type(dtype, bounds(dtype, clip)),
    )


def _apart(task: Task, padded: Array) -> Array:
    moves = (task.geometry.positions, task.geometry.stride, task.geometry.dilation)
    rest = (task.weight, task.bias, task.limits)
    if len(task.kernels) == 1:
        return weighted_sums(padded, task.kernels[0], *moves, *rest)
    planes = [
        weighted_sums(padded[..., channel, None], kernel, *moves, *rest) for channel, kernel in enumerate(task.kernels)
    ]
    return np.concatenate(planes, axis=-1)


def _summed(task: Task, padded: Array) -> Array:
    moves = (task.geometry.positions, task.geometry.stride, task.geometry.dilation)
    depth = padded.shape[2]
    total = np.zeros((*task.geometry.positions, 1))
    for channel, kernel in enumerate(task.kernels * (depth if len(task.kernels) == 1 else 1)):
        plane = padded[..., channel, None]
        plane = plane if exact_in_float(plane, kernel) else plane.astype(np.float64)
        total += weighted_sums(plane, kernel, *moves, 1.0, 0.0, None)
    return finish(total * task.weight + task.bias, task.kind, task.limits)


def _alpha_under_the_middle(task: Task, pad_mode: str) -> Array | None:
    if task.parts.alpha is None:
        return None
    geometry = task.geometry
    padded = pad(task.parts.alpha[..., None], geometry.sides, pad_mode)[..., 0]
    top, left = ((covered - 1) // 2 for covered in geometry.covered)
    under = padded[top :: geometry.stride[0], left :: geometry.stride[1]]
    return under[: geometry.positions[0], : geometry.positions[1]].astype(task.kind, copy=False)
