from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope.datasets.images.preprocessing import Prepared, Preprocessing
from convoscope.errors import DataError, FileFormatError, MissingFileError

GREY = {"height": 8, "width": 8, "channels": 1, "max_value": 255, "edge": 0.0}
COLOUR = {**GREY, "channels": 3}
DIGITS = {**GREY, "max_value": 16}


def prepare(path: Path, told: dict[str, Any], **options: Any) -> Prepared:
    return Preprocessing.from_dict(told).prepare(path, **options)


def saved(folder: Path, image: Image.Image, name: str = "image.png", **options: Any) -> Path:
    image.save(folder / name, **options)
    return folder / name


def grey(value: int, size: tuple[int, int] = (8, 8)) -> Image.Image:
    return Image.new("L", size, value)


def test_an_image_that_fits_is_taken_pixel_for_pixel(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    prepared = prepare(saved(tmp_path, Image.fromarray(pixels)), GREY)
    assert np.array_equal(prepared.pixels[..., 0], pixels)
    assert prepared.pixels.dtype == np.uint8
    assert prepared.notes == ["read PNG, 8×8, grey"]


def test_values_are_brought_to_those_of_the_training_images(tmp_path: Path) -> None:
    known = np.arange(64, dtype=np.uint8).reshape(8, 8) % 17
    picture = Image.fromarray(np.rint(known * (255 / 16)).astype(np.uint8))
    assert np.array_equal(prepare(saved(tmp_path, picture), DIGITS).pixels[..., 0], known)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"])
@pytest.mark.parametrize("wanted", [GREY, COLOUR])
def test_every_colour_mode_is_read(tmp_path: Path, mode: str, wanted: dict[str, Any]) -> None:
    source = Image.new("L", (12, 9), 128).convert(mode if mode not in ("I;16", "HSV", "LAB") else "L")
    if mode == "I;16":
        source = Image.fromarray(np.full((9, 12), 128 * 257, np.uint16))
    elif mode in ("HSV", "LAB"):
        source = Image.new("RGB", (12, 9), (128, 128, 128))
        source = source.convert("HSV") if mode == "HSV" else Image.merge("LAB", source.split())
    suffix = {"1": "png", "P": "png", "HSV": "png", "YCbCr": "jpg"}.get(mode, "tiff")
    if mode == "HSV":
        source = source.convert("RGB")
    pixels = prepare(saved(tmp_path, source, f"image.{suffix}"), wanted).pixels
    assert pixels.shape == (8, 8, wanted["channels"])


def test_colour_becomes_grey_by_the_usual_weights(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("RGB", (8, 8), (200, 100, 50)))
    # ITU-R 601: 0.299 × 200 + 0.587 × 100 + 0.114 × 50 = 124.2
    assert (prepare(path, GREY).pixels == 124).all()


def test_grey_becomes_three_alike_channels(tmp_path: Path) -> None:
    assert (prepare(saved(tmp_path, grey(77)), COLOUR).pixels == 77).all()


def test_16_bits_become_8(tmp_path: Path) -> None:
    values = np.linspace(0, 65_535, 64).reshape(8, 8).astype(np.uint16)
    prepared = prepare(saved(tmp_path, Image.fromarray(values)), GREY)
    assert np.array_equal(prepared.pixels[..., 0], np.rint(values / 257).astype(np.uint8))
    assert "values scaled from 0..65535 to 0..255" in prepared.notes


def test_a_dark_16_bit_image_stays_dark(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(np.full((8, 8), 200, np.uint16)))
    assert prepare(path, GREY).pixels.max() == 1


def test_floats_from_0_to_1_and_others_are_told_apart(tmp_path: Path) -> None:
    unit = saved(tmp_path, Image.fromarray(np.full((8, 8), 0.5, np.float32)), "unit.tiff")
    assert (prepare(unit, GREY).pixels == 128).all()
    wide = np.full((8, 8), -5.0, np.float32)
    wide[0] = 15
    prepared = prepare(saved(tmp_path, Image.fromarray(wide), "wide.tiff"), GREY)
    assert prepared.pixels[0].max() == 255
    assert prepared.pixels[1].max() == 0
    assert "values -5..15 stretched to 0..255" in prepared.notes


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(np.full((8, 8), np.nan, np.float32)), "nan.tiff")
    with pytest.raises(DataError, match=r"nan\.tiff"):
        prepare(path, GREY)


@pytest.mark.parametrize(("edge", "value"), [(0.0, 0), (0.1, 0), (1.0, 255)])
def test_transparent_parts_are_put_on_what_training_images_have_at_their_edges(
    tmp_path: Path, edge: float, value: int
) -> None:
    path = saved(tmp_path, Image.new("RGBA", (8, 8), (90, 90, 90, 0)))
    prepared = prepare(path, {**GREY, "edge": edge})
    assert (prepared.pixels == value).all()
    assert f"transparent parts put on {'white' if value else 'black'}" in prepared.notes


