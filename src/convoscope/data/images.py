"""Image files as arrays of one size, as Keras' loaders read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convoscope.data.resampling import resized
from convoscope.datasets.folder.opening import opened

CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
#: What Pillow calls images of so many channels.
_MODES = {3: "RGB", 4: "RGBA"}
#: Red's and green's shares of grey as libpng weighs them, of 2¹⁵; blue has the rest.
_RED, _GREEN, _WHOLE = 9797, 19234, 1 << 15


@dataclass(frozen=True)
class ImageForm:
    """What image files are brought to.

    Parameters
    ----------
    height, width : int
    channels : {1, 3, 4}
        Grey, red, green and blue, or these and opacity.
    interpolation : str
        See `convoscope.data.resampling.resized`.
    crop, pad : bool
        Whether the aspect ratio is kept: by cutting off what is too much, or by black edges.
    channels_first : bool
    """

    height: int
    width: int
    channels: int = 3
    interpolation: str = "bilinear"
    crop: bool = False
    pad: bool = False
    channels_first: bool = False

    def read(self, path: str) -> Any:
        """Return an image file as an array: float32, from 0 to 255.

        Raises
        ------
        MissingFileError, FileFormatError
            If there is no such file, or no image in it; the message names it.
        """
        image = pixels(Path(path), self.channels)
        image = self._padded(image) if self.pad else self._resized(self._cropped(image) if self.crop else image)
        return image.transpose(2, 0, 1) if self.channels_first else image

    def _resized(self, image: Any) -> Any:
        return resized(image, self.height, self.width, self.interpolation)

    def _cropped(self, image: Any) -> Any:
        """Return the largest part around the middle that has the aspect ratio which is wanted."""
        height, width = image.shape[:2]
        # As Keras computes it, in single precision.
        rows = max(min(height, int(np.float32(width * self.height) / np.float32(self.width))), 1)
        columns = max(min(width, int(np.float32(height * self.width) / np.float32(self.height))), 1)
        top, left = int(np.float32(height - rows) / 2), int(np.float32(width - columns) / 2)
        return image[top : top + rows, left : left + columns]

    def _padded(self, image: Any) -> Any:
        """Return the whole image in the middle of a black one."""
        height, width = image.shape[:2]
        ratio = max(width / self.width, height / self.height)
        rows, columns = height / ratio, width / ratio
        inner = resized(image, int(rows), int(columns), self.interpolation)
        top, left = max(0, int((self.height - rows) / 2)), max(0, int((self.width - columns) / 2))
        whole = np.zeros((self.height, self.width, self.channels), inner.dtype)
        whole[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
        return whole


def pixels(path: Path, channels: int) -> Any:
    """Return an image file as TensorFlow decodes it: (height, width, channels) of uint8, its orientation left alone."""
    with opened(path) as file:
        if file.mode in ("I;16", "I;16B", "I;16L", "I"):  # of 16 bits the upper 8
            return np.repeat((np.asarray(file)[..., None] >> 8).astype(np.uint8), channels, axis=2)
        if channels == 1:
            if file.format == "JPEG":
                file.draft("L", None)  # decodes brightness alone
            if file.mode in ("1", "L", "LA"):
                return np.asarray(file.convert("L"))[..., None]
            colours = np.asarray(file.convert("RGB")).astype(np.int32)
            shares = np.array([_RED, _GREEN, _WHOLE - _RED - _GREEN], np.int32)
            return ((colours @ shares) >> 15).astype(np.uint8)[..., None]
        return np.asarray(file.convert(_MODES[channels]))
