"""``tf.io``: reading and writing files and images."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from convoscope.errors import DataError, MissingFileError
from convoscope.tensors import Tensor, tensor

__all__ = [
    "decode_bmp",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "encode_jpeg",
    "encode_png",
    "gfile",
    "read_file",
    "write_file",
]

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def _name(path: Any) -> str:
    name = path.numpy() if hasattr(path, "numpy") else path
    return os.fsdecode(name)


def read_file(filename: Any) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    MissingFileError
        If there is no such file.
    """
    path = Path(_name(filename))
    if not path.is_file():
        raise MissingFileError(f"There is no file {str(path)!r}.")
    return path.read_bytes()


def write_file(filename: Any, contents: bytes) -> None:
    """Write bytes to a file."""
    Path(_name(filename)).write_bytes(bytes(contents))


def decode_image(contents: Any, channels: int = 0, dtype: Any = np.uint8, expand_animations: bool = True) -> Tensor:
    """Return the pixels of a JPEG, PNG, GIF or BMP file, (height, width, channels), as uint8 or as 0 to 1.

    Parameters
    ----------
    contents : bytes
        What `read_file` returned.
    channels : {0, 1, 3, 4}
        Grey, RGB or RGBA; 0 for what the file has.

    Raises
    ------
    DataError
        If it is no image, or is damaged.
    """
    data = contents.numpy() if hasattr(contents, "numpy") else contents
    try:
        with Image.open(io.BytesIO(bytes(data))) as image:
            wanted = _MODES.get(int(channels)) or (image.mode if image.mode in _MODES.values() else "RGB")
            pixels = np.asarray(image.convert(wanted))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"decode_image: these bytes are not a readable image ({error}).") from None
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if np.dtype(dtype).kind == "f":
        return tensor(pixels.astype(np.float32) / np.float32(255), dtype)
    return tensor(pixels, dtype)


decode_jpeg = decode_png = decode_bmp = decode_gif = decode_image


def _encoded(image: Any, kind: str, **options: Any) -> bytes:
    pixels = np.asarray(image)
    file = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[-1] == 1 else pixels).save(file, kind, **options)
    return file.getvalue()


def encode_jpeg(image: Any, format: str = "", quality: int = 95) -> bytes:
    """Return a uint8 image (height, width, 1 or 3) as the bytes of a JPEG file."""
    return _encoded(image, "JPEG", quality=quality)


def encode_png(image: Any, compression: int = -1) -> bytes:
    """Return a uint8 image (height, width, channels) as the bytes of a PNG file."""
    return _encoded(image, "PNG")


class gfile:  # noqa: N801 - TensorFlow's name
    """``tf.io.gfile``: files and folders, on this machine only."""

    @staticmethod
    def exists(path: Any) -> bool:
        """Return whether there is such a file or folder."""
        return os.path.exists(_name(path))

    @staticmethod
    def isdir(path: Any) -> bool:
        """Return whether it is a folder."""
        return os.path.isdir(_name(path))

    @staticmethod
    def listdir(path: Any) -> list[str]:
        """Return the names in a folder."""
        return sorted(os.listdir(_name(path)))

    @staticmethod
    def glob(pattern: Any) -> list[str]:
        """Return the paths that fit a pattern."""
        import glob

        return sorted(glob.glob(_name(pattern)))

    @staticmethod
    def makedirs(path: Any) -> None:
        """Make a folder and those above it."""
        os.makedirs(_name(path), exist_ok=True)

    GFile = open
