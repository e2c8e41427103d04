"""Images of any kind, taken apart into what is filtered and what is kept, and put together again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, DataError, ShapeError

Array = npt.NDArray[Any]
Clip = bool | tuple[float, float] | None
_TRANSPARENT = (2, 4)  # channels: grey or colour, and how opaque


@dataclass(frozen=True, eq=False)
class Parts:
    """An image's channels of colour, (height, width, channels), and its alpha, (height, width), if it has one."""

    colours: Array
    alpha: Array | None
    flat: bool  # whether it came without a channel axis

    def like(self, colours: Array, alpha: Array | None) -> Array:
        """Put channels together in the form that the image came in."""
        if self.flat:
            return colours[..., 0]
        return colours if alpha is None else np.concatenate([colours, alpha[..., None]], axis=-1)


def take_apart(image: Any, alpha: bool | None) -> Parts:
    """Split an image into its colours and its alpha, or say why it is none."""
    array = np.asarray(image)
    if array.dtype == object or array.dtype.kind not in "biuf":
        raise DataError(
            f"An image must be an array of numbers, but its dtype is {array.dtype}. Read a file with "
            "numpy.asarray(PIL.Image.open(path))."
        )
    if array.ndim not in (2, 3):
        raise ShapeError(
            f"An image has the shape (height, width) or (height, width, channels), but got {array.shape}. From a "
            "batch, pass one image: images[0]."
        )
    if 0 in array.shape:
        raise ShapeError(f"The image has the shape {array.shape}: it has no pixels.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError("The image has NaN or infinite values. Replace them with numpy.nan_to_num.")
    if array.ndim == 2:
        return Parts(array[..., None], None, True)
    transparent = array.shape[2] in _TRANSPARENT if alpha is None else alpha
    if transparent and array.shape[2] < 2:
        raise ShapeError(f"alpha=True needs a channel besides alpha, but the image has the shape {array.shape}.")
    if transparent:
        return Parts(array[..., :-1], array[..., -1], False)
    return Parts(array, None, False)


def bounds(dtype: np.dtype[Any], clip: Clip) -> tuple[float, float] | None:
    """Return what results are clipped to, or None.

    Parameters
    ----------
    dtype : numpy.dtype
        Of the image.
    clip : bool, (low, high) or None
        None clips to what the type holds, and floating point not at all; True does so too, and floating point to 0..1.
    """
    if clip is False:
        return None
    if clip is None or clip is True:
        return ((0.0, 1.0) if clip else None) if dtype.kind == "f" else _range(dtype)
    try:
        low, high = (float(value) for value in clip)
    except (TypeError, ValueError):
        low = high = np.nan
    if not low < high:
        raise ConfigurationError(f"clip must be True, False or a pair (low, high), such as (0, 255), but is {clip!r}.")
    if dtype.kind == "f":
        return low, high
    least, most = _range(dtype)
    return min(max(low, least), most), max(min(high, most), least)


def _range(dtype: np.dtype[Any]) -> tuple[float, float]:
    if dtype.kind == "b":
        return 0.0, 1.0
    info = np.iinfo(dtype)
    return float(info.min), float(info.max)


def result_type(dtype: np.dtype[Any], limits: tuple[float, float] | None) -> np.dtype[Any]:
    """Return the type of a result: the image's own, or floating point where nothing is clipped."""
    if limits is not None or dtype.kind == "f":
        return dtype
    return np.dtype(np.float64 if dtype.itemsize > 2 else np.float32)


def finish(values: Array, dtype: np.dtype[Any], limits: tuple[float, float] | None) -> Array:
    """Clip and, for types of whole numbers, round to the nearest, halves to the even one."""
    if limits is not None:
        values = np.clip(values, *limits)
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    rounded = np.rint(values)
    if dtype.kind == "b" or dtype.itemsize < 8:
        return rounded.astype(dtype)
    # The largest whole numbers of 64 bits are no float64: the next one above would wrap round.
    info = np.iinfo(dtype)
    whole = np.where(rounded >= float(info.max), 0, rounded).astype(dtype)
    whole[rounded >= float(info.max)] = info.max
    return whole
