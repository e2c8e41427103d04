"""Images brought to another size: Resizing, CenterCrop, RandomCrop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.checks import equal, flag, integer, real, size
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers import geometry
from convoscope.layers.base import Layer
from convoscope.types import Pair, Shape

_INTERPOLATIONS = ("bilinear", "nearest")


def cropped_to_aspect(shape: Sequence[int], target: Pair) -> tuple[Pair, Pair]:
    """Return the largest part, in the middle, with the target's aspect ratio: first pixel and length on each axis."""
    (height, width), (tall, wide) = shape[:2], target
    rows = max(min(height, width * tall // wide), 1)
    columns = max(min(width, height * wide // tall), 1)
    return ((height - rows) // 2, rows), ((width - columns) // 2, columns)


def padded_to_aspect(shape: Sequence[int], target: Pair) -> tuple[Pair, Pair]:
    """Return the smallest frame around the image with the target's aspect ratio; it begins at a negative pixel."""
    (height, width), (tall, wide) = shape[:2], target
    above = (max(height, width * tall // wide) - height) // 2
    before = (max(width, height * wide // tall) - width) // 2
    return (-above, height + 2 * above), (-before, width + 2 * before)


def framed(shape: Sequence[int], part: tuple[Pair, Pair]) -> tuple[tuple[Pair, Pair], tuple[Pair, Pair]]:
    """Return the pixels to put around an image so that a part lies within it, and that part of the larger image.

    Examples
    --------
    >>> framed((4, 6, 1), ((-1, 6), (2, 3)))
    (((1, 1), (0, 0)), ((0, 6), (2, 3)))
    """
    (top, height), (left, width) = part
    rows = max(-top, 0), max(top + height - shape[0], 0)
    columns = max(-left, 0), max(left + width - shape[1], 0)
    return (rows, columns), ((top + rows[0], height), (left + columns[0], width))


def nearest_pixels(length: int, made: int) -> list[int]:
    """Return the pixels in whose squares the middles of so many new ones lie, in one direction.

    Examples
    --------
    >>> nearest_pixels(6, 4)
    [0, 2, 3, 5]
    """
    return [(2 * place + 1) * length // (2 * made) for place in range(made)]


class Sized(Layer):
    """What the three have in common: images of any size go in, and come out as `height` × `width`."""

    def __init__(self, height: int, width: int, data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format=data_format, **options)
        self.height = size(height, "height", type(self).__name__)
        self.width = size(width, "width", type(self).__name__)

    def infer_shape(self, input_shape: Shape) -> Shape:
        channels = geometry.image_shape(input_shape, self.describe())[2]
        return self.height, self.width, channels

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "height": self.height, "width": self.width}


class Resizing(Sized):
    """Make images larger or smaller.

    Parameters
    ----------
    height, width : int
        The size of the output.
    interpolation : {"bilinear", "nearest"}
        Between pixels: a mean of four, weighted by their nearness, or the nearest one.
    crop_to_aspect_ratio : bool
        Crop the image's centre to the new aspect ratio, so that nothing is distorted.
    pad_to_aspect_ratio : bool
        Put `fill_value` around the image instead, so that all of it is kept.
    fill_mode : {"constant"}
    fill_value : float
        What is put around the image.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Pixels are squares, as in TensorFlow 2. A much smaller image uses only a few pixels of the large one (`antialias` is
    not supported): make it smaller in steps, or with `AveragePooling2D`.

    Examples
    --------
    >>> Resizing(32, 48).compute_output_shape((None, 28, 28, 1))
    (None, 32, 48, 1)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(height, width, data_format, **options)
        self.interpolation = str(interpolation).lower()
        self.crop_to_aspect_ratio = flag(crop_to_aspect_ratio, "crop_to_aspect_ratio", "Resizing")
        self.pad_to_aspect_ratio = flag(pad_to_aspect_ratio, "pad_to_aspect_ratio", "Resizing")
        self.fill_value = real(fill_value, "fill_value", "Resizing")
        if self.interpolation not in _INTERPOLATIONS:
            raise unknown_name("interpolation of Resizing", interpolation, _INTERPOLATIONS)
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ConfigurationError("Resizing: choose crop_to_aspect_ratio or pad_to_aspect_ratio, not both.")
        if not equal(fill_mode, "constant"):
            raise ConfigurationError(f'Resizing: fill_mode must be "constant", as in Keras, but is {fill_mode!r}.')
        if not equal(antialias, False):
            raise ConfigurationError(
                "Resizing: antialias=True is not supported. Put an AveragePooling2D before it, which also smooths, or "
                "resize the images before training (Pillow's resize smooths)."
            )

    def part(self, input_shape: Shape) -> tuple[Pair, Pair]:
        """Return which part of the image is resized: the first pixel and the length on each axis.

        Examples
        --------
        >>> Resizing(4, 4, crop_to_aspect_ratio=True).part((8, 12, 3))  # all rows, and the middle 8 of 12 columns
        ((0, 8), (2, 8))
        """
        target = (self.height, self.width)
        if self.crop_to_aspect_ratio:
            return cropped_to_aspect(input_shape, target)
        if self.pad_to_aspect_ratio:
            return padded_to_aspect(input_shape, target)
        return (0, input_shape[0]), (0, input_shape[1])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio,
            "pad_to_aspect_ratio": self.pad_to_aspect_ratio,
            "fill_value": self.fill_value,
        }


class CenterCrop(Sized):
    """Crop the centre of images; a smaller image is cropped to the aspect ratio and enlarged.

    Parameters
    ----------
    height, width : int
        The size of the output.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> CenterCrop(24, 24).compute_output_shape((None, 28, 28, 3))
    (None, 24, 24, 3)
    """

    def part(self, input_shape: Shape) -> tuple[Pair, Pair]:
        """Return what of the image is kept: the first pixel and the length on each axis."""
        down, right = input_shape[0] - self.height, input_shape[1] - self.width
        if down < 0 or right < 0:
            return cropped_to_aspect(input_shape, (self.height, self.width))
        return (down // 2, self.height), (right // 2, self.width)


class RandomCrop(Sized):
    """In training, crop each image at a random position.

    In prediction, and for smaller images, the centre is cropped to the aspect ratio and resized.

    Parameters
    ----------
    height, width : int
        The size of the output.
    seed : int, optional
        Used instead of the model's seed.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Each image has its own position; Keras draws one for the whole batch.

    Examples
    --------
    >>> RandomCrop(24, 24).compute_output_shape((None, 28, 28, 3))
    (None, 24, 24, 3)
    """

    differs_in_training = True
    varies_images = True

    def __init__(
        self, height: int, width: int, seed: int | None = None, data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(height, width, data_format, **options)
        self.seed = None if seed is None else integer(seed, "seed", "RandomCrop", minimum=0)

    def part(self, input_shape: Shape) -> tuple[Pair, Pair]:
        """Return what of the image is brought to size in prediction: the first pixel and the length on each axis."""
        return cropped_to_aspect(input_shape, (self.height, self.width))

    def fits(self, input_shape: Shape) -> bool:
        """Whether images of that shape are large enough to be cut."""
        return input_shape[0] >= self.height and input_shape[1] >= self.width

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}
