"""Everything at once: what was planted is found, and bad input is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.quality.pictures import COPIES, pixels, scene

from convoscope.errors import DataError, ShapeError
from convoscope.quality import BACKGROUND, DUPLICATE, LABEL, OUTLIER, examine

NAMES = ["daisy", "roses", "tulips"]


def ordinary(images: int = 60, classes: int = 3, seed: int = 0) -> dict[str, Any]:
    """Pictures of which nothing is wrong, with features and probabilities as a good model has them."""
    generator = np.random.default_rng(seed)
    labels = np.arange(images) % classes
    features = np.eye(classes, 64)[labels] * 4 + generator.normal(0, 0.4, (images, 64))
    probabilities = np.full((images, classes), 0.02) + 0.94 * np.eye(classes)[labels]
    return {
        "features": features.astype(np.float32),
        "labels": labels,
        "probabilities": probabilities / probabilities.sum(axis=1, keepdims=True),
        "images": np.array([pixels(scene(index), 64) for index in range(images)], np.uint8).reshape(-1, 64, 64, 3),
        "files": [f"train/{index}.jpg" for index in range(images)],
        "parts": ["train"] * images,
        "class_names": [f"class {each}" for each in range(classes)] if classes > 3 else NAMES[:classes],
    }


def test_what_is_planted_is_found_and_nothing_else() -> None:
    data = ordinary()
    data["labels"][6] = 1  # daisy is right
    data["images"][10] = pixels(COPIES["mirrored"](scene(40)), 64)  # both are roses
    data["features"][10] = data["features"][40] + 0.01
    data["parts"][40] = "test"
    data["images"][20] = 0
    data["features"][20] = np.eye(64)[50] * 4
    found = examine(**data)
    assert [(each.file, each.label, each.suggestion) for each in found.of(LABEL)] == [("train/6.jpg", "roses", "daisy")]
    assert [each.file for each in found.of(DUPLICATE)] == ["train/10.jpg"]
    assert "train/40.jpg; one is in train, the other in test" in found.of(DUPLICATE)[0].reason
    assert found.of(OUTLIER)[0].file == "train/20.jpg"
    assert "one colour" in found.of(OUTLIER)[0].reason
    assert len(found.of(OUTLIER)) <= 2
    assert found.of(BACKGROUND) == []
    assert [(each.indices, each.kept, each.across) for each in found.copied] == [((10, 40), 40, ("parts",))]
    assert found.notes == []


def test_a_copy_in_two_classes_keeps_the_likelier_label() -> None:
    data = ordinary()
    data["images"][3] = data["images"][1]  # 3 is called daisy, 1 roses, and roses they are
    data["features"][3] = data["features"][1]
    data["probabilities"][3] = data["probabilities"][1]
    (each,) = examine(**data).of(DUPLICATE)
    assert (each.file, each.label, each.suggestion) == ("train/3.jpg", "daisy", "roses")
    assert "at most one of the labels is right" in each.reason


def test_a_background_is_told_of() -> None:
    data = ordinary(90)
    tulips = data["labels"] == 2
    middle = data["images"][:, 12:-12, 12:-12].copy()
    data["images"][tulips] = data["images"][tulips] // 8 + np.array([0, 60, 190], np.uint8)
    data["images"][:, 12:-12, 12:-12] = middle
    found = examine(**data).of(BACKGROUND)
    assert {(each.label, each.suggestion) for each in found} == {("daisy", "tulips"), ("roses", "tulips")}
    assert all("The border of the pictures alone tells" in each.reason for each in found)


def test_a_memory_mapped_file_will_do(tmp_path: Any) -> None:
    data = ordinary(30)
    np.save(tmp_path / "images.npy", data["images"])
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert examine(**{**data, "images": mapped}) == examine(**data)


@pytest.mark.parametrize(("images", "classes"), [(0, 1), (1, 1), (2, 2), (30, 30), (12, 1), (8, 4)])
def test_few_images_or_one_class_are_no_error(images: int, classes: int) -> None:
    data = ordinary(images, classes)
    data["class_names"] = [str(each) for each in range(classes)]
    found = examine(**data)
    assert found.of(LABEL) == []
    assert found.of(DUPLICATE) == []
    assert bool(found.notes) == (images < 10 or images == classes == 30)


def test_all_images_alike_are_one_picture() -> None:
    data = ordinary()
    data["images"][:] = data["images"][0]
    data["features"][:] = 1
    data["probabilities"][:] = 1 / 3
    found = examine(**data)
    assert len(found.of(DUPLICATE)) == 59
    assert found.copied[0].across == ("classes",)
    assert found.of(LABEL) == found.of(OUTLIER) == found.of(BACKGROUND) == []


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"features": np.zeros((59, 4))}, ShapeError, r"features has the shape \(59, 4\), but for 60 files"),
        ({"features": np.zeros(60)}, ShapeError, "features has the shape"),
        ({"labels": np.zeros(59, int)}, ShapeError, "labels has the shape"),
        ({"labels": np.full(60, 3)}, DataError, "from 0 to 2"),
        ({"labels": np.full(60, -1)}, DataError, "from 0 to 2"),
        ({"labels": np.zeros(60)}, DataError, "whole numbers"),
        ({"probabilities": np.zeros((60, 2))}, ShapeError, r"must have the shape \(60, 3\)"),
        ({"probabilities": np.full((60, 3), -0.5)}, DataError, "negative"),
        ({"images": np.zeros((60, 8, 8), np.uint8)}, ShapeError, "1 or 3"),
        ({"images": np.zeros((60, 8, 8, 4), np.uint8)}, ShapeError, "1 or 3"),
        ({"images": np.zeros((60, 8, 8, 3), np.float32)}, DataError, "uint8"),
        ({"parts": ["train"] * 4}, ShapeError, "parts"),
    ],
)
def test_what_does_not_belong_together_is_named(change: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        examine(**{**ordinary(), **change})


@pytest.mark.parametrize("what", ["features", "probabilities"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_named_with_their_file(what: str, value: float) -> None:
    data = ordinary()
    data[what][7, 1] = value
    with pytest.raises(DataError, match=rf"{what} must be finite numbers, but 1 row is not.*train/7\.jpg"):
        examine(**data)
