"""What cannot be meant is refused before images are read, which can take minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .conftest import Shell

WRONG = (
    ("--model", "mobilenet"),
    ("--model", "dense", "--filters", "8"),
    ("--epochs", "-1"),
    ("--batch-size", "0"),
    ("--optimizer", "lion"),
    ("--augment", "wobble"),
    ("--augment", "dense 3"),
    ("--layers", "conf 32 3, flatten, dense 2 softmax"),
    ("--layers", "flatten, dense 2 softmax", "--model", "dense"),
    ("--lr", "0"),
    ("--recipe", "quick"),
    ("--recipe", "best", "--patience", "3"),
    ("--engine", "gpu"),
    ("--device", "cuda"),
    ("--engine", "native", "--precision", "tf32"),
    ("--threads", "0"),
    ("--seed", "-1"),
    ("--color", "cmyk"),
    ("--image-size", "3"),
    ("--image-size", "big"),
    ("--class-weight", "some"),
    ("--goal-accuracy", "7"),
    ("--pooling", "mean"),
    ("--kernel-size", "0"),
    ("--dropout", "1.5"),
    ("--val", "2"),
    ("--track", "paper"),
    ("--out", "my_photos"),
)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of images that must not be read."""
    from convoscope.datasets.folder import loading

    def read(*args: Any, **options: Any) -> None:
        raise AssertionError("the images were read")

    monkeypatch.setattr(loading, "build", read)
    for name in ("dark", "light"):
        (tmp_path / "my_photos" / name).mkdir(parents=True)
        for i in range(4):
            Image.fromarray(np.full((9, 8), i, np.uint8)).save(tmp_path / "my_photos" / name / f"{i}.png")
    return tmp_path / "my_photos"


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_wrong_option_is_refused_before_images_are_read(shell: Shell, photos: Path, words: tuple[str, ...]) -> None:
    ended = shell("train", "my_photos", *words)
    assert ended.status == 1
    assert "bug in Convoscope" not in ended.err
    assert ended.err.startswith("Error: ")


@pytest.mark.parametrize(
    "words", [("--vary", "model=cnn-2,mobilenet"), ("--vary", "filters=8,0"), ("--search", "--set", "optimizer=lion")]
)
def test_a_wrong_comparison_is_refused_before_images_are_read(
    shell: Shell, photos: Path, words: tuple[str, ...]
) -> None:
    ended = shell("compare", "my_photos", *words)
    assert ended.status == 1
    assert "bug in Convoscope" not in ended.err


def test_what_is_right_comes_to_reading(shell: Shell, photos: Path) -> None:
    ended = shell("train", "my_photos", "--layers", "conv 4 3 relu, flatten, dense 7 softmax", "--epochs", "1")
    assert "the images were read" in ended.err


def test_a_folder_that_is_not_there_is_called_one(shell: Shell, photos: Path) -> None:
    assert "no folder or CSV file 'nosuchdir'" in shell("train", "nosuchdir").err
    assert "Did you mean 'fashion-mnist'?" in shell("train", "fashon-mnist").err
    assert "Did you mean 'my_photos'?" in shell("train", "my_photo").err
    assert "no folder or CSV file ./my_photo" in shell("train", "./my_photo").err
