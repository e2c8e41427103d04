"""Images of many formats."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import PIL.Image

from campaign.containers import damage_png, random_exif, with_exif
from campaign.mutation import damage
from convoscope.datasets.folder.decoding import decode
from convoscope.datasets.folder.survey import Form
from convoscope.datasets.images.preprocessing import Preprocessing

_FORMATS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("PNG", "RGB", {}),
    ("PNG", "P", {}),
    ("PNG", "LA", {}),
    ("PNG", "I;16", {}),
    ("PNG", "1", {}),
    ("JPEG", "RGB", {}),
    ("JPEG", "L", {"progressive": True}),
    ("JPEG", "CMYK", {}),
    ("GIF", "P", {}),
    ("BMP", "RGB", {}),
    ("BMP", "P", {}),
    ("WEBP", "RGB", {"lossless": True}),
    ("WEBP", "RGBA", {"quality": 50}),
    ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    ("TIFF", "F", {}),
    ("TIFF", "I;16", {"compression": "tiff_adobe_deflate"}),
    ("PPM", "RGB", {}),
    ("PPM", "L", {}),
    ("ICO", "RGBA", {}),
    ("TGA", "RGB", {}),
    ("PCX", "P", {}),
    ("SGI", "L", {}),
)


class ImageTrial:
    """A file is decoded in grey and in colour."""

    def __init__(self, folder: Path) -> None:
        PIL.Image.init()
        self.samples = [(kind, _encoded(kind, mode, options)) for kind, mode, options in _FORMATS]

    def make(self, rng: Random) -> bytes:
        """Damage one; PNG below its checksums, JPEG in its EXIF."""
        kind, content = rng.choice(self.samples)
        if kind == "JPEG" and rng.random() < 0.5:
            exif = random_exif(rng)
            return with_exif(content, damage(rng, exif)[:60_000] if rng.random() < 0.5 else exif)
        if kind == "PNG":
            return damage_png(rng, content)
        return damage(rng, content, [each for _, each in self.samples])

    def read(self, content: bytes, folder: Path) -> None:
        """Decode it as for training, and as for predicting."""
        path = folder / "image"
        path.write_bytes(content)
        decode(path, Form(8, 8, 1, 0, "", ""))
        Preprocessing((9, 6), background=255).prepare(path)


def _encoded(kind: str, mode: str, options: dict[str, Any]) -> bytes:
    values = np.random.default_rng(1).integers(0, 256, (12, 16, 3), np.uint8)
    colours = PIL.Image.fromarray(values)
    if mode == "I;16":
        image = PIL.Image.fromarray(values[..., 0].astype(np.uint16) * 257)
    elif mode == "F":
        image = colours.convert("L").convert("F")
    else:
        image = colours.convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
