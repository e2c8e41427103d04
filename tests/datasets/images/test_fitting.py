"""Ways into a size, held against Pillow's own resizing and cutting, step by step, of the whole image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convoscope as cs
from convoscope.datasets.images.fitting import Crop, Stretch
from convoscope.errors import ConfigurationError, UnknownNameError

SIZES = [(300, 200), (200, 300), (257, 129), (64, 64), (65, 3000), (31, 90), (12, 9)]


def picture(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """Noise over a smooth image, neither black nor white: Pillow rounds and clips after each axis, in either order."""
    random = np.random.default_rng(sum(size))
    rough = Image.fromarray(random.integers(60, 196, (5, 5, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    noise = random.integers(-20, 21, (size[1], size[0], 3))
    return Image.fromarray((np.asarray(rough, int) + noise).clip(20, 235).astype(np.uint8)).convert(mode)


def resized_then_cut(image: Image.Image, side: int, resize: int, interpolation: Image.Resampling) -> Image.Image:
    """The same by the book: the shorter side becomes `resize`, the longer one in proportion, then the centre."""
    width, height = image.size
    size = (resize, int(resize * height / width)) if width <= height else (int(resize * width / height), resize)
    whole = image.resize(size, interpolation)
    left, top = round((size[0] - side) / 2), round((size[1] - side) / 2)
    return whole.crop((left, top, left + side, top + side))


def assert_alike(pixels: Any, expected: Image.Image) -> None:
    apart = np.abs(pixels.astype(int) - np.asarray(expected, int))
    assert apart.max() <= 2
    assert apart.mean() < 0.3


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("resize", [None, 48, 41])
@pytest.mark.parametrize("size", SIZES)
def test_cropping_is_resizing_and_then_cutting(size: tuple[int, int], resize: int | None, interpolation: str) -> None:
    image = picture(size)
    prepared = cs.Preprocessing(40, fit="crop", resize=resize, interpolation=interpolation).prepare(image)
    expected = resized_then_cut(image, 40, resize or 40, Image.Resampling[interpolation.upper()])
    assert_alike(prepared.pixels, expected)
    assert ("sides cropped to keep its proportions" in prepared.notes) == (size[0] != size[1])


@pytest.mark.parametrize("size", SIZES)
def test_stretching_is_resizing(size: tuple[int, int]) -> None:
    image = picture(size, "L")
    prepared = cs.Preprocessing((20, 32), channels=1, fit="stretch").prepare(image)
    assert np.array_equal(prepared.pixels[..., 0], np.asarray(image.resize((32, 20), Image.Resampling.BILINEAR)))


def test_a_size_that_is_not_square_is_covered() -> None:
    image = picture((300, 200))
    prepared = cs.Preprocessing((40, 20), fit="crop").prepare(image)
    # 200 rows become 40, so 300 columns become 60, of which the middle 20 are left.
    expected = image.resize((60, 40), Image.Resampling.BILINEAR).crop((20, 0, 40, 40))
    assert_alike(prepared.pixels, expected)


@pytest.mark.parametrize("options", [{"fit": "crop"}, {"fit": "stretch"}, {"fit": "letterbox"}])
def test_an_image_of_that_size_stays_as_it_is(options: dict[str, Any]) -> None:
    image = picture((40, 40))
    prepared = cs.Preprocessing(40, **options).prepare(image)
    assert np.array_equal(prepared.pixels, np.asarray(image))


def test_one_that_is_to_be_cut_is_resized_even_then() -> None:
    image = picture((40, 40))
    prepared = cs.Preprocessing(40, fit="crop", resize=60).prepare(image)
    expected = resized_then_cut(image, 40, 60, Image.Resampling.BILINEAR)
    assert_alike(prepared.pixels, expected)


@pytest.mark.parametrize(("fit", "kind"), [("crop", Crop), ("stretch", Stretch)])
@pytest.mark.parametrize("size", [(4_200, 1_100), (1_100, 4_200), (1, 5_000_000)])
def test_large_images_are_made_smaller_in_little_memory(
    tmp_path: Path, fit: str, kind: Any, size: tuple[int, int]
) -> None:
    rough = Image.fromarray(np.random.default_rng(1).integers(0, 256, (4, 4, 3), np.uint8))
    image = rough.resize(size, Image.Resampling.BICUBIC)
    image.save(tmp_path / "image.tiff")
    small = cs.Preprocessing(32, fit=fit).prepare(tmp_path / "image.tiff").pixels
    at_once = kind((32, 32)).fitted(image, np.zeros(3), [], image.size)
    assert np.abs(small.astype(int) - np.asarray(at_once, int)).max() <= 4


@pytest.mark.parametrize("quality", [95, 40])
def test_a_jpeg_decoded_at_reduced_scale_is_nearly_the_whole_one(tmp_path: Path, quality: int) -> None:
    image = picture((640, 480)).resize((1600, 1200), Image.Resampling.BICUBIC)
    image.save(tmp_path / "photo.jpg", quality=quality)
    for options in ({"fit": "crop", "resize": 72}, {"fit": "stretch"}, {}):
        preprocessing = cs.Preprocessing(64, interpolation="bicubic", **options)
        with Image.open(tmp_path / "photo.jpg") as whole:
            expected = preprocessing.prepare(whole.copy()).pixels  # decoded at full size: the pixels of a copy count
        found = preprocessing.prepare(tmp_path / "photo.jpg").pixels
        assert np.abs(found.astype(int) - expected).mean() < 1.5


def test_what_cannot_be_meant_is_told() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'letterbox'"):
        cs.Preprocessing(32, fit="letter-box")
    with pytest.raises(UnknownNameError, match="bilinear, bicubic, lanczos"):
        cs.Preprocessing(32, interpolation="cubic")
    for wrong in ({"resize": 40}, {"fit": "crop", "resize": 20}):
        with pytest.raises(ConfigurationError, match="32 or more for images of 32 × 32"):
            cs.Preprocessing(32, **wrong)
    for wrong in ({"channels": 2}, {"max_value": 0}, {"background": 300}):
        with pytest.raises(ConfigurationError, match=next(iter(wrong))):
            cs.Preprocessing(32, **wrong)
