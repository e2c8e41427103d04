"""An image is the same wherever it comes from."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

import convoscope as cs
from convoscope.errors import ConfigurationError, DataError, FileFormatError, ShapeError

FORM = cs.Preprocessing(16, channels=3)
GREY = cs.Preprocessing(16, channels=1)


def noise(*shape: int) -> Any:
    return np.random.default_rng(4).integers(0, 256, shape, np.uint8)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A JPEG that is much larger than needed, and to be turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise(9, 12, 3)).resize((300, 200)).save(tmp_path / "photo.jpg", exif=exif)
    return tmp_path / "photo.jpg"


def test_path_bytes_file_and_opened_image_are_one(photo: Path) -> None:
    expected = FORM.prepare(photo)
    assert expected.name == str(photo)
    with open(photo, "rb") as file, Image.open(photo) as opened:
        for given in (str(photo), photo.read_bytes(), memoryview(photo.read_bytes()), file, opened, opened):
            assert np.array_equal(FORM.prepare(given).pixels, expected.pixels)
        assert np.asarray(opened).shape == (200, 300, 3), "it is as it was"


def test_an_image_that_was_read_is_turned_as_its_file_says(photo: Path) -> None:
    with Image.open(photo) as image:
        image.load()
        found = FORM.prepare(image).pixels
        expected = FORM.prepare(ImageOps.exif_transpose(image)).pixels
    assert np.array_equal(found, expected)
    assert np.abs(found.astype(int) - FORM.prepare(photo).pixels).mean() < 4, "but for the scale of decoding"


def test_of_an_image_that_was_changed_the_pixels_count(photo: Path) -> None:
    with Image.open(photo) as image:
        changed = image.convert("RGB").crop((0, 0, 200, 200))
    assert "exif" in changed.info, "Pillow takes it along"
    assert np.array_equal(FORM.prepare(changed).pixels, FORM.prepare(np.asarray(changed)).pixels)


def test_another_frame_is_that_frame(tmp_path: Path) -> None:
    frames = [Image.new("L", (16, 16), value) for value in (10, 200)]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "two.gif") as image:
        assert (GREY.prepare(image).pixels == 10).all()
        image.seek(1)
        assert (GREY.prepare(image).pixels == 200).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_a_made_image_is_what_its_file_is(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(noise(30, 20))
    image = Image.fromarray(noise(30, 20).astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    image.save(tmp_path / "image.tiff")
    for form in (FORM, GREY):
        assert np.array_equal(form.prepare(image).pixels, form.prepare(tmp_path / "image.tiff").pixels)


def test_arrays_are_images_of_their_values() -> None:
    grey, colour = noise(20, 30), noise(20, 30, 3)
    for array, image in ((grey, Image.fromarray(grey)), (colour, Image.fromarray(colour))):
        expected = FORM.prepare(image).pixels
        same = (array, array.astype(np.int64), array.astype(np.float32), array / 255, array.astype(np.uint16) * 257)
        for given in same:
            assert np.array_equal(FORM.prepare(given).pixels, expected), given.dtype
    assert np.array_equal(FORM.prepare(grey[..., None]).pixels, FORM.prepare(grey).pixels)
    assert np.array_equal(FORM.prepare(grey > 99).pixels, FORM.prepare((grey > 99).astype(np.uint8) * 255).pixels)
    transparent = np.concatenate([colour, np.zeros((20, 30, 1), np.uint8)], axis=2)
    assert (FORM.prepare(transparent).pixels == 0).all()


def test_an_array_in_the_models_form_is_taken_as_it_is() -> None:
    cut = cs.Preprocessing(16, fit="crop", resize=20)
    own = noise(16, 16, 3)
    assert np.array_equal(cut.prepare(own).pixels, own)
    assert not np.array_equal(cut.prepare(Image.fromarray(own)).pixels, own), "an image is resized and cut"
    digits = cs.Preprocessing(8, channels=1, max_value=16)
    known = noise(8, 8) % 17
    for given in (known, known[..., None], known.astype(np.float64)):
        assert np.array_equal(digits.prepare(given).pixels, known[..., None])
    light = np.full((8, 8), 255, np.uint8)
    assert (digits.prepare(light).pixels == 16).all(), "an image of 8 bits"
    unit = cs.Preprocessing(8, channels=1, max_value=1)
    shares = noise(8, 8) / np.float32(255)
    assert np.array_equal(unit.prepare(shares).pixels, shares[..., None])
    assert np.array_equal(unit.prepare(noise(8, 8)).pixels[..., 0], shares)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (np.zeros((4, 4, 7)), ShapeError, r"shape \(4, 4, 7\)"),
        (np.zeros(9), ShapeError, r"shape \(9,\)"),
        (np.zeros((0, 4)), ShapeError, r"\(0, 4\)"),
        (np.full((4, 4), np.nan), DataError, "NaN or infinite"),
        (np.full((4, 4), -1.0), DataError, "from -1 to -1"),
        (np.full((4, 4), 1e6), DataError, "1e\\+06"),
        (np.full((4, 4), "a"), DataError, "type <U1"),
        (7, ConfigurationError, "int"),
        (b"", FileFormatError, "empty"),
        (b"hello", FileFormatError, "not an image"),
    ],
)
def test_what_is_no_image_is_told_by_its_number(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=rf"image 1.*{message}"):
        FORM.prepare_all([np.zeros((4, 4)), given])


def test_many_are_prepared_in_order_and_asked_for_as_they_are_taken(tmp_path: Path) -> None:
    asked: list[int] = []

    def images() -> Iterator[bytes]:
        for number in range(200):
            asked.append(number)
            file = io.BytesIO()
            Image.new("L", (20 + number % 7, 20), number).save(file, "PNG")
            yield file.getvalue()

    before = threading.active_count()
    each = GREY.prepare_each(images(), threads=3)
    assert [next(each).pixels.max() for _ in range(5)] == list(range(5))  # type: ignore[union-attr]
    assert len(asked) <= 5 + 4 * 3
    each.close()  # type: ignore[attr-defined]
    assert threading.active_count() <= before
    asked.clear()
    found = GREY.prepare_all(images(), threads=2)
    assert found.shape == (200, 16, 16, 1)
    assert found.dtype == np.uint8
    assert found[:, 8, 8, 0].tolist() == list(range(200))
    assert GREY.prepare_all([]).shape == (0, 16, 16, 1)


def test_it_is_kept_in_a_file_and_earlier_ones_open() -> None:
    whole = cs.Preprocessing(
        (20, 30), channels=1, fit="crop", resize=24, interpolation="bicubic", max_value=16, edge=0.2, background=255
    )
    assert cs.Preprocessing.from_dict(whole.as_dict()) == whole
    assert repr(whole).startswith("Preprocessing((20, 30), channels=1, fit='crop', resize=24")
    earlier = {"height": 8, "width": 6, "channels": 1, "max_value": 16, "scale": 1 / 16, "edge": 0.02}
    found = cs.Preprocessing.from_dict(earlier)
    assert (found.shape, found.fit, found.interpolation, found.max_value) == ((8, 6, 1), "letterbox", "bilinear", 16)
    with pytest.raises(ConfigurationError, match="lacks 'height'"):
        cs.Preprocessing.from_dict({"width": 8})
