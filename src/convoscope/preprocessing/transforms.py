"""Changes of one image that `ImageDataGenerator` is made of, each by itself: fixed ones, and ones drawn at random.

As in Keras these functions take channels first unless they are told otherwise, and draw from NumPy's global generator,
so that ``np.random.seed`` makes them repeatable and gives Keras' draws.
"""
# ruff: noqa: NPY002 - the global generator is what is meant

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ImageEnhance

from convoscope.errors import unknown_name
from convoscope.preprocessing.affine import apply_affine_transform
from convoscope.preprocessing.arguments import two_numbers
from convoscope.preprocessing.images import array_to_img, img_to_array

Array = npt.NDArray[Any]


def apply_channel_shift(x: npt.ArrayLike, intensity: float, channel_axis: int = 0) -> Array:
    """Add a number to all values, and clip them to their former range.

    The position of the channels' axis, which is the first by default, does not change the values.

    Examples
    --------
    >>> apply_channel_shift([[[0.0, 5.0, 9.0]]], 3.0)
    array([[[3., 8., 9.]]])
    """
    # Plane by plane in memory, as Keras leaves them: a mean taken afterwards then has the same roundings.
    planes = np.ascontiguousarray(np.moveaxis(np.asarray(x), channel_axis, 0))
    return np.moveaxis(np.clip(planes + intensity, planes.min(), planes.max()), 0, channel_axis)


def apply_brightness_shift(x: npt.ArrayLike, brightness: float, scale: bool = True) -> Array:
    """Make an image brighter or darker with Pillow, which works on whole numbers from 0 to 255.

    Parameters
    ----------
    x : array (height, width, channels)
    brightness : float
        The factor: 0 is black, 1 changes nothing.
    scale : bool
        Stretch the values to 0 to 255 first. If a value is outside that range, this happens in any case, and is undone
        afterwards.

    Returns
    -------
    float32 array of the same shape

    Examples
    --------
    >>> apply_brightness_shift(np.full((1, 1, 3), 101.0), 0.5, scale=False)
    array([[[50., 50., 50.]]], dtype=float32)
    """
    image = np.asarray(x)
    least, most = image.min(), image.max()
    outside = bool(least < 0 or most > 255)
    found = img_to_array(ImageEnhance.Brightness(array_to_img(image, scale=scale or outside)).enhance(brightness))
    return found / 255 * (most - least) + least if outside and not scale else found


def flip_axis(x: npt.ArrayLike, axis: int) -> Array:
    """Turn an axis around.

    Examples
    --------
    >>> flip_axis([[1, 2, 3]], 1)
    array([[3, 2, 1]])
    """
    return np.flip(np.asarray(x), axis)


def random_rotation(x: npt.ArrayLike, rg: float, **options: Any) -> Array:
    """Rotate by a random angle up to `rg` degrees; see `apply_affine_transform` for the options.

    Examples
    --------
    >>> random_rotation(np.ones((3, 8, 8)), 30).shape
    (3, 8, 8)
    """
    theta = np.random.uniform(-rg, rg)
    return apply_affine_transform(x, theta=theta, **_affine_options(options))


def random_shift(x: npt.ArrayLike, wrg: float, hrg: float, **options: Any) -> Array:
    """Shift up or down by up to `wrg` of the width, and sideways by up to `hrg` of the height: as in Keras, swapped.

    Examples
    --------
    >>> random_shift(np.ones((3, 8, 8)), 0.2, 0.1).shape
    (3, 8, 8)
    """
    given = _affine_options(options)
    height, width = (np.shape(x)[given[axis]] for axis in ("row_axis", "col_axis"))
    tx = np.random.uniform(-hrg, hrg) * height
    ty = np.random.uniform(-wrg, wrg) * width
    return apply_affine_transform(x, tx=tx, ty=ty, **given)


def random_shear(x: npt.ArrayLike, intensity: float, **options: Any) -> Array:
    """Shear by a random angle up to `intensity` degrees.

    Examples
    --------
    >>> random_shear(np.ones((3, 8, 8)), 10).shape
    (3, 8, 8)
    """
    shear = np.random.uniform(-intensity, intensity)
    return apply_affine_transform(x, shear=shear, **_affine_options(options))


def random_zoom(x: npt.ArrayLike, zoom_range: Sequence[float], **options: Any) -> Array:
    """Zoom height and width, each by a random factor within `zoom_range`; factors below 1 enlarge.

    Examples
    --------
    >>> random_zoom(np.ones((3, 8, 8)), (0.8, 1.2)).shape
    (3, 8, 8)
    """
    least, most = two_numbers(zoom_range, "zoom_range", "random_zoom")
    zx, zy = (1, 1) if least == most == 1 else np.random.uniform(least, most, 2)
    return apply_affine_transform(x, zx=zx, zy=zy, **_affine_options(options))


def random_channel_shift(x: npt.ArrayLike, intensity_range: float, channel_axis: int = 0) -> Array:
    """Add a random number up to `intensity_range`, see `apply_channel_shift`.

    Examples
    --------
    >>> random_channel_shift(np.ones((3, 8, 8)), 20.0).shape
    (3, 8, 8)
    """
    return apply_channel_shift(x, np.random.uniform(-intensity_range, intensity_range), channel_axis)


def random_brightness(x: npt.ArrayLike, brightness_range: Sequence[float], scale: bool = True) -> Array:
    """Multiply by a random factor within `brightness_range`, see `apply_brightness_shift`.

    Examples
    --------
    >>> random_brightness(np.ones((8, 8, 3)), (0.5, 1.5)).shape
    (8, 8, 3)
    """
    least, most = two_numbers(brightness_range, "brightness_range", "random_brightness")
    return apply_brightness_shift(x, np.random.uniform(least, most), scale)


_DEFAULTS = {"row_axis": 1, "col_axis": 2, "channel_axis": 0, "fill_mode": "nearest", "cval": 0.0}


def _affine_options(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `apply_affine_transform` from those that Keras' random functions take."""
    options = {**_DEFAULTS, "interpolation_order": 1, **given}
    for name in given:
        if name not in (*_DEFAULTS, "interpolation_order"):
            raise unknown_name("option of a random transform", name, (*_DEFAULTS, "interpolation_order"))
    options["order"] = options.pop("interpolation_order")
    return options
