"""Small folders of your own images, made for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def stripes(seed: int, upright: bool, size: tuple[int, int] = (14, 12)) -> Image.Image:
    """Draw stripes of some colour, upright or lying, with noise; size is (width, height)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: size[1], : size[0]]
    wave = np.sin((x if upright else y) * random.uniform(0.8, 1.6) + random.uniform(0, 6))[..., None]
    pixels = 128 + wave * random.uniform(40, 110, 3) + random.normal(0, 12, (size[1], size[0], 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def fill(folder: Path, counts: dict[str, int], first: int = 0) -> Path:
    """Write so many images for each class: stripes, upright in every second class; of several sizes."""
    for number, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(first, first + count):
            image = stripes(10_000 * number + i, number % 2 == 1, (14 + i % 5, 12 + i % 3))
            image.save(folder / name / f"{name} {i}.png")
    return folder
