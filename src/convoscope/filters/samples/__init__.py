"""Two images that come with the package, drawn for it by ``tools/make_samples.py`` and free for any use (CC0)."""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import unknown_name

TITLES = {"photograph": "Four balls in front of a brick wall", "drawing": "A house in chalk"}


def names() -> list[str]:
    """Return the samples' names.

    Examples
    --------
    >>> names()
    ['photograph', 'drawing']
    """
    return list(TITLES)


def photograph() -> npt.NDArray[np.uint8]:
    """Return a colour image with edges, texture, and smooth parts, uint8 of shape (512, 512, 3).

    Examples
    --------
    >>> photograph().shape, photograph().dtype
    ((512, 512, 3), dtype('uint8'))
    """
    return load("photograph")


def drawing() -> npt.NDArray[np.uint8]:
    """Return a small drawing, light strokes on a dark background, uint8 of shape (32, 32).

    Examples
    --------
    >>> drawing().shape, drawing().dtype
    ((32, 32), dtype('uint8'))
    """
    return load("drawing")


def load(name: str) -> npt.NDArray[np.uint8]:
    """Return a sample by its name.

    Examples
    --------
    >>> load("drawing").shape
    (32, 32)
    """
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(read(name))))


def read(name: str) -> bytes:
    """Return the bytes of a sample's PNG file.

    Examples
    --------
    >>> names(), read("drawing")[1:4]
    (['photograph', 'drawing'], b'PNG')
    """
    if name not in TITLES:
        raise unknown_name("sample", name, TITLES)
    file: Any = resources.files(__name__).joinpath(f"{name}.png")
    return bytes(file.read_bytes())
