"""Arrays of values as images of 8 bits: which value is light is told by their type, and by their largest value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError, ShapeError

Array = npt.NDArray[Any]
_CHANNELS = (1, 2, 3, 4)  # grey, grey with alpha, colour, colour with alpha


def in_eight_bits(array: Array, name: Path) -> npt.NDArray[np.uint8]:
    """Return an image (height, width) or (height, width, channels) with values 0 to 255; one channel loses its axis.

    Parameters
    ----------
    array : array
        Whole numbers of 8 bits are taken as they are; those of 16 bits without a sign as 0 to 65,535; others as 0 to
        255, or as 0 to 65,535 where one is above. Floats are 0 to 1, or 0 to 255 where one is above or all are whole.
    name : Path
        What messages call it.

    Raises
    ------
    ShapeError
        It has another shape.
    DataError
        Its values are no image's.

    Examples
    --------
    >>> in_eight_bits(np.array([[0.0, 0.5, 1.0]]), Path("image")), in_eight_bits(np.array([[0, 1, 9]]), Path("image"))
    (array([[  0, 128, 255]], dtype=uint8), array([[0, 1, 9]], dtype=uint8))
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in _CHANNELS) or not array.size:
        raise ShapeError(
            f"{name} is an array of shape {array.shape}, but an image has the shape (height, width) or (height, width, "
            f"channels), with 1 to 4 channels."
        )
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    factor = 255 / _white(array, name)
    return np.ascontiguousarray(np.rint(array.astype(np.float64) * factor).astype(np.uint8))


def in_form(array: Array, shape: tuple[int, int, int], max_value: float, name: Path) -> Array | None:
    """Return an array that already has a model's shape, with the model's values; None for any other.

    Parameters
    ----------
    array : array
    shape : (height, width, channels)
        Of the model's images. A grey one may lack its last axis.
    max_value : float
        Their largest value. Where it is not 255, an array with larger values is taken for an image of 8 bits, and so
        are whole numbers where it is 1 or less, and fractions where it is more.
    name : Path
        What messages call it.
    """
    height, width, channels = shape
    if array.shape != shape and (channels > 1 or array.shape != (height, width)):
        return None
    if max_value == 255:
        return in_eight_bits(array, name).reshape(shape)
    if array.dtype.kind not in "iuf" or not (array.min() >= 0 and array.max() <= max_value):
        return None
    whole = array.dtype.kind != "f" or np.array_equal(array, np.rint(array))
    if whole != (max_value > 1):
        return None
    return array.astype(np.uint8 if whole and max_value <= 255 else np.float32).reshape(shape)


def _white(array: Array, name: Path) -> float:
    """Return the value that stands for white."""
    kind = array.dtype.kind
    if kind == "b":
        return 1
    if kind not in "iuf":
        raise DataError(f"{name} is an array of type {array.dtype}, but an image must contain numbers.")
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError(f"{name} has NaN or infinite values.")
    if array.dtype == np.uint16:
        return 65_535
    if kind == "f" and low >= 0 and high <= 1 and not np.array_equal(array, np.rint(array)):
        return 1
    if low >= 0 and high <= 255:
        return 255
    if kind != "f" and low >= 0 and high <= 65_535:
        return 65_535
    raise DataError(
        f"{name} is an array with values from {low:g} to {high:g}, so its value range is unclear. Give an image with "
        "values from 0 to 255, or floats from 0 to 1."
    )
