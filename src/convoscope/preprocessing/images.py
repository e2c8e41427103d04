"""Image files as Pillow's images, those as arrays, and back: Keras' four functions."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from convoscope.checks import pair
from convoscope.datasets.folder.opening import LARGEST, opened, opened_bytes
from convoscope.errors import ConfigurationError, ConvoscopeWarning, DataError, ShapeError, unknown_name
from convoscope.paths import user_path
from convoscope.storage import write_atomically

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_FORMATS = ("channels_last", "channels_first")
#: The modes of Pillow's that are taken as they are, and the one that others are brought to.
_COLOR_MODES = {"grayscale": ("L", "I;16", "I"), "rgb": ("RGB",), "rgba": ("RGBA",)}
INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "hamming": Image.Resampling.HAMMING,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}


def load_img(
    path: str | bytes | os.PathLike[str] | io.BytesIO,
    color_mode: str = "rgb",
    target_size: Sequence[int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image.Image:
    """Read an image file as a Pillow image.

    As in Keras, a photo is not rotated as its EXIF orientation says; `convoscope.datasets.from_folder` does rotate it.

    Parameters
    ----------
    path : path or io.BytesIO
        The file, or its bytes.
    color_mode : {"rgb", "rgba", "grayscale"}
        The mode that the image is converted to. With "grayscale", a grey image of 16 or 32 bits keeps its depth.
    target_size : (height, width), optional
        The size that it is resized to.
    interpolation : {"nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"}
        Pillow's filter for resizing.
    keep_aspect_ratio : bool
        Crop the centre to the new aspect ratio, so that nothing is distorted.

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    MissingFileError
        If there is no such file.
    FileFormatError
        If it is not an image, is damaged, or has more than 178,956,970 pixels.
    ConfigurationError
        If an argument has an invalid value.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_img(f"{folder}/grey.png", np.zeros((4, 6, 1)))
    ...     img_to_array(load_img(f"{folder}/grey.png", target_size=(2, 3))).shape
    (2, 3, 3)
    """
    if color_mode not in _COLOR_MODES:
        raise unknown_name("color_mode", color_mode, _COLOR_MODES)
    size = None if target_size is None else pair(target_size, "target_size", "load_img")
    if interpolation not in INTERPOLATIONS:
        raise unknown_name("interpolation", interpolation, INTERPOLATIONS)
    with _opened(path) as image:
        image.load()
        found: Image.Image = image
        if image.mode not in _COLOR_MODES[color_mode]:
            found = image.convert(_COLOR_MODES[color_mode][0])
        if size is None or found.size == size[::-1]:
            return found.copy()
        box = _middle(found.size, size) if keep_aspect_ratio else None
        return found.resize(size[::-1], INTERPOLATIONS[interpolation], box=box)


def img_to_array(img: Any, data_format: str | None = None, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """Turn a Pillow image into an array (height, width, channels), even if it is grey.

    Parameters
    ----------
    img : PIL.Image.Image or array
        An image, or an array of two or three axes.
    data_format : {"channels_last", "channels_first"}, optional
        "channels_first" gives (channels, height, width), which no layer here takes.
    dtype : dtype, optional
        float32 if left out.

    Examples
    --------
    >>> img_to_array(Image.new("L", (3, 2), 7)).shape
    (2, 3, 1)
    """
    first = is_channels_first(data_format)
    array = np.asarray(img, dtype=np.float32 if dtype is None else dtype)
    if array.ndim not in (2, 3):
        raise ShapeError(f"img_to_array takes an image of two or three axes, but this one has the shape {array.shape}.")
    if array.ndim == 2:
        return array[None] if first else array[..., None]
    return array.transpose(2, 0, 1) if first else array


def array_to_img(
    x: npt.ArrayLike, data_format: str | None = None, scale: bool = True, dtype: npt.DTypeLike | None = None
) -> Image.Image:
    """Turn an array into a Pillow image.

    Parameters
    ----------
    x : array (height, width, channels)
        1 channel for grey, 3 for colour, 4 with transparency.
    data_format : {"channels_last", "channels_first"}, optional
        "channels_first" if `x` is (channels, height, width).
    scale : bool
        Stretch the values so that the smallest becomes 0 and the largest 255. Otherwise they must be from 0 to 255.
    dtype : dtype, optional
        The type to compute with; float32 if left out.

    Raises
    ------
    ShapeError
        If the array is not that of one image.
    DataError
        If a value is not a number, or not from 0 to 255 with ``scale=False``.

    Examples
    --------
    >>> array_to_img([[[0.0], [0.5], [1.0]]]).tobytes()
    b'\\x00\\x7f\\xff'
    """
    values = np.asarray(x, dtype=np.float32 if dtype is None else dtype)
    if values.ndim == 3 and is_channels_first(data_format):
        values = values.transpose(1, 2, 0)
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4) or not values.size:
        raise ShapeError(
            "array_to_img takes one image, (height, width, channels) with 1, 3 or 4 channels, but got an array of "
            f"shape {np.shape(x)}. Take one image out of a batch with x[0]; a greyscale image needs a last axis: "
            "x[..., None]."
        )
    if not np.isfinite(values).all():
        raise DataError("array_to_img got NaN or infinite values, which pixels cannot have.")
    if scale:
        values = values - values.min()
        if (most := values.max()) != 0:
            values = values / most
        values = values * 255
    grey = values.shape[2] == 1
    if grey and values.max() > 255:
        return Image.fromarray(values[:, :, 0].astype(np.int32))
    if values.min() <= -1 or values.max() >= 256:
        raise DataError(
            f"array_to_img with scale=False takes values from 0 to 255, but got {values.min():g} to {values.max():g}. "
            "Use scale=True to rescale them, or clip them first: np.clip(x, 0, 255)."
        )
    pixels = values.astype(np.int16).astype(np.uint8)
    return Image.fromarray(pixels[:, :, 0] if grey else pixels)


def save_img(
    path: str | os.PathLike[str] | io.BufferedIOBase,
    x: npt.ArrayLike,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **options: Any,
) -> None:
    """Write an array as an image file. The file is written completely or not at all.

    Parameters
    ----------
    path : path or binary file object
        The ending determines the format.
    x, data_format, scale
        See `array_to_img`.
    file_format : str, optional
        ``"png"``, ``"jpeg"`` ..., if the ending does not determine it.
    **options
        Pillow's options for that format: ``quality=90``.

    Raises
    ------
    ConfigurationError
        If no format is given, or Pillow cannot write it.
    StorageError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_img(f"{folder}/grey.png", np.array([[[0.0], [51.0], [255.0]]]))
    ...     img_to_array(load_img(f"{folder}/grey.png", color_mode="grayscale"))[0, :, 0].tolist()
    [0.0, 51.0, 255.0]
    """
    image = array_to_img(x, data_format, scale)
    target = user_path(path) if isinstance(path, (str, os.PathLike)) else None
    form = _pillow_format(file_format, target)
    if form == "JPEG" and image.mode == "RGBA":
        warnings.warn("JPEG has no transparency: the image is saved without it.", ConvoscopeWarning, stacklevel=2)
        image = image.convert("RGB")
    content = io.BytesIO()
    image.save(content, format=form, **options)
    if target is None:
        path.write(content.getvalue())  # type: ignore[union-attr]
    else:
        write_atomically(target, [content.getvalue()])


def is_channels_first(data_format: str | None) -> bool:
    """Check `data_format`, and say whether it is "channels_first"; None stands for "channels_last"."""
    if data_format is not None and data_format not in _FORMATS:
        raise unknown_name("data_format", data_format, _FORMATS)
    return data_format == "channels_first"


@contextmanager
def _opened(path: str | bytes | os.PathLike[str] | io.BytesIO) -> Iterator[ImageFile]:
    source: AbstractContextManager[ImageFile]
    if isinstance(path, io.BytesIO):
        source = opened_bytes(path.getvalue(), Path("the image in memory"), LARGEST)
    elif isinstance(path, (str, bytes, os.PathLike)):
        source = opened(user_path(os.fsdecode(path)), LARGEST)
    else:
        raise ConfigurationError(
            f"load_img takes the path of an image or an io.BytesIO with its bytes, but got {type(path).__name__}."
        )
    with source as image:
        yield image


def _middle(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the largest part, in the middle, with the target's aspect ratio: left, top, right, bottom."""
    (width, height), (tall, wide) = size, target
    rows, columns = min(height, width * tall // wide), min(width, height * wide // tall)
    left, top = (width - columns) // 2, (height - rows) // 2
    return left, top, left + columns, top + rows


def _pillow_format(file_format: str | None, path: Path | None) -> str:
    """Return Pillow's name of a format, which is given or which a file's ending stands for."""
    given = path.suffix if file_format is None and path is not None else f".{file_format or ''}"
    known = Image.registered_extensions()
    form = known.get(given.lower(), given[1:].upper())
    if form not in Image.SAVE:
        raise ConfigurationError(
            f"save_img does not know the image format {given!r}. Give a path that ends in .png or .jpg, or name the "
            f"format: file_format='png'."
        )
    return form
