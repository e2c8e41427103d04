"""image_dataset_from_directory, held to Keras': files, order, splits, labels, types and pixels."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.data.folder import CASES, PLAIN, SEEDED, batches, make, types

import convoscope as cs
from convoscope.data.images import pixels
from convoscope.data.resampling import resized
from convoscope.errors import (
    ConfigurationError,
    DataError,
    FileFormatError,
    MissingFileError,
    ShapeError,
    UnknownNameError,
)

VALUES: dict[str, Any] = json.loads(
    gzip.decompress((Path(__file__).parent / "image_directory_values.json.gz").read_bytes())
)
load = cs.utils.image_dataset_from_directory


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("images")
    make(made)
    return made


@pytest.mark.parametrize("case", [*CASES, *SEEDED])
def test_files_and_their_order_are_keras(folder: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = VALUES[case]
    made = load(folder, **{**CASES, **SEEDED}[case])
    parts = made if isinstance(made, list) else [made]
    assert [[str(Path(path).relative_to(folder)) for path in part.file_paths] for part in parts] == expected["files"]
    assert parts[0].class_names == expected["class_names"]
    assert capsys.readouterr().out == expected["printed"]


@pytest.mark.parametrize("case", CASES)
def test_images_and_labels_are_keras(folder: Path, case: str) -> None:
    made = load(folder, **CASES[case])
    parts = made if isinstance(made, list) else [made]
    assert types(parts[0]) == VALUES[case]["types"]
    for part, expected in zip(parts, VALUES[case]["batches"], strict=True):
        found = batches(part)
        assert len(part) == len(expected)
        assert [labels for _, labels in found] == [labels for _, labels in expected]
        for (images, _), (known, _) in zip(found, expected, strict=True):
            # Keras' numbers are rounded to three digits; sums of many floats differ in the last ones.
            np.testing.assert_allclose(np.array(images), np.array(known), atol=0.002, rtol=1e-5)


def test_shuffled_images_keep_their_labels(folder: Path) -> None:
    plain = load(folder, **PLAIN)
    pairs = {images.tobytes(): int(label) for images, label in plain.unbatch().as_numpy_iterator()}
    shuffled = load(folder, **{**PLAIN, "shuffle": True, "seed": 4})
    orders = []
    for _ in range(2):
        found = list(shuffled.unbatch().as_numpy_iterator())
        assert {images.tobytes(): int(label) for images, label in found} == pairs
        orders.append([images.tobytes() for images, _ in found])
    assert orders[0] != orders[1]


def test_grey_is_weighed_as_libpng_weighs_it(tmp_path: Path) -> None:
    colours = np.random.default_rng(5).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    assert pixels(tmp_path / "a.png", 1)[..., 0].tolist() == VALUES["grey"]


def test_sixteen_bits_become_eight_and_jpeg_comes_near(tmp_path: Path) -> None:
    deep = np.array([[0, 255, 256, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert pixels(tmp_path / "deep.png", 1)[..., 0].tolist() == [[0, 0, 1, 255]]
    assert pixels(tmp_path / "deep.png", 3).shape == (1, 4, 3)
    y, x = np.mgrid[:40, :40]
    smooth = np.stack([4 * x, 4 * y, 2 * (x + y)], -1).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "photo.jpg", quality=95)
    assert np.abs(pixels(tmp_path / "photo.jpg", 3).astype(int) - smooth).max() < 8
    grey = smooth @ np.array([0.299, 0.587, 0.114])
    assert np.abs(pixels(tmp_path / "photo.jpg", 1)[..., 0] - grey).max() < 4


@pytest.mark.parametrize("kind", ["bilinear", "nearest", "bicubic", "area", "lanczos3"])
def test_an_image_of_that_size_stays_as_it_is(kind: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    assert resized(image, 6, 7, kind) == pytest.approx(image, abs=1e-3)


def test_models_train_on_a_folder(folder: Path) -> None:
    train, validation = load(folder, **PLAIN | {"validation_split": 0.3, "subset": "both"})
    model = cs.Sequential([cs.layers.Rescaling(1 / 255), cs.layers.Flatten(), cs.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(train, validation_data=validation, epochs=2, verbose=0).history
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert model.predict(validation, verbose=0).shape == (2, 3)


def test_a_bad_file_is_named_with_its_batch(folder: Path, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "dogs" / "2.png").write_bytes(b"not an image at all, but text")
    dataset = load(tmp_path, **PLAIN)
    with pytest.raises(FileFormatError, match=r"2\.png"):
        list(dataset)
    model = cs.Sequential([cs.Input((4, 5, 3)), cs.layers.Flatten(), cs.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(DataError, match=r"^fit, batch 2: the data raised FileFormatError: .*2\.png"):
        model.fit(dataset, verbose=0)
    assert model.optimizer.iterations == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"labels": "guessed"}, ConfigurationError, "labels must be 'inferred'"),
        ({"labels": [0, 1]}, ShapeError, "has 8 files, but there are 2 labels"),
        ({"label_mode": "many"}, ConfigurationError, "label_mode must be"),
        (
            {"label_mode": "binary"},
            ConfigurationError,
            "needs exactly two classes, but there are 4: cats, dogs, eels, grey",
        ),
        ({"class_names": ["cats", "cows"]}, ConfigurationError, "It contains 'cats', 'dogs', 'eels', 'grey', but"),
        (
            {"class_names": ["cats"], "labels": None},
            ConfigurationError,
            "class_names can be used only with labels='inferred'",
        ),
        ({"class_names": ["grey"]}, DataError, "no images in"),
        ({"color_mode": "cmyk"}, UnknownNameError, "color_mode"),
        ({"interpolation": "sinc"}, UnknownNameError, "interpolation"),
        ({"image_size": (1, 2, 3)}, ConfigurationError, "image_size must be"),
        ({"image_size": 0}, ConfigurationError, "image_size must be at least 1"),
        ({"batch_size": 0}, ConfigurationError, "batch_size must be at least 1"),
        ({"validation_split": 0.2}, ConfigurationError, "validation_split and subset need each other"),
        ({"validation_split": 2, "subset": "both"}, ConfigurationError, "between 0 and 1"),
        ({"validation_split": 0.2, "subset": "test"}, ConfigurationError, "subset must be"),
        ({"validation_split": 0.2, "subset": "both", "shuffle": True}, ConfigurationError, "need a seed"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, ConfigurationError, "can be True"),
        ({"data_format": "last"}, UnknownNameError, "data_format"),
        ({"format": "grain"}, ConfigurationError, "format must be 'tf'"),
    ],
)
def test_what_cannot_be_meant_is_said(
    folder: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        load(folder, **{**PLAIN, **options})
    with pytest.raises(MissingFileError, match="There is no folder"):
        load(folder / "nowhere")


def test_links_are_followed_if_asked_for(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "linked").symlink_to(folder / "cats")
    with pytest.raises(DataError, match="no images"):
        load(tmp_path, verbose=False)
    assert len(load(tmp_path, verbose=False, follow_links=True).file_paths) == 3
