"""Results as ordinary images of 8 or 16 bits, for files and for the eye."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_WORDS = 65_535
_LARGE = 12_000_000  # values; beyond, packing tightly takes longer than filtering


def as_bytes(image: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return an image as Pillow takes it: uint8, grey (height, width), or (height, width, 2 to 4).

    Notes
    -----
    Bytes stay as they are, and so do floats from 0 to 255 but for their rounding; 16 bits are brought to 8. Floats with
    negative values among them are shown on a scale around zero, which is the middle grey: black and white stand for
    minus and plus the largest magnitude. Other floats above 255 are brought to 0..255.

    Examples
    --------
    >>> as_bytes(np.array([[-4.0, 0.0, 2.0]])).tolist()
    [[0, 128, 191]]
    """
    array = np.asarray(image)
    array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if array.ndim == 3 and array.shape[2] in (2, 4) and array.dtype != np.uint8:
        white = _WORDS if array.dtype == np.uint16 else 255
        alpha = np.rint(array[..., -1:].astype(np.float64) * (255 / white)).astype(np.uint8)
        colours = as_bytes(array[..., :-1])
        planes = [colours[..., None] if colours.ndim == 2 else colours, alpha]
        joined: npt.NDArray[np.uint8] = np.concatenate(planes, axis=-1)
        return joined
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * 255
    values = array.astype(np.float64)
    if array.dtype == np.uint16:
        return np.rint(values * (255 / _WORDS)).astype(np.uint8)
    low, high = float(values.min()), float(values.max())
    if low < 0:
        values = 127.5 + values * (127.5 / max(-low, high))
    elif high > 255:
        values = values * (255 / high)
    return np.rint(values).astype(np.uint8)


def as_png(image: npt.ArrayLike) -> bytes:
    """Return an image as a PNG file; grey ones of 16 bits keep them.

    Examples
    --------
    >>> as_png(np.zeros((2, 2), np.uint8))[:4]
    b'\\x89PNG'
    """
    import io

    import PIL.Image

    array = np.asarray(image)
    array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    deep = array.dtype == np.uint16 and array.ndim == 2
    file = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(array) if deep else as_bytes(array)).save(
        file, "PNG", compress_level=6 if array.size < _LARGE else 1
    )
    return file.getvalue()
