"""Image files of any kind, read and brought to one size and colour: the same for training as for predicting."""

from __future__ import annotations

import stat
import struct
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError, FileFormatError, MissingFileError

if TYPE_CHECKING:
    from PIL.Image import Image

#: What Pillow's readers raise on damaged files: each format its own, found by damaging files of sixteen formats.
DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    MemoryError,
    ArithmeticError,
    TypeError,
    RuntimeError,
    struct.error,
    zlib.error,
)
ORIENTATION = 0x0112  # in EXIF


def read_as(path: Path, size: tuple[int, int], channels: int, background: int) -> tuple[Image, list[str]]:
    """Read an image, and bring it to `size` (width, height) in grey (1 channel) or colour (3).

    Parameters
    ----------
    path : Path
    size : (width, height)
    channels : {1, 3}
    background : int
        0 to 255: what is put behind transparent parts.

    Returns
    -------
    (Image, list of str)
        The image, and what was done to it, in order.

    Raises
    ------
    MissingFileError, FileFormatError, DataError
        See `read_image` and `to_colours`.
    """
    image, notes = read_image(path, at_least=max(size))
    image = to_colours(image, channels, background, notes, path)
    return image if image.size == size else fit_into(image, size, edge_colour(image), notes), notes


def read_image(path: Path, at_least: int | None = None) -> tuple[Image, list[str]]:
    """Read an image file whole and turn it upright.

    Parameters
    ----------
    path : Path
    at_least : int, optional
        Pixels a side that are needed. A much larger JPEG is then decoded at half, a quarter or an eighth of its size,
        with no side below twice that, which takes a fraction of the time.

    Returns
    -------
    (Image, list of str)
        The image, and notes on what it was.

    Raises
    ------
    MissingFileError
        There is no such file, or it is a folder.
    FileFormatError
        It is no image, or a damaged one.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        found = path.stat()
    except OSError as error:
        raise MissingFileError(f"There is no file {path}.") from error
    if stat.S_ISDIR(found.st_mode):
        raise MissingFileError(f"{path} is a folder. Give the images in it: {path}/*")
    if found.st_size == 0:
        raise FileFormatError(f"{path} is empty: it has 0 bytes.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata and large sizes: a file that cannot be read is an error
            with Image.open(path) as file:
                notes = [f"read {file.format}, {file.width}×{file.height}, {_MODES.get(file.mode, file.mode)}"]
                if getattr(file, "n_frames", 1) > 1:
                    notes.append("first of several frames taken")
                if at_least is not None and file.format == "JPEG":
                    file.draft(file.mode, (2 * at_least, 2 * at_least))
                file.load()
                turned = ImageOps.exif_transpose(file)
                if file.getexif().get(ORIENTATION, 1) != 1:
                    notes.append("turned upright, as its EXIF orientation says")
    except UnidentifiedImageError as error:
        raise FileFormatError(f"{path} is not an image of a kind that is known, such as PNG or JPEG.") from error
    except Image.DecompressionBombError as error:
        raise FileFormatError(f"{path} has too many pixels to be read safely. Make it smaller.") from error
    except DAMAGED as error:
        raise FileFormatError(f"{path} is a damaged image, or cannot be read: {error}.") from error
    return turned, notes


_MODES = {
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


def to_colours(image: Image, channels: int, background: int, notes: list[str], path: Path) -> Image:
    """Bring an image to 8 bits, without transparency, grey or in colour."""
    import PIL.Image

    if image.mode.startswith(("I", "F")):
        image = _to_eight_bits(image, notes, path)
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
        notes.append("colour turned into grey" if mode == "L" and image.mode == "RGB" else f"brought to {_MODES[mode]}")
        image = image.convert(mode)
    return image


def _to_eight_bits(image: Image, notes: list[str], path: Path) -> Image:
    import PIL.Image

    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise DataError(f"{path} has values that are not numbers (NaN or infinite). Repair it, or leave it out.")
    low, high = float(values.min()), float(values.max())
    # Pillow before 11.3 opens a PNG of 16 bits as one of 32, which PNG does not have.
    sixteen_bits = image.mode.startswith("I;16") or path.suffix.lower() == ".png"
    if low >= 0 and high <= 1 and image.mode == "F":
        white = 1.0
    elif low >= 0 and high <= 255 and not sixteen_bits:
        white = 255.0
    elif low >= 0 and high <= 65_535:
        white = 65_535.0
    else:
        notes.append(f"values {low:g}..{high:g} stretched to 0..255")
        return PIL.Image.fromarray(np.rint((values - low) * (255 / (high - low or 1))).astype(np.uint8))
    if white != 255:
        notes.append(f"values scaled from 0..{white:g} to 0..255")
    return PIL.Image.fromarray(np.rint(values * (255 / white)).astype(np.uint8))


def edge_colour(image: Image) -> npt.NDArray[np.float64]:
    """Give the median colour of an image's outermost pixels, (channels,)."""
    pixels = np.asarray(image)
    outermost = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    median: npt.NDArray[np.float64] = np.median(np.concatenate([s.reshape(-1, channels) for s in outermost]), axis=0)
    return median


def fit_into(image: Image, size: tuple[int, int], edge: npt.NDArray[np.float64], notes: list[str]) -> Image:
    import PIL.Image

    if image.size == size:
        return image
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    colour = tuple(int(value) for value in edge)
    fitted = PIL.Image.new(image.mode, size, colour[0] if len(colour) == 1 else colour)
    corner = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
    fitted.paste(image.resize(inner, PIL.Image.Resampling.BILINEAR), corner)
    notes.append(f"resized to {size[0]}×{size[1]}")
    if image.width * size[1] != image.height * size[0]:
        notes.append("edges filled to keep its proportions")
    return fitted
