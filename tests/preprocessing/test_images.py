"""Image files read, written, and as arrays: Pillow's own answers are the judge."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convoscope.errors import (
    ConfigurationError,
    ConvoscopeWarning,
    DataError,
    FileFormatError,
    MissingFileError,
    ShapeError,
    UnknownNameError,
)
from convoscope.preprocessing.image import array_to_img, img_to_array, load_img, save_img

PIXELS = np.random.default_rng(1).integers(0, 256, (5, 8, 3), np.uint8)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(PIXELS).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_path_of_any_kind_and_bytes_are_read(photo: Path) -> None:
    for path in (photo, str(photo), str(photo).encode(), io.BytesIO(photo.read_bytes())):
        np.testing.assert_array_equal(np.asarray(load_img(path)), PIXELS)


def test_a_photo_is_not_turned_as_keras_does_not(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[274] = 6
    Image.fromarray(PIXELS).save(tmp_path / "turned.png", exif=tags)
    assert load_img(tmp_path / "turned.png").size == (8, 5)


@pytest.mark.parametrize(("mode", "made", "channels"), [("grayscale", "L", 1), ("rgb", "RGB", 3), ("rgba", "RGBA", 4)])
def test_colours_are_those_of_pillow(photo: Path, mode: str, made: str, channels: int) -> None:
    found = img_to_array(load_img(photo, color_mode=mode))
    assert (found.shape, found.dtype) == ((5, 8, channels), np.float32)
    np.testing.assert_array_equal(found.squeeze(), np.asarray(Image.fromarray(PIXELS).convert(made)))


def test_a_deep_grey_image_stays_one(tmp_path: Path) -> None:
    deep = np.array([[0, 60_000]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(img_to_array(load_img(tmp_path / "deep.png", "grayscale"))[..., 0], deep)


def test_a_new_size_with_and_without_the_proportions(photo: Path) -> None:
    original = Image.fromarray(PIXELS)
    bilinear = Image.Resampling.BILINEAR
    np.testing.assert_array_equal(
        load_img(photo, target_size=(4, 4), interpolation="bilinear"), original.resize((4, 4), bilinear)
    )
    np.testing.assert_array_equal(
        load_img(photo, target_size=(4, 4), interpolation="bilinear", keep_aspect_ratio=True),
        original.resize((4, 4), bilinear, box=(1, 0, 6, 5)),
    )


def test_what_cannot_be_read_is_said(tmp_path: Path, photo: Path) -> None:
    with pytest.raises(MissingFileError, match=r"no file .*gone\.png"):
        load_img(tmp_path / "gone.png")
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(FileFormatError, match=r"text\.png is not an image"):
        load_img(tmp_path / "text.png")
    with pytest.raises(FileFormatError, match="the image in memory is a damaged or unreadable image"):
        load_img(io.BytesIO(photo.read_bytes()[:20]))
    tags = b"\1\0" + struct.pack("<HHLL", 273, 4, 3_000_000, 0)
    with pytest.raises(FileFormatError, match="the image in memory is a damaged image: its tags claim"):
        load_img(io.BytesIO(b"II*\0\x08\0\0\0" + tags + bytes(4_000_000)))
    with pytest.raises(ConfigurationError, match=r"io\.BytesIO with its bytes, but got ndarray"):
        load_img(PIXELS)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="no color_mode named 'grey'"):
        load_img(photo, color_mode="grey")
    with pytest.raises(UnknownNameError, match="Did you mean 'bilinear'"):
        load_img(photo, target_size=(2, 2), interpolation="bilinea")


def test_channels_first_is_a_transposed_image() -> None:
    original = Image.fromarray(PIXELS)
    first = img_to_array(original, data_format="channels_first", dtype="uint8")
    np.testing.assert_array_equal(first, PIXELS.transpose(2, 0, 1))
    assert img_to_array(original.convert("L"), data_format="channels_first").shape == (1, 5, 8)
    np.testing.assert_array_equal(array_to_img(first, "channels_first", scale=False), original)
    with pytest.raises(UnknownNameError, match="no data_format named 'first'"):
        img_to_array(original, data_format="first")


def test_values_are_stretched_or_have_to_fit() -> None:
    found = np.asarray(array_to_img([[[-1.0], [0.0], [3.0]]]))
    assert found.tolist() == [[0, 63, 255]]
    assert np.asarray(array_to_img(np.full((1, 2, 3), 7.0))).tolist() == [[[0, 0, 0]] * 2]
    assert np.asarray(array_to_img(PIXELS + 0.9, scale=False)).tolist() == PIXELS.tolist()
    assert array_to_img(np.full((1, 1, 1), 70_000.0), scale=False).getpixel((0, 0)) == 70_000
    with pytest.raises(DataError, match=r"0 to 255, but got -3 to 256\.5"):
        array_to_img(np.array([[[-3.0, 0.0, 256.5]]]), scale=False)
    with pytest.raises(DataError, match="NaN or infinite"):
        array_to_img(np.full((1, 1, 3), np.nan))


@pytest.mark.parametrize("shape", [(4, 4), (1, 4, 4, 3), (4, 4, 2), (0, 4, 3)])
def test_what_is_no_image_is_said(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"array_to_img takes one image.*got an array of shape"):
        array_to_img(np.zeros(shape))


def test_images_are_written_in_the_format_of_their_ending(tmp_path: Path) -> None:
    for ending, form in (("png", "PNG"), ("jpg", "JPEG"), ("JPEG", "JPEG"), ("tif", "TIFF"), ("bmp", "BMP")):
        save_img(tmp_path / f"image.{ending}", PIXELS, scale=False)
        with Image.open(tmp_path / f"image.{ending}") as image:
            assert image.format == form
    kept = io.BytesIO()
    save_img(kept, PIXELS, file_format="png", scale=False)
    np.testing.assert_array_equal(np.asarray(load_img(kept)), PIXELS)
    save_img(tmp_path / "rough.jpg", PIXELS, quality=1)
    assert (tmp_path / "rough.jpg").stat().st_size < (tmp_path / "image.jpg").stat().st_size
    with pytest.raises(ConfigurationError, match=r"image format '\.xyz'"):
        save_img(tmp_path / "image.xyz", PIXELS)
    with pytest.warns(ConvoscopeWarning, match="JPEG has no transparency"):
        save_img(tmp_path / "clear.jpg", np.zeros((2, 2, 4)))
