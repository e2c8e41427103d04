"""``tf.image``: what lessons do to images before training.

Images are arrays (H, W, C) or batches (N, H, W, C); what comes out is float32 where values are mixed, and of the type
that came in where they only move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoscope import layers
from convoscope.errors import ConfigurationError, DataError
from convoscope.keras.arrays.eager import eager
from convoscope.layers.symbols import Symbol

__all__ = [
    "ResizeMethod",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_saturation",
    "central_crop",
    "convert_image_dtype",
    "crop_to_bounding_box",
    "flip_left_right",
    "flip_up_down",
    "grayscale_to_rgb",
    "per_image_standardization",
    "random_brightness",
    "random_contrast",
    "random_crop",
    "random_flip_left_right",
    "random_flip_up_down",
    "resize",
    "resize_with_crop_or_pad",
    "rgb_to_grayscale",
    "rot90",
    "stateless_random_brightness",
    "stateless_random_contrast",
    "stateless_random_crop",
    "stateless_random_flip_left_right",
    "stateless_random_flip_up_down",
]

_LUMA = np.array([0.2989, 0.587, 0.114], np.float32)  # TensorFlow's shares of red, green and blue


class ResizeMethod:
    """The names of ``method`` in `resize`."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"


def _batch(image: Any) -> tuple[Any, bool]:
    """Return images as a batch, and whether it was one image."""
    array = np.asarray(image)
    if array.ndim not in (3, 4):
        raise DataError(
            f"An image has the shape (height, width, channels), or (N, ...) for a batch, not {array.shape}."
        )
    return (array[None], True) if array.ndim == 3 else (array, False)


def _resize_symbol(images: Symbol, size: Sequence[int], method: str = "bilinear", **_: Any) -> Symbol:
    resized: Symbol = layers.Resizing(int(size[0]), int(size[1]), interpolation=method)(images)
    return resized


@eager(_resize_symbol)
def resize(
    images: Any,
    size: Sequence[int],
    method: str = "bilinear",
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: str | None = None,
) -> Any:
    """Return the images at another size (height, width): float32, or as they came for ``method="nearest"``."""
    if preserve_aspect_ratio or antialias:
        raise ConfigurationError(
            "tf.image.resize takes neither preserve_aspect_ratio nor antialias here. Pillow's resize smooths, and "
            "layers.Resizing(height, width, crop_to_aspect_ratio=True) keeps the aspect ratio."
        )
    batch, alone = _batch(images)
    height, width = (int(n) for n in size)
    layer = layers.Resizing(height, width, interpolation=str(method))
    resized = np.asarray(layer(batch.astype(np.float32)))
    resized = resized.astype(batch.dtype) if method == "nearest" else resized
    return resized[0] if alone else resized


@eager()
def flip_left_right(image: Any) -> Any:
    """Return the images mirrored."""
    return np.asarray(image)[..., ::-1, :]


@eager()
def flip_up_down(image: Any) -> Any:
    """Return the images upside down."""
    return np.asarray(image)[..., ::-1, :, :]


@eager()
def rot90(image: Any, k: int = 1) -> Any:
    """Return the images turned counter-clockwise by `k` right angles."""
    return np.rot90(np.asarray(image), k, (-3, -2))


@eager()
def rgb_to_grayscale(images: Any) -> Any:
    """Return the weighted mean of red, green and blue, (..., 1)."""
    values, back = _scaled(np.asarray(images))
    return back((values @ _LUMA)[..., None])


@eager()
def grayscale_to_rgb(images: Any) -> Any:
    """Return grey images with three equal channels."""
    return np.repeat(np.asarray(images), 3, axis=-1)


