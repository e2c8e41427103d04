"""Pictures with detail, drawn from random numbers, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance, ImageOps

Picture = Image.Image


def scene(seed: int, side: int = 160) -> Picture:
    """Return a picture with detail at all scales, as photographs have."""
    generator = np.random.default_rng(seed)
    colours = np.zeros((side, side, 3))
    for cells in (3, 6, 12, 24, 48):
        noise = generator.integers(0, 256, (cells, cells, 3), np.uint8)
        colours += np.asarray(Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC), float) / cells**0.7
    low, high = colours.min(), colours.max()
    return Image.fromarray(((colours - low) / (high - low) * 255).astype(np.uint8))


def pixels(picture: Picture, side: int = 112) -> npt.NDArray[np.uint8]:
    """Return the middle square of a picture in that size."""
    return np.asarray(ImageOps.fit(picture.convert("RGB"), (side, side)))


def saved(picture: Picture, quality: int) -> Picture:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(BytesIO(file.getvalue()))


def cropped(picture: Picture, share: float, corner: tuple[float, float] = (0.5, 0.5)) -> Picture:
    """Keep a share of the area; the corner says where the rest is cut off."""
    side = round(picture.width * share**0.5)
    left, upper = (round((picture.width - side) * each) for each in corner)
    return picture.crop((left, upper, left + side, upper + side))


COPIES: dict[str, Callable[[Picture], Picture]] = {
    "the same": lambda picture: picture,
    "mirrored": ImageOps.mirror,
    "compressed": lambda picture: saved(picture, 25),
    "small": lambda picture: picture.resize((64, 64)),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.3),
    "pale": lambda picture: ImageEnhance.Contrast(picture).enhance(0.6),
    "grey": lambda picture: picture.convert("L"),
    "colourful": lambda picture: ImageEnhance.Color(picture).enhance(1.8),
    "cropped a little": lambda picture: cropped(picture, 0.9, (0, 1)),
    "cropped": lambda picture: cropped(picture, 0.75, (1, 0.3)),
    "cropped to half": lambda picture: cropped(picture, 0.55, (0.2, 0.8)),
    "mirrored, cropped, compressed": lambda picture: saved(cropped(ImageOps.mirror(picture), 0.8, (0, 0)), 40),
}
