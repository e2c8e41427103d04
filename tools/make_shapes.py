"""Draw colour images of mixed sizes, a shape on a texture each, into a folder with a subfolder for each shape.

    python tools/make_shapes.py shapes --count 2400

Six shapes of any colour, size, place and turn, filled or as a line, on noise, stripes, checks or clouds, and blurred or
not; PNG and JPEG of 60 to 400 pixels a side. The same seed draws the same images.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Points = list[tuple[float, float]]
Random = np.random.Generator
_LEAST_CONTRAST = 60
_CORNERS = 64


def polygon(corners: int) -> Points:
    """Give the corners of a regular polygon around (0, 0), at the distance 1."""
    return [(math.sin(2 * math.pi * i / corners), -math.cos(2 * math.pi * i / corners)) for i in range(corners)]


def star() -> Points:
    return [(x * (0.42 if i % 2 else 1), y * (0.42 if i % 2 else 1)) for i, (x, y) in enumerate(polygon(10))]


def cross() -> Points:
    a, b = 0.3, 0.95
    return [(-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a), (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a)]


def crescent() -> Points:
    outer = [(math.cos(t), math.sin(t)) for t in np.linspace(math.pi / 3, 5 * math.pi / 3, _CORNERS)]
    inner = [
        (0.5 + math.cos(t) * 0.87, math.sin(t) * 0.87) for t in np.linspace(3 * math.pi / 2, math.pi / 2, _CORNERS)
    ]
    return outer + inner


SHAPES: dict[str, Callable[[], Points]] = {
    "circle": lambda: polygon(_CORNERS),
    "crescent": crescent,
    "cross": cross,
    "square": lambda: polygon(4),
    "star": star,
    "triangle": lambda: polygon(3),
}


def noise(random: Random, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    return random.random((size[1], size[0]))


def clouds(random: Random, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    small = Image.fromarray((random.random((6, 6)) * 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(small) / 255


def stripes(random: Random, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    y, x = np.mgrid[: size[1], : size[0]]
    turn, width = random.uniform(0, math.pi), random.uniform(6, 30)
    return np.asarray(np.sin((x * math.cos(turn) + y * math.sin(turn)) * 2 * math.pi / width) / 2 + 0.5)


def checks(random: Random, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    y, x = np.mgrid[: size[1], : size[0]]
    side = int(random.integers(6, 30))
    return np.asarray(((x // side + y // side) % 2).astype(np.float64))


TEXTURES = (noise, clouds, stripes, checks)


def texture(random: Random, size: tuple[int, int]) -> tuple[Image.Image, npt.NDArray[np.float64]]:
    """Give a background of two near colours, and their mean."""
    base = random.uniform(40, 215, 3)
    share = TEXTURES[random.integers(len(TEXTURES))](random, size)[..., None]
    pixels = base + (share - 0.5) * random.uniform(20, 80) * random.uniform(0.5, 1, 3)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), base


def contrasting(random: Random, base: npt.NDArray[np.float64]) -> tuple[int, int, int]:
    """Draw a colour that stands out from the background."""
    while True:
        red, green, blue = (int(value) for value in random.integers(0, 256, 3))
        if abs(np.array([red, green, blue]) - base).mean() > _LEAST_CONTRAST:
            return red, green, blue


def draw(shape: str, random: Random) -> Image.Image:
    """Draw one image of a shape."""
    width, height = (int(side) for side in random.integers(60, 401, 2))
    width, height = min(width, 2 * height), min(height, 2 * width)
    image, base = texture(random, (width, height))
    radius = min(width, height) * random.uniform(0.25, 0.45)
    x, y = random.uniform(radius, width - radius), random.uniform(radius, height - radius)
    turn = random.uniform(0, 2 * math.pi)
    cos, sin = radius * math.cos(turn), radius * math.sin(turn)
    points = [(x + px * cos - py * sin, y + px * sin + py * cos) for px, py in SHAPES[shape]()]
    colour = contrasting(random, base)
    if random.random() < 0.7:
        ImageDraw.Draw(image).polygon(points, fill=colour)
    else:
        line = max(3, round(radius * 0.14))
        ImageDraw.Draw(image).line([*points, *points[:2]], fill=colour, width=line, joint="curve")
    return image.filter(ImageFilter.GaussianBlur(random.uniform(0, 1.5))) if random.random() < 0.5 else image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=2400, help="images in all (default: 2400)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    for shape in SHAPES:
        (options.folder / shape).mkdir(parents=True)
    for number in range(options.count):
        shape = list(SHAPES)[number % len(SHAPES)]
        suffix = "jpg" if random.random() < 0.5 else "png"
        draw(shape, random).save(options.folder / shape / f"{shape} {number // len(SHAPES)}.{suffix}")
    print(f"{options.count} images of {len(SHAPES)} shapes in {options.folder}")


if __name__ == "__main__":
    main()