def test_a_palette_with_a_transparent_colour_is_transparent_there(tmp_path: Path) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([255, 255, 255, 10, 20, 30])
    path = saved(tmp_path, image, transparency=0)
    assert (prepare(path, GREY).pixels == 0).all()


def test_an_image_is_turned_as_its_exif_orientation_says(tmp_path: Path) -> None:
    picture = grey(0)
    picture.paste(255, (0, 0, 8, 2))  # light at the top
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    prepared = prepare(saved(tmp_path, picture, exif=exif), GREY)
    assert (prepared.pixels[:, -2:, 0] == 255).all()  # now at the right
    assert (prepared.pixels[:, :-2, 0] == 0).all()
    assert any("EXIF" in note for note in prepared.notes)


def test_proportions_are_kept_and_edges_filled_in_their_own_colour(tmp_path: Path) -> None:
    wide = Image.new("L", (64, 32), 200)
    wide.paste(10, (24, 8, 40, 24))  # a dark square in the middle
    prepared = prepare(saved(tmp_path, wide), GREY)
    assert (prepared.pixels[:2] == 200).all()
    assert (prepared.pixels[-2:] == 200).all()
    dark = prepared.pixels[..., 0] < 100
    assert dark.any(axis=0).sum() == dark.any(axis=1).sum() == 2


def test_a_square_is_resized_to_the_means_of_its_pixels(tmp_path: Path) -> None:
    pixels = np.kron(np.arange(64).reshape(8, 8), np.ones((4, 4))).astype(np.uint8)
    prepared = prepare(saved(tmp_path, Image.fromarray(pixels)), GREY)
    inner = prepared.pixels[1:-1, 1:-1, 0].astype(int)
    assert (np.abs(inner - np.arange(64).reshape(8, 8)[1:-1, 1:-1]) <= 1).all()


def test_inverting_exchanges_dark_and_light(tmp_path: Path) -> None:
    assert (prepare(saved(tmp_path, grey(255)), GREY, invert=True).pixels == 0).all()


def test_light_paper_where_training_images_are_dark_is_remarked_on(tmp_path: Path) -> None:
    path = saved(tmp_path, grey(240))
    assert "--invert" in str(prepare(path, GREY).hint)
    assert prepare(path, GREY, invert=True).hint is None
    assert prepare(path, {**GREY, "edge": 0.9}).hint is None


def test_the_first_of_several_frames_is_taken(tmp_path: Path) -> None:
    path = saved(tmp_path, grey(50), "a.gif", save_all=True, append_images=[grey(200)])
    prepared = prepare(path, GREY)
    assert (prepared.pixels == 50).all()
    assert "first of several frames used" in prepared.notes


def test_tiny_and_thin_images_are_read(tmp_path: Path) -> None:
    for size in ((1, 1), (1, 500), (500, 1), (3, 2)):
        assert prepare(saved(tmp_path, grey(9, size)), GREY).pixels.shape == (8, 8, 1)


def test_what_is_no_image_is_refused_by_name_and_reason(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"no file .*none\.png"):
        prepare(tmp_path / "none.png", GREY)
    with pytest.raises(MissingFileError, match="is a folder"):
        prepare(tmp_path, GREY)
    for content in (b"", b"hello", b"\x89PNG\r\n\x1a\n"):
        (tmp_path / "bad.png").write_bytes(content)
        with pytest.raises(FileFormatError, match=r"bad\.png"):
            prepare(tmp_path / "bad.png", GREY)


def test_an_image_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    for name in ("a.png", "a.jpg", "a.gif", "a.bmp", "a.tiff", "a.webp"):
        whole = saved(tmp_path, Image.fromarray(noise), name).read_bytes()
        for share in (0.02, 0.3, 0.6, 0.9):
            (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
            with pytest.raises(FileFormatError, match=name):
                prepare(tmp_path / name, GREY)


def test_an_image_of_a_billion_pixels_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, grey(0, (400, 400)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(FileFormatError, match="too many pixels"):
        prepare(path, GREY)


@pytest.mark.parametrize(("usual", "hinted"), [(0.05, True), (0.35, False), (0.6, False)])
def test_only_images_with_plain_edges_get_a_hint_to_be_inverted(usual: float, hinted: bool) -> None:
    """Photos have light edges and dark ones: a daisy before the sky is no negative."""
    white, black = (Image.new("RGB", (30, 20), (value, value, value)) for value in (255, 0))
    hints = [Preprocessing(8, edge=usual).prepare(image).hint for image in (white, black)]
    assert [bool(hint and "invert" in hint) for hint in hints] == [hinted, False]
