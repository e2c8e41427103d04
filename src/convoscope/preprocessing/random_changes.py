"""The random half of `ImageDataGenerator`: which changes are drawn, and how one image is changed."""
# ruff: noqa: NPY002 - as in Keras, the global generator is what is drawn from

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import real
from convoscope.preprocessing.affine import apply_affine_transform, check_affine
from convoscope.preprocessing.arguments import two_numbers
from convoscope.preprocessing.images import is_channels_first
from convoscope.preprocessing.transforms import apply_brightness_shift, apply_channel_shift, flip_axis

Array = npt.NDArray[Any]
_NAME = "ImageDataGenerator"


class RandomChanges:
    """Draw the parameters of a change and apply them; see `ImageDataGenerator` for what they mean."""

    def __init__(
        self,
        rotation_range: float,
        width_shift_range: Any,
        height_shift_range: Any,
        brightness_range: Sequence[float] | None,
        shear_range: float,
        zoom_range: float | Sequence[float],
        channel_shift_range: float,
        fill_mode: str,
        cval: float,
        horizontal_flip: bool,
        vertical_flip: bool,
        data_format: str | None,
        interpolation_order: int,
    ) -> None:
        first = is_channels_first(data_format)
        self.data_format = "channels_first" if first else "channels_last"
        # Axes of a batch, as in Keras.
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        check_affine(fill_mode, interpolation_order)
        self.fill_mode, self.cval, self.interpolation_order = fill_mode, cval, interpolation_order
        self.rotation_range = rotation_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.shear_range = shear_range
        self.zoom_range = _zoom(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.brightness_range = None
        if brightness_range is not None:
            self.brightness_range = two_numbers(brightness_range, "brightness_range", _NAME)

    def get_random_transform(self, img_shape: Sequence[int], seed: int | None = None) -> dict[str, Any]:
        """Draw the parameters of a change.

        Parameters
        ----------
        img_shape : tuple of int
            The image's shape.
        seed : int, optional
            Seeds NumPy's global generator first.

        Returns
        -------
        dict
            For `apply_transform`. With the same state of NumPy's global generator it is Keras'.

        Examples
        --------
        >>> from convoscope.preprocessing.generator import ImageDataGenerator
        >>> drawn = ImageDataGenerator(rotation_range=40).get_random_transform((28, 28, 1), seed=1)
        >>> round(drawn["theta"], 3), drawn["zx"]
        (-6.638, 1)
        """
        if seed is not None:
            np.random.seed(seed)
        theta = _up_to(self.rotation_range)
        tx = _shift(self.height_shift_range, img_shape[self.row_axis - 1])
        ty = _shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = _up_to(self.shear_range)
        least, most = self.zoom_range
        zx, zy = (1, 1) if least == most == 1 else np.random.uniform(least, most, 2)
        flips = [np.random.random() < 0.5, np.random.random() < 0.5]
        return {
            "theta": theta,
            "tx": tx,
            "ty": ty,
            "shear": shear,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": bool(flips[0] and self.horizontal_flip),
            "flip_vertical": bool(flips[1] and self.vertical_flip),
            "channel_shift_intensity": _up_to(self.channel_shift_range) if self.channel_shift_range else None,
            "brightness": None if self.brightness_range is None else np.random.uniform(*self.brightness_range),
        }

    def apply_transform(self, x: Array, transform_parameters: Mapping[str, Any]) -> Array:
        """Change one image in a way that is given.

        Parameters
        ----------
        x : array of three axes
            The image.
        transform_parameters : dict
            What `get_random_transform` returns, or a part of it: ``theta`` and ``shear`` in degrees, the shifts
            ``tx`` (left) and ``ty`` (up) in pixels, the zooms ``zx`` and ``zy``, ``flip_horizontal``,
            ``flip_vertical``, ``channel_shift_intensity``, ``brightness``. What is left out is not done.

        Returns
        -------
        array of the same shape
            The image itself, where nothing is to be done.

        Examples
        --------
        >>> from convoscope.preprocessing.generator import ImageDataGenerator
        >>> ImageDataGenerator().apply_transform(np.array([[[1.0], [2.0]]]), {"flip_horizontal": True})[..., 0]
        array([[2., 1.]])
        """
        axes = {"row_axis": self.row_axis - 1, "col_axis": self.col_axis - 1, "channel_axis": self.channel_axis - 1}
        affine = {name: transform_parameters[name] for name in _AFFINE if name in transform_parameters}
        x = apply_affine_transform(
            x, **affine, **axes, fill_mode=self.fill_mode, cval=self.cval, order=self.interpolation_order
        )
        if (intensity := transform_parameters.get("channel_shift_intensity")) is not None:
            x = apply_channel_shift(x, intensity, axes["channel_axis"])
        if transform_parameters.get("flip_horizontal", False):
            x = flip_axis(x, axes["col_axis"])
        if transform_parameters.get("flip_vertical", False):
            x = flip_axis(x, axes["row_axis"])
        if (brightness := transform_parameters.get("brightness")) is not None:
            last = np.moveaxis(x, axes["channel_axis"], -1)
            x = np.moveaxis(apply_brightness_shift(last, brightness, scale=False), -1, axes["channel_axis"])
        return x

    def random_transform(self, x: Array, seed: int | None = None) -> Array:
        """Change one image of three axes at random, with the global generator seeded before if `seed` is given."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))


_AFFINE = ("theta", "tx", "ty", "shear", "zx", "zy")


def _up_to(largest: float) -> float:
    """Draw a number of either sign; where nothing is to be done, nothing is drawn."""
    return float(np.random.uniform(-largest, largest)) if largest else 0


def _shift(given: Any, length: int) -> float:
    """Draw a shift in pixels, as `width_shift_range` and `height_shift_range` say it."""
    if not (len(given) if np.ndim(given) else given):
        return 0
    try:
        shift = np.random.choice(given) * np.random.choice([-1, 1])
    except ValueError:  # a share, or a number of pixels with a fraction
        shift = np.random.uniform(-given, given)
    return float(shift * length if np.max(given) < 1 else shift)


def _zoom(given: float | Sequence[float]) -> list[float]:
    if np.ndim(given):
        return list(two_numbers(given, "zoom_range", _NAME))
    change = real(given, "zoom_range", _NAME)
    return [1 - change, 1 + change]
