"""`smart_resize`: images cut to an aspect ratio and resized with TensorFlow's kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import pair
from convoscope.errors import ShapeError, unknown_name
from convoscope.preprocessing.images import is_channels_first

Array = npt.NDArray[Any]
Shares = npt.NDArray[np.float64]

#: TensorFlow looks bicubic weights up in a table with so many steps between two pixels.
_STEPS = 1024


def smart_resize(
    x: npt.ArrayLike, size: Sequence[int], interpolation: str = "bilinear", data_format: str | None = "channels_last"
) -> Array:
    """Resize images without distorting them: both sides are cropped to the new aspect ratio.

    Parameters
    ----------
    x : array (height, width, channels) or (number, height, width, channels)
        One image or a batch.
    size : (height, width)
        The new size.
    interpolation : {"bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"}
        How a new pixel is computed from the old ones. None of them averages more pixels if the image becomes smaller.
    data_format : {"channels_last", "channels_first"}
        Where the channels are.

    Returns
    -------
    array
        float32; with "nearest", of the type of `x`.

    Raises
    ------
    ShapeError
        If `x` is neither an image nor a batch.

    Examples
    --------
    >>> smart_resize(np.zeros((340, 500, 3)), (200, 200)).shape
    (200, 200, 3)
    """
    images, target = np.asarray(x), pair(tuple(size), "size", "smart_resize")
    if images.ndim not in (3, 4):
        raise ShapeError(f"smart_resize takes one image or a batch of them, but got an array of shape {images.shape}.")
    if interpolation not in _KERNELS:
        raise unknown_name("interpolation", interpolation, _KERNELS)
    channels = -3 if is_channels_first(data_format) else -1
    last = np.moveaxis(images, channels, -1)  # (..., H, W, C)
    top, left, height, width = _middle((last.shape[-3], last.shape[-2]), target)
    cut = last[..., top : top + height, left : left + width, :]
    rows, columns = (_KERNELS[interpolation](old, new) for old, new in zip((height, width), target, strict=True))
    resized = np.einsum("yh,...hwc,xw->...yxc", rows, cut.astype(np.float64), columns, optimize=True)
    return np.moveaxis(resized.astype(images.dtype if interpolation == "nearest" else np.float32), -1, channels)


def _middle(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the largest part, in the middle, with the target's aspect ratio: top, left, height, width."""
    (height, width), (tall, wide) = size, target
    rows = max(min(height, int(width * tall / wide)), 1)
    columns = max(min(width, int(height * wide / tall)), 1)
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def _samples(old: int, new: int) -> npt.NDArray[np.float32]:
    """Return where the middles of the new pixels lie among the old ones: in single precision, as in TensorFlow."""
    middles: npt.NDArray[np.float32] = np.arange(new, dtype=np.float32) + np.float32(0.5)
    middles *= np.float32(old) / np.float32(new)
    return middles


def _nearest(old: int, new: int) -> Shares:
    shares = np.zeros((new, old))
    shares[np.arange(new), np.minimum(np.floor(_samples(old, new)).astype(np.intp), old - 1)] = 1
    return shares


def _bilinear(old: int, new: int) -> Shares:
    at = _samples(old, new).astype(np.float64) - 0.5
    first, share = np.floor(at).astype(np.intp), at - np.floor(at)
    shares, every = np.zeros((new, old)), np.arange(new)
    np.add.at(shares, (every, np.clip(first, 0, old - 1)), 1 - share)
    np.add.at(shares, (every, np.clip(first + 1, 0, old - 1)), share)
    return shares


def _bicubic(old: int, new: int) -> Shares:
    """Return Keys' cubic with a = -1/2, where pixels outside the image have no share."""
    at = _samples(old, new) - np.float32(0.5)
    first = np.floor(at)
    share = np.rint((at - first) * _STEPS) / _STEPS
    return _spread(first, np.arange(-1, 3), old, lambda offset: _keys(np.abs(offset - share[:, None])))


def _keys(x: Array) -> Array:
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _lanczos(radius: int) -> Callable[[int, int], Shares]:
    def kernel(old: int, new: int) -> Shares:
        at = _samples(old, new).astype(np.float64)
        first = np.floor(at - 0.5)
        offsets = np.arange(1 - radius, radius + 1)

        def weights(offset: Array) -> Array:
            x = np.abs(first[:, None] + offset + 0.5 - at[:, None])
            return np.where(x <= radius, np.sinc(x) * np.sinc(x / radius), 0)

        return _spread(first, offsets, old, weights)

    return kernel


def _spread(first: Array, offsets: Array, old: int, weights: Callable[[Array], Array]) -> Shares:
    """Return the shares of the old pixels at ``first + offsets``: they add up to 1, and pixels outside have none."""
    pixels = first[:, None].astype(np.intp) + offsets  # (new, offsets)
    inside = (pixels >= 0) & (pixels < old)
    found = np.where(inside, weights(offsets[None]), 0).astype(np.float64)
    found /= found.sum(axis=1, keepdims=True)
    shares = np.zeros((len(first), old))
    np.add.at(shares, (np.arange(len(first))[:, None], np.clip(pixels, 0, old - 1)), found)
    return shares


_KERNELS: dict[str, Callable[[int, int], Shares]] = {
    "bilinear": _bilinear,
    "nearest": _nearest,
    "bicubic": _bicubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}
