"""Keras' ``preprocessing.image``: reading, writing and changing images, and `ImageDataGenerator`."""

from convoscope.preprocessing.affine import apply_affine_transform
from convoscope.preprocessing.file_iterators import DataFrameIterator, DirectoryIterator
from convoscope.preprocessing.generator import ImageDataGenerator
from convoscope.preprocessing.images import array_to_img, img_to_array, load_img, save_img
from convoscope.preprocessing.iterators import Iterator, NumpyArrayIterator
from convoscope.preprocessing.smart_resizing import smart_resize
from convoscope.preprocessing.transforms import (
    apply_brightness_shift,
    apply_channel_shift,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "img_to_array",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
    "smart_resize",
]
