"""``convoscope predict`` with a model that makes images: each image that comes out is written as a PNG."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

_LONGEST_STEM = 200  # bytes, of the 255 that a name may have

if TYPE_CHECKING:
    from convoscope.datasets.images.preprocessing import Prepared
    from convoscope.models.network import Network


def write_image(model: Network, image: Prepared) -> Path:
    """Write what comes out of an image into the current folder, as NAME-predicted.png, and return this file.

    No file is written over: where the name is taken, a number is added.
    """
    import PIL.Image

    from convoscope.explore.image_outputs import output_range
    from convoscope.models.value_range import largest_value_of
    from convoscope.storage import write_atomically

    low, high = output_range(model, (0.0, largest_value_of(model)))
    (made,) = model.predict(image.pixels[None], verbose=0)
    greys = np.rint(np.clip((made.astype(np.float64) - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(greys[..., 0] if greys.shape[2] == 1 else greys).save(file, "PNG", optimize=True)
    stem = os.fsdecode(os.fsencode(Path(image.name).stem)[:_LONGEST_STEM])
    free = _free(f"{stem}-predicted")
    write_atomically(free, [file.getvalue()])
    return free


def _free(name: str) -> Path:
    """Return a PNG of that name that is not there yet."""
    path, number = Path(f"{name}.png"), 2
    while path.exists():
        path, number = Path(f"{name}-{number}.png"), number + 1
    return path
