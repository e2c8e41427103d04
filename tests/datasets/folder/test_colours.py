"""Large images are converted in tiles: to the same values as small ones, and those of plain NumPy and Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from convoscope.datasets.folder import colours
from convoscope.datasets.folder.colours import edge_colour, to_colours
from convoscope.datasets.images import fitting
from convoscope.datasets.images.fitting import Letterbox
from convoscope.datasets.images.preprocessing import Preprocessing

WIDTH, HEIGHT = 75, 52


def noise(*shape: int, high: int = 256) -> npt.NDArray[np.int64]:
    return np.random.default_rng(3).integers(0, high, shape)


def image_of(mode: str) -> Image.Image:
    """Noise in a mode, as a file of it would be opened."""
    if mode == "I;16":
        return Image.fromarray(noise(HEIGHT, WIDTH, high=65_536).astype("<u2"))
    if mode == "I;16B":
        return Image.frombytes("I;16B", (WIDTH, HEIGHT), noise(HEIGHT, WIDTH, high=65_536).astype(">u2").tobytes())
    if mode == "I":
        return Image.fromarray((noise(HEIGHT, WIDTH, high=1_000_000) - 5_000).astype(np.int32))
    if mode == "F":
        return Image.fromarray((noise(HEIGHT, WIDTH, high=1_000) / 999).astype(np.float32))
    grey = Image.fromarray(noise(HEIGHT, WIDTH).astype(np.uint8))
    if mode in ("P", "P transparent"):
        grey = grey.convert("P")
        grey.putpalette(noise(768).astype(np.uint8).tobytes())
        if mode != "P":
            grey.info["transparency"] = bytes(noise(256).astype(np.uint8))
        return grey
    if mode in ("1", "L"):
        return grey.convert(mode)
    bands = {"RGB": 3, "RGBA": 4, "LA": 2, "CMYK": 4}[mode]
    merged = [Image.fromarray(band.astype(np.uint8)) for band in noise(bands, HEIGHT, WIDTH)]
    return Image.merge(mode, merged)


def expected(mode: str, channels: int, background: int) -> npt.NDArray[np.uint8]:
    """The same conversion with NumPy, and Pillow for what is Pillow's own to define: palette, CMYK, grey of colour."""
    image = image_of(mode)
    values = np.asarray(image).astype(np.float64)
    scales = {"I;16": (0, 255 / 65_535), "I;16B": (0, 255 / 65_535), "F": (0, 255)}
    if mode == "I":
        scales["I"] = (values.min(), 255 / (values.max() - values.min()))
    if mode in scales:
        low, factor = scales[mode]
        image = Image.fromarray(np.rint((values - low) * factor).astype(np.uint8))
    elif mode in ("RGBA", "LA", "P transparent"):
        pixels = np.asarray(image.convert("RGBA")).astype(np.float64)
        alpha = pixels[..., 3:] / 255
        image = Image.fromarray(np.rint(pixels[..., :3] * alpha + background * (1 - alpha)).astype(np.uint8))
    elif mode in ("P", "CMYK"):
        image = image.convert("RGB")
    return np.asarray(image.convert("L" if channels == 1 else "RGB"))


MODES = ["1", "L", "LA", "RGB", "RGBA", "P", "P transparent", "CMYK", "I;16", "I;16B", "I", "F"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_becomes_what_numpy_computes(mode: str, channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    small = np.asarray(to_colours(image_of(mode), channels, 255, notes, Path("image.tiff")), int)
    assert np.abs(small - expected(mode, channels, 255)).max() <= (2 if channels == 1 and "A" in mode else 1)
    if mode in ("1", "L", "RGB", "P", "CMYK", "I;16", "I;16B", "I", "F"):
        assert np.array_equal(small, expected(mode, channels, 255)), "without alpha there is nothing to round twice"
    monkeypatch.setattr(colours, "LARGE", 100)
    monkeypatch.setattr(colours, "_TILE_SIDE", 16)
    monkeypatch.setattr(colours, "_TILE_PIXELS", 500)
    in_tiles: list[str] = []
    assert np.array_equal(to_colours(image_of(mode), channels, 255, in_tiles, Path("image.tiff")), small)
    assert in_tiles == notes


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "I;16", "F", "1", "CMYK", "RGBA"])
def test_a_large_image_is_made_smaller_by_the_means_of_its_blocks(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.asarray(to_colours(image_of(mode), 3, 0, [], Path("image.tiff"))).astype(np.float64)
    monkeypatch.setattr(colours, "LARGE", 100)
    monkeypatch.setattr(colours, "_TILE_SIDE", 16)
    monkeypatch.setattr(fitting, "_KEPT", 1)
    small = np.asarray(to_colours(image_of(mode), 3, 0, [], Path("image.tiff"), Letterbox((25, 25)))).astype(np.float64)
    assert small.shape == (18, 25, 3)  # blocks of three, and of one at the lower edge
    blocks = [[whole[y : y + 3, x : x + 3] for x in range(0, WIDTH, 3)] for y in range(0, HEIGHT, 3)]
    means = np.array([[block.mean(axis=(0, 1)) for block in row] for row in blocks])
    assert np.abs(small - means).max() <= 1


@pytest.mark.parametrize("size", [(4_100, 1_100), (1_100, 4_100), (3_000, 2_000), (5_000_000, 1), (1, 5_000_000)])
def test_large_images_keep_their_proportions(tmp_path: Path, size: tuple[int, int]) -> None:
    """A smooth picture at a large size is the same one, at a small size, as made by Pillow at once."""
    rough = Image.fromarray(np.random.default_rng(1).integers(0, 256, (4, 4, 3), np.uint8))
    image = rough.resize(size, Image.Resampling.BICUBIC)
    image.save(tmp_path / "image.tiff")
    small = Preprocessing((48, 64)).prepare(tmp_path / "image.tiff").pixels
    at_once = Letterbox((64, 48)).fitted(image, edge_colour(image), [], image.size)
    assert np.abs(np.asarray(small, int) - np.asarray(at_once, int)).max() <= 4


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_edges_colour_is_the_median_of_the_outermost_pixels(mode: str) -> None:
    image = image_of(mode)
    pixels: npt.NDArray[Any] = np.asarray(image).reshape(HEIGHT, WIDTH, -1)
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert np.array_equal(edge_colour(image), np.median(edges, axis=0))
