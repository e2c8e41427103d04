"""``convoscope predict`` with a model that makes images: each image that comes out is written as a PNG."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

_LONGEST_STEM = 200  # bytes, of the 255 that a name may have

if TYPE_CHECKING:
    from convoscope.cli.images import Prepared
    from convoscope.models import Sequential


def write_images(model: Sequential, images: Sequence[tuple[Path, Prepared]]) -> list[Path]:
    """Write what comes out of each image into the current folder, as NAME-predicted.png, and return these files.

    No file is written over: where the name is taken, a number is added.
    """
    import PIL.Image

    from convoscope.explore.image_outputs import output_range
    from convoscope.models.value_range import largest_value_of
    from convoscope.storage import write_atomically

    if not images:
        return []
    max_value = largest_value_of(model)
    low, high = output_range(model, (0.0, max_value))
    # Without preprocessing in the model's file, pixels are still those of 8-bit images.
    factor = 1.0 if model.preprocessing is not None else max_value / 255
    if factor != 1:
        for _, prepared in images:
            prepared.notes.append(f"values brought from 0..255 to 0..{max_value:g}")
    values = np.stack([prepared.pixels for _, prepared in images]).astype(np.float32) * np.float32(factor)
    written = []
    for (path, _), made in zip(images, model.predict(values, verbose=0), strict=True):
        greys = np.rint(np.clip((made.astype(np.float64) - low) / (high - low), 0, 1) * 255).astype(np.uint8)
        file = io.BytesIO()
        PIL.Image.fromarray(greys[..., 0] if greys.shape[2] == 1 else greys).save(file, "PNG", optimize=True)
        written.append(_free(f"{os.fsdecode(os.fsencode(path.stem)[:_LONGEST_STEM])}-predicted"))
        write_atomically(written[-1], [file.getvalue()])
    return written


def _free(name: str) -> Path:
    """Return a PNG of that name that is not there yet."""
    path, number = Path(f"{name}.png"), 2
    while path.exists():
        path, number = Path(f"{name}-{number}.png"), number + 1
    return path
