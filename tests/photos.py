"""Small folders of pictures that are large enough to be taken for photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

KINDS = ("disc", "stripes", "cross")


def drawn(kind: str, seed: int, size: tuple[int, int] = (110, 90)) -> Image.Image:
    """Draw a shape in some colour on a noisy ground; size is (width, height)."""
    random = np.random.default_rng([seed, KINDS.index(kind) if kind in KINDS else 9])
    ground = random.normal(random.uniform(60, 190, 3), 14, (size[1], size[0], 3))
    image = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    pen, colour = ImageDraw.Draw(image), tuple(int(value) for value in random.integers(0, 256, 3))
    x, y = (int(value) for value in random.integers(30, 60, 2))
    if kind == "disc":
        pen.ellipse((x - 25, y - 25, x + 25, y + 25), colour)
    elif kind == "stripes":
        for left in range(x % 12, size[0], 12):
            pen.rectangle((left, 0, left + 5, size[1]), colour)
    else:
        pen.line((x - 28, y, x + 28, y), colour, 9)
        pen.line((x, y - 28, x, y + 28), colour, 9)
    return image


def fill(folder: Path, counts: dict[str, int], first: int = 0) -> Path:
    """Write so many JPEGs for each class into a folder."""
    for kind, count in counts.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            drawn(kind, number).save(folder / kind / f"{number}.jpg", quality=92)
    return folder


def arrays(counts: dict[str, int]) -> tuple[list[npt.NDArray[Any]], list[str]]:
    """Give the same as arrays, and their classes."""
    named = [(kind, number) for kind, count in counts.items() for number in range(count)]
    return [np.asarray(drawn(*each)) for each in named], [kind for kind, _ in named]