def _scaled(array: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return values from 0 to 1, and how to bring them back to the type that came."""
    kind = array.dtype
    if kind.kind not in "iu":
        return array.astype(np.float32), lambda values: values
    top = float(np.iinfo(kind).max)
    return array.astype(np.float32) / np.float32(top), lambda values: np.clip(values * (top + 0.5), 0, top).astype(kind)


@eager()
def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False) -> Any:
    """Return an image as another type: whole numbers use their full range, floating-point ones 0 to 1."""
    array, kind = np.asarray(image), np.dtype(dtype)
    if array.dtype == kind:
        return array
    values = _scaled(array)[0]
    if kind.kind not in "iu":
        return values.astype(kind)
    top = float(np.iinfo(kind).max)
    return np.clip(values * (top + 0.5), 0, top).astype(kind)


@eager()
def adjust_brightness(image: Any, delta: float) -> Any:
    """Return the image with `delta` added, where white is 1."""
    values, back = _scaled(np.asarray(image))
    return back(values + np.float32(delta))


@eager()
def adjust_contrast(images: Any, contrast_factor: float) -> Any:
    """Return each channel's distance from its mean times a factor."""
    values, back = _scaled(np.asarray(images))
    mean = values.mean(axis=(-3, -2), keepdims=True)
    return back((values - mean) * np.float32(contrast_factor) + mean)


@eager()
def adjust_saturation(image: Any, saturation_factor: float) -> Any:
    """Return the image with the saturation of each pixel (of hue, saturation, value) times a factor, at most 1."""
    values, back = _scaled(np.asarray(image))
    top, bottom = values.max(-1, keepdims=True), values.min(-1, keepdims=True)
    saturation = np.divide(top - bottom, top, out=np.zeros_like(top), where=top > 0)
    wanted = np.clip(saturation * np.float32(saturation_factor), 0, 1)
    ratio = np.divide(wanted, saturation, out=np.zeros_like(top), where=saturation > 0)
    return back(top - (top - values) * ratio)


@eager()
def per_image_standardization(image: Any) -> Any:
    """Return each image with mean 0 and variance 1 (or divided by 1/√n, if that is more)."""
    values = np.asarray(image).astype(np.float32)
    count = np.prod(values.shape[-3:])
    deviation = np.maximum(values.std(axis=(-3, -2, -1), keepdims=True), 1 / np.sqrt(count))
    return ((values - values.mean(axis=(-3, -2, -1), keepdims=True)) / deviation).astype(np.float32)


@eager()
def central_crop(image: Any, central_fraction: float) -> Any:
    """Return the middle of the images, that share of each side."""
    array = np.asarray(image)
    if not 0 < central_fraction <= 1:
        raise ConfigurationError(f"central_fraction must be above 0 and at most 1, but is {central_fraction!r}.")
    edges = [int((n - n * central_fraction) / 2) for n in array.shape[-3:-1]]
    (height, width), (top, left) = array.shape[-3:-1], edges
    return array[..., top : height - top, left : width - left, :]


@eager()
def crop_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """Return a part of the images."""
    bottom, right = offset_height + target_height, offset_width + target_width
    return np.asarray(image)[..., offset_height:bottom, offset_width:right, :]


@eager()
def resize_with_crop_or_pad(image: Any, target_height: int, target_width: int) -> Any:
    """Return the images cut or padded with zeros around their middle, to that size."""
    result = np.asarray(image)
    for axis, target in ((-3, int(target_height)), (-2, int(target_width))):
        length = result.shape[axis]
        if length > target:
            start = (length - target) // 2
            result = np.take(result, range(start, start + target), axis)
        elif length < target:
            before = (target - length) // 2
            border = [(0, 0)] * result.ndim
            border[axis] = (before, target - length - before)
            result = np.pad(result, border)
    return result


# ---- random ones: a fresh draw at each call, or the same one for the same seed


def _draw(seed: Any) -> np.random.Generator:
    from convoscope.seeds import next_seed

    return np.random.default_rng(
        next_seed() if seed is None else np.asarray(seed).astype(np.int64).ravel() & 0xFFFFFFFF
    )


def random_flip_left_right(image: Any, seed: Any = None) -> Any:
    """Return the image mirrored, or not."""
    return flip_left_right(image) if _draw(seed).random() < 0.5 else convert_image_dtype(image, np.asarray(image).dtype)


def random_flip_up_down(image: Any, seed: Any = None) -> Any:
    """Return the image upside down, or not."""
    return flip_up_down(image) if _draw(seed).random() < 0.5 else convert_image_dtype(image, np.asarray(image).dtype)


def random_brightness(image: Any, max_delta: float, seed: Any = None) -> Any:
    """Return the image brighter or darker by at most `max_delta`."""
    return adjust_brightness(image, _draw(seed).uniform(-max_delta, max_delta))


def random_contrast(image: Any, lower: float, upper: float, seed: Any = None) -> Any:
    """Return the image with a contrast factor between two bounds."""
    return adjust_contrast(image, _draw(seed).uniform(lower, upper))


@eager()
def random_crop(value: Any, size: Sequence[int], seed: Any = None) -> Any:
    """Return a part of that size, from anywhere in the array."""
    array, generator = np.asarray(value), _draw(seed)
    wanted = [length if n == -1 else int(n) for n, length in zip(size, array.shape, strict=True)]
    if any(n > length for n, length in zip(wanted, array.shape, strict=True)):
        raise DataError(f"random_crop: a part of {tuple(size)} does not fit into {array.shape}.")
    starts = [int(generator.integers(0, length - n + 1)) for n, length in zip(wanted, array.shape, strict=True)]
    return array[tuple(slice(start, start + n) for start, n in zip(starts, wanted, strict=True))]


stateless_random_brightness = random_brightness
stateless_random_contrast = random_contrast
stateless_random_crop = random_crop
stateless_random_flip_left_right = random_flip_left_right
stateless_random_flip_up_down = random_flip_up_down
