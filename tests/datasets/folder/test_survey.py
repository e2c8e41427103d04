from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.datasets.folder.conftest import fill, picture

from convoscope.datasets import FolderDataset
from convoscope.datasets.folder import survey
from convoscope.errors import ConfigurationError, UnknownNameError

Load = Callable[..., FolderDataset]


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((28, 28), (28, 28, 1)),  # kept
        ((20, 30), (30, 20, 1)),  # kept, upright
        ((500, 500), (64, 64, 1)),
        ((160, 120), (64, 85, 1)),  # proportions kept: 64 × 160 / 120
        ((120, 160), (85, 64, 1)),
        ((300, 100), (64, 64, 1)),  # too long for that
        ((100, 50), (48, 96, 1)),
    ],
)
def test_images_of_one_size_keep_it_or_their_proportions(
    tmp_path: Path, load: Load, size: tuple[int, int], shape: tuple[int, int, int]
) -> None:
    data = load(fill(tmp_path / "images", {"a": 3, "b": 3}, size=size))
    assert data.x_train.shape[1:] == data.info.image_shape == shape


def test_images_of_mixed_sizes_become_squares_that_half_of_them_have(tmp_path: Path, load: Load) -> None:
    folder = fill(tmp_path / "images", {"a": 1, "b": 1})
    for i, size in enumerate([(40, 90), (50, 50), (300, 55), (20, 20)]):
        picture(50 + i, size).save(folder / "a" / f"x{i}.png")
    data = load(folder)  # shorter sides 20, 24, 24, 40, 50, 55: the median is 32
    assert data.info.image_shape == (32, 32, 1)
    assert "20 to 55 pixels, half 32 or more" in data.report.form.size_reason


def test_colour_is_kept_where_images_have_it(tmp_path: Path, load: Load) -> None:
    colour = load(fill(tmp_path / "colour", {"a": 5, "b": 5}, mode="RGB"))
    assert colour.info.image_shape[2] == 3
    assert colour.report.form.colour_reason == "10 of 10 images examined have colour"
    grey = tmp_path / "grey"
    for name in "ab":
        (grey / name).mkdir(parents=True)
        for i in range(5):
            picture(i + ord(name)).convert("RGB").save(grey / name / f"{i}.jpg")
    assert load(grey).info.image_shape[2] == 1, "stored as colour, and grey"


@pytest.mark.parametrize("coloured", [0, 1, 2, 3, 20])
def test_a_short_look_finds_what_the_whole_survey_finds(tmp_path: Path, coloured: int) -> None:
    folder = fill(tmp_path / "images", {"a": 20 - coloured}, size=(90, 70))
    if coloured:
        fill(folder, {"b": coloured}, size=(70, 90), mode="RGB")
    broken = folder / "a" / "broken.png"
    broken.write_bytes(b"no image")
    paths = sorted(folder.rglob("*.png"))
    with ThreadPoolExecutor() as executor:
        form = survey.choose_form(paths, None, None, executor)
    assert form is not None
    assert survey.likely_size(paths) == (form.height, form.width)
    assert survey.in_colour(paths) == (form.channels == 3)
    assert survey.likely_size([broken]) is None
    assert survey.in_colour([broken]) is None


def test_photos_in_colour_are_told_by_a_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "images", {"a": 40}, mode="RGB")
    read: list[object] = []
    whole = survey.read_colours
    monkeypatch.setattr(survey, "read_colours", lambda *given: read.append(given) or whole(*given))
    assert survey.in_colour(sorted(folder.rglob("*.png")))
    assert len(read) == 3  # more than a twentieth of forty


def test_what_is_asked_for_is_taken(tmp_path: Path, load: Load, images: Path) -> None:
    data = load(images, image_size=(16, 20), color_mode="rgb")
    assert data.x_train.shape[1:] == (16, 20, 3)
    assert data.report.form.size_reason == data.report.form.colour_reason == "asked for"
    assert load(images, image_size=12).x_train.shape[1:] == (12, 12, 1)


@pytest.mark.parametrize("size", [0, 7, 5000, (32,), (32, "32"), 32.0, "32"])
def test_sizes_that_cannot_be_meant_are_refused(load: Load, images: Path, size: Any) -> None:
    with pytest.raises(ConfigurationError, match="image_size must be a side or"):
        load(images, image_size=size)


def test_an_unknown_colour_mode_is_refused(load: Load, images: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'grayscale'"):
        load(images, color_mode="greyscale")


@pytest.mark.parametrize(("edges", "background"), [(20, 0), (240, 255)])
def test_transparent_parts_become_like_the_others_edges(
    tmp_path: Path, load: Load, edges: int, background: int
) -> None:
    for name in "ab":
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(4):
            Image.new("L", (16, 16), edges + i).save(tmp_path / "images" / name / f"{i}.png")
    Image.new("LA", (16, 16), (128, 0)).save(tmp_path / "images" / "a" / "clear.png")
    data = load(tmp_path / "images", validation_split=0, test_split=0)
    clear = data.x_train[data.train_files.index("a/clear.png")]
    assert (clear == background).all()
    assert data.preprocessing["background"] == background
