"""Decoded images of any mode become 8 bits, grey or in colour, in little memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

    from convoscope.datasets.images.fitting import Fit

#: From so many pixels on an image is converted in tiles, and made smaller meanwhile.
LARGE = 1 << 22
_TILE_SIDE, _TILE_PIXELS = 1 << 11, 1 << 21

#: What people call Pillow's modes.
MODES = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey with alpha",
    "P": "palette",
    "RGB": "colour",
    "RGBA": "colour with alpha",
    "CMYK": "CMYK",
    "I;16": "16-bit grey",
    "I;16B": "16-bit grey",
    "I": "32-bit grey",
    "F": "float grey",
}


def to_colours(
    image: Image, channels: int, background: int, notes: list[str], path: Path, fit: Fit | None = None
) -> Image:
    """Bring an image to 8 bits, without transparency, grey or in colour.

    Parameters
    ----------
    image : Image
    channels : {1, 3}
    background : int
        0 to 255: what is put behind transparent parts.
    notes : list of str
        What was done is added to them.
    path : Path
        To be named in errors.
    fit : Fit, optional
        How it is then scaled to a size. Of an image of more than 4 million pixels that has much more than are needed,
        8 times as many are left: blocks of pixels become their mean, after they were converted.

    Notes
    -----
    A large image is converted in tiles, so that it takes no more memory than the image itself and the result.
    """
    import PIL.Image

    levels = _levels(image, path) if image.mode.startswith(("I", "F")) else None
    if levels is not None and levels.note:
        notes.append(levels.note)
    if image.width * image.height <= LARGE:
        return _convert(image, channels, background, notes, levels)
    steps = (1, 1) if fit is None else fit.blocks(image.size)
    size = math.ceil(image.width / steps[0]), math.ceil(image.height / steps[1])
    result = PIL.Image.new("L" if channels == 1 else "RGB", size)
    said: dict[str, None] = {}
    for box in _tiles(image.size, steps):
        of_tile: list[str] = []
        tile = _convert(image.crop(box), channels, background, of_tile, levels)
        result.paste(tile.reduce(steps) if steps != (1, 1) else tile, (box[0] // steps[0], box[1] // steps[1]))
        said.update(dict.fromkeys(of_tile))
    notes.extend(said)
    return result


def _tiles(size: tuple[int, int], steps: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Cut an image into boxes of whole blocks."""
    width = steps[0] * max(1, _TILE_SIDE // steps[0])
    height = steps[1] * max(1, _TILE_PIXELS // width // steps[1])
    for top in range(0, size[1], height):
        for left in range(0, size[0], width):
            yield left, top, min(left + width, size[0]), min(top + height, size[1])


def _convert(image: Image, channels: int, background: int, notes: list[str], levels: _Levels | None) -> Image:
    import PIL.Image

    if levels is not None:
        image = levels.to_eight_bits(image)
    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        image = PIL.Image.new("RGBA", layered.size, (background, background, background, 255))
        image.alpha_composite(layered)
        if layered.getchannel("A").getextrema() != (255, 255):
            notes.append(f"transparent parts put on {'white' if background else 'black'}")
        image = image.convert("RGB")
    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        image = image.convert("RGB") if image.mode not in ("1", "L", "RGB") else image
        notes.append(
            "colour converted to grey" if mode == "L" and image.mode == "RGB" else (f"converted to {MODES[mode]}")
        )
        image = image.convert(mode)
    return image


@dataclass(frozen=True)
class _Levels:
    """Which value of an image of more than 8 bits becomes 0, and by what all are multiplied."""

    low: float
    factor: float
    note: str | None

    def to_eight_bits(self, image: Image) -> Image:
        import PIL.Image

        values = np.asarray(image).astype(np.float64)
        return PIL.Image.fromarray(np.rint((values - self.low) * self.factor).astype(np.uint8))


def _levels(image: Image, path: Path) -> _Levels:
    low, high = math.inf, -math.inf
    for box in _tiles(image.size, (1, 1)):
        values = np.asarray(image.crop(box) if image.width * image.height > LARGE else image)
        if not np.isfinite(values).all():
            raise DataError(f"{path} has NaN or infinite values. Correct it or leave it out.")
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    # Pillow before 11.3 opens a PNG of 16 bits as one of 32, which PNG does not have.
    sixteen_bits = image.mode.startswith("I;16") or image.format == "PNG"
    if low >= 0 and high <= 1 and image.mode == "F":
        white = 1.0
    elif low >= 0 and high <= 255 and not sixteen_bits:
        white = 255.0
    elif low >= 0 and high <= 65_535:
        white = 65_535.0
    else:
        return _Levels(low, 255 / (high - low or 1), f"values {low:g}..{high:g} stretched to 0..255")
    return _Levels(0.0, 255 / white, f"values scaled from 0..{white:g} to 0..255" if white != 255 else None)


def edge_colour(image: Image) -> npt.NDArray[np.float64]:
    """Give the median colour of an image's outermost pixels, (channels,)."""
    width, height = image.size
    strips = [(0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height)]
    channels = len(image.getbands())
    outermost = np.concatenate([np.asarray(image.crop(strip)).reshape(-1, channels) for strip in strips])
    median: npt.NDArray[np.float64] = np.median(outermost, axis=0)
    return median
