"""Folders of images, a class each: what is loaded, in which order, and what is said of the rest."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.datasets.folder.conftest import fill, picture

from convoscope import datasets
from convoscope.datasets import FolderDataset
from convoscope.datasets.images import sources
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.datasets.registry import source
from convoscope.errors import ConfigurationError, DataError, MissingFileError, UnknownNameError
from convoscope.layers import Dense, Flatten, Rescaling
from convoscope.models import Sequential
from convoscope.training.data import check_inputs

Load = Callable[..., FolderDataset]


def test_images_and_labels_come_as_they_are_in_the_files(load: Load, images: Path) -> None:
    data = load(images, validation_split=0.2, test_split=0.1)
    assert (len(data.y_train), len(data.y_val), len(data.y_test)) == (14, 4, 2)
    assert data.class_names == ("cat", "dog")
    parts = ((data.x_train, data.y_train, data.train_files), (data.x_val, data.y_val, data.val_files))
    for x, y, files in (*parts, (data.x_test, data.y_test, data.test_files)):
        for pixels, label, name in zip(x, y, files, strict=True):
            assert np.array_equal(pixels[..., 0], np.asarray(Image.open(images / name)))
            assert data.class_names[label] == name.split("/")[0]
    assert {*data.train_files, *data.val_files, *data.test_files} == {
        f"{name}/{i}.png" for name in ("cat", "dog") for i in range(10)
    }


@pytest.mark.parametrize("tests", [0.0, 0.2])
def test_every_file_has_the_digest_of_its_bytes(
    load: Load, images: Path, monkeypatch: pytest.MonkeyPatch, tests: float
) -> None:
    monkeypatch.setattr(sources, "_KEPT", 510)  # some files are read whole, and some in pieces
    sizes = {path.stat().st_size for path in images.rglob("*.png")}
    assert min(sizes) < 510 < max(sizes)
    (images / "cat" / "bad.png").write_text("bad")
    for _ in range(2):  # decoded, and from the cache
        data = load(images, validation_split=0.3, test_split=tests)
        parts = {
            "train": (data.train_files, data.train_digests, data.y_train),
            "validation": (data.val_files, data.val_digests, data.y_val),
            "test": (data.test_files, data.test_digests, data.y_test),
        }
        if not tests:
            assert parts.pop("test")[:2] == parts["validation"][:2]
        listed = {each["file"]: each for each in data.record()["files"]}
        assert len(listed) == 20
        for part, (files, digests, labels) in parts.items():
            for name, digest, label in zip(files, digests, labels, strict=True):
                assert digest == hashlib.sha256((images / name).read_bytes()).hexdigest()
                assert listed[name] == {
                    "file": name,
                    "class": data.class_names[label],
                    "part": part,
                    "sha256": digest,
                }


def test_every_damage_is_named_and_nothing_is_deleted(load: Load, images: Path) -> None:
    whole = (images / "cat" / "0.png").read_bytes()
    jpeg = images / "dog" / "whole.jpg"
    picture(77, (200, 200)).save(jpeg)
    cut = jpeg.read_bytes()
    jpeg.unlink()
    damage = {
        "cat/cut.png": (whole[:-40], "is a damaged or unreadable image: image file is truncated"),
        "cat/half.jpg": (cut[: len(cut) // 2], "is a damaged or unreadable image: image file is truncated"),
        "dog/nothing.png": (b"", "is empty: it has 0 bytes"),
        "dog/text.png": (b"no image", "is not an image of a known format, such as PNG or JPEG"),
        "dog/zeros.png": (whole[:45] + bytes(len(whole) - 45), "is a damaged or unreadable image: broken data"),
    }
    for name, (content, _) in damage.items():
        (images / name).write_bytes(content)
    data = load(images)
    assert data.report.skipped.keys() == damage.keys()
    for name, (content, reason) in damage.items():
        assert data.report.skipped[name].startswith(reason)
        assert (images / name).read_bytes() == content
    assert data.report.images == 20
    assert f"  dog/nothing.png: {damage['dog/nothing.png'][1]}" in list(data.report.lines())


def test_images_of_other_modes_are_converted_and_counted(load: Load, images: Path) -> None:
    grey = np.arange(24 * 24, dtype=np.uint8).reshape(24, 24)
    upright = Image.fromarray(grey)
    folder = images / "cat"
    upright.convert("P").save(folder / "palette.png")
    upright.convert("RGBA").save(folder / "alpha.png")
    upright.convert("CMYK").save(folder / "print.tiff")
    Image.fromarray(grey.astype(np.uint16) * 257).save(folder / "deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    upright.transpose(Image.Transpose.ROTATE_90).save(folder / "lying.png", exif=exif)
    data = load(images, validation_split=0, test_split=0)
    for name in ("palette.png", "alpha.png", "deep.png", "lying.png", "print.tiff"):
        found = data.x_train[data.train_files.index(f"cat/{name}")][..., 0]
        assert np.abs(found.astype(int) - grey).max() <= (1 if name == "print.tiff" else 0), name
    for what in ("palette", "colour with alpha", "CMYK", "16-bit grey"):
        assert data.report.converted[f"{what} converted"] == 1
    assert data.report.converted["rotated according to its EXIF orientation"] == 1


@pytest.mark.parametrize(
    "options", [{"fit": "crop"}, {"fit": "crop", "resize": 20, "interpolation": "bicubic"}, {"fit": "stretch"}]
)
def test_the_way_into_the_size_is_kept_apart_and_taken_along(
    tmp_path: Path, load: Load, options: dict[str, Any]
) -> None:
    wide = fill(tmp_path / "wide", {"cat": 8, "dog": 8}, size=(40, 24))
    usual = load(wide, image_size=16)
    assert "fit" in usual.preprocessing
    data = load(wide, image_size=16, **options)
    assert len(list((tmp_path / "cache").glob("wide-*/*/images.npy"))) == 2
    assert not np.array_equal(data.x_train, usual.x_train)
    assert load(wide, image_size=16).x_train.tobytes() == usual.x_train.tobytes()
    preprocessing = Preprocessing.from_dict(data.preprocessing)
    assert preprocessing.as_dict() | options == preprocessing.as_dict()
    assert np.array_equal(preprocessing.prepare_all(wide / name for name in data.train_files), data.x_train)
    again = source(str(wide)).load_to_test(tmp_path / "other", data.preprocessing)
    assert np.array_equal(again.x_test, preprocessing.prepare_all(wide / name for name in again.test_files))


def test_a_way_that_cannot_be_meant_is_told(load: Load, images: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'crop'"):
        load(images, fit="crops")
    with pytest.raises(ConfigurationError, match="give image_size too"):
        load(images, fit="crop", resize=20)


def test_predicting_reads_an_image_as_training_did(tmp_path: Path, load: Load) -> None:
    folder = fill(tmp_path / "images", {"a": 4, "b": 4}, size=(300, 210), mode="RGB")
    picture(99, (1000, 400), "RGB").save(folder / "a" / "large.jpg")
    Image.new("RGBA", (90, 80), (200, 10, 90, 100)).save(folder / "b" / "clear.png")
    data = load(folder, validation_split=0, test_split=0)
    for name, pixels in zip(data.train_files, data.x_train, strict=True):
        assert np.array_equal(Preprocessing.from_dict(data.preprocessing).prepare(folder / name).pixels, pixels), name


def test_an_empty_class_is_reported_and_no_class_of_the_model(load: Load, images: Path) -> None:
    (images / "bird").mkdir()
    (images / "elk").mkdir()
    (images / "elk" / "1.png").write_bytes(b"")
    data = load(images)
    assert data.class_names == ("cat", "dog")
    assert data.report.empty_classes == ["bird", "elk"]
    assert "left out for lack of training images: bird, elk" in list(data.report.lines())


def test_a_rare_class_is_said_and_weighed(tmp_path: Path, load: Load) -> None:
    data = load(fill(tmp_path / "images", {"common": 50, "rare": 10}), validation_split=0.1, test_split=0.1)
    assert data.report.counts == {"common": (40, 5, 5), "rare": (8, 1, 1)}
    assert data.report.imbalance == 5
    assert data.report.class_weight == "auto"
    assert any(
        line.startswith("rare is rare: 8 training images, compared with 40 of common") for line in data.report.lines()
    )
    assert load(fill(tmp_path / "even", {"a": 10, "b": 10})).report.class_weight is None


def test_near_duplicates_are_in_one_part(tmp_path: Path, load: Load) -> None:
    folder = fill(tmp_path / "images", {"a": 30, "b": 30}, size=(64, 64))
    for name in "ab":
        for i in range(30):
            Image.open(folder / name / f"{i}.png").save(folder / name / f"again{i}.jpg", quality=70)
    for seed in range(3):
        data = load(folder, validation_split=0.2, test_split=0.2, seed=seed)
        assert (len(data.x_train), len(data.x_val), len(data.x_test)) == (72, 24, 24)
        assert data.report.duplicates == 60
        for files in (data.train_files, data.val_files, data.test_files):
            originals = {name.replace("again", "").replace("jpg", "png") for name in files}
            assert len(originals) * 2 == len(files)


def test_parts_that_are_given_are_kept(tmp_path: Path, load: Load) -> None:
    for number, part in enumerate(("train", "valid", "test")):
        fill(tmp_path / "images" / part, {"a": 4 - number, "b": 4 - number})
    fill(tmp_path / "images" / "test", {"c": 1})
    data = load(tmp_path / "images")
    assert {name.split("/")[0] for name in data.train_files} == {"train"}
    assert {name.split("/")[0] for name in data.val_files} == {"valid"}
    assert {name.split("/")[0] for name in data.test_files} == {"test"}
    assert data.report.counts == {"a": (4, 3, 2), "b": (4, 3, 2)}
    assert data.report.skipped == {"test/c/0.png": "its class has no training image"}
    assert any("are near-duplicates of training images" in note for note in data.report.notes)


def test_parts_that_are_missing_are_drawn_or_said(tmp_path: Path, load: Load) -> None:
    fill(tmp_path / "one" / "train", {"a": 10, "b": 10})
    fill(tmp_path / "one" / "test", {"a": 2, "b": 2})
    drawn = load(tmp_path / "one", validation_split=0.2)
    assert (len(drawn.x_train), len(drawn.x_val), len(drawn.x_test)) == (16, 4, 4)
    fill(tmp_path / "two" / "train", {"a": 10, "b": 10})
    fill(tmp_path / "two" / "val", {"a": 2, "b": 2})
    lent = load(tmp_path / "two")
    assert lent.test_files == lent.val_files
    assert np.array_equal(lent.x_test, lent.x_val)
    assert (lent.test_part, lent.test_subject) == ("validation", "the validation images of two")
    assert any(note.startswith("there are no test images") for note in lent.report.notes)


def test_a_table_is_loaded(tmp_path: Path, load: Load, images: Path) -> None:
    rows = [(f"images/{name}/{i}.png", name.upper()) for name in ("dog", "cat") for i in range(10)]
    with open(tmp_path / "table.csv", "w", newline="") as file:
        csv.writer(file).writerows([("path", "label"), *rows, ("images/gone.png", "CAT")])
    data = load(tmp_path / "table.csv")
    assert data.class_names == ("CAT", "DOG")
    assert data.info.name == "table"
    assert data.report.skipped == {"images/gone.png": "there is no such file"}
    assert np.array_equal(data.x_train[0][..., 0], np.asarray(Image.open(tmp_path / data.train_files[0])))


def test_progress_counts_the_files(load: Load, images: Path) -> None:
    seen: list[tuple[int, int | None, str]] = []
    load(images, progress=lambda *args: seen.append(args))
    assert seen == [(i + 1, 20, "images read") for i in range(20)]


def test_a_path_may_be_bytes(load: Callable[..., FolderDataset], images: Path) -> None:
    assert load(os.fsencode(images)).train_files == load(images).train_files


def test_errors_say_what_to_do(tmp_path: Path, load: Load, images: Path) -> None:
    with pytest.raises(MissingFileError, match="There is no folder or CSV file"):
        load(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"a classifier needs two\. Create a subfolder for each class"):
        load(fill(tmp_path / "single", {"only": 3}))
    fill(tmp_path / "outer" / "inner", {"cat": 3, "dog": 3})
    with pytest.raises(DataError, match=rf"the subfolders of inner, train on {tmp_path}/outer/inner\.$"):
        load(tmp_path / "outer")
    with pytest.raises(DataError, match=r"a classifier needs two\. 10 images are excluded, as you asked\."):
        load(images, exclude=[f"dog/{i}.png" for i in range(10)])
    (tmp_path / "empty" / "a").mkdir(parents=True)
    with pytest.raises(DataError, match="0 files in 1 classes, but none of them is a readable image"):
        load(tmp_path / "empty")
    (table := tmp_path / "table.csv").write_text("path,label\nC:\\photos\\1.png,a\n2.png,b\n")
    with pytest.raises(DataError, match=r"The first of them, C:\\photos\\1\.png: there is no such file"):
        load(table)
    shutil.copytree(images, tmp_path / "half")
    for path in (tmp_path / "half" / "dog").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"10 files cannot be read, the first of them dog/0.png: is empty"):
        load(tmp_path / "half")
    for seed in (-1, 1.5, "0"):
        with pytest.raises(ConfigurationError, match="seed"):
            load(images, seed=seed)
    with pytest.raises(ConfigurationError, match="A path must be a string"):
        datasets.from_folder(None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="validation_split must be at least 0"):
        load(images, validation_split=1.5)


def test_the_model_takes_the_mapped_images_without_a_copy(load: Load, images: Path) -> None:
    data = load(images)
    assert isinstance(data.x_train, np.memmap)
    assert np.shares_memory(check_inputs(data.x_train, data.info.image_shape, "fit"), data.x_train)
    model = Sequential([Rescaling(1 / 255, input_shape=data.info.image_shape), Flatten(), Dense(2, "softmax")], seed=1)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.class_names, model.preprocessing = list(data.class_names), data.preprocessing
    validation = (data.x_val, data.y_val)
    model.fit(data.x_train, data.y_train, epochs=2, validation_data=validation, class_weight="auto", verbose=0)
    assert model.predict(data.x_test, verbose=0).shape == (2, 2)


def test_a_folder_is_a_data_set_by_its_path(tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = datasets.load("images", tmp_path / "data")
    assert isinstance(data, FolderDataset)
    info = datasets.info("images", tmp_path / "data")
    assert info == data.info
    assert (info.name, info.where, info.train_count, info.test_count) == ("images", str(images), 16, 2)
    assert (tmp_path / "data" / "folders").is_dir()
    (tmp_path / "digits").mkdir()
    assert datasets.info("digits").where == "bundled", "a known name is that data set, whatever lies about"
    with pytest.raises(UnknownNameError):
        datasets.load("imagez")
    with pytest.raises(MissingFileError):
        datasets.load("./imagez")


def test_the_report_can_be_kept_in_a_file(load: Load, images: Path) -> None:
    report = load(images).report
    kept = json.loads(json.dumps(report.as_dict()))
    assert kept["counts"] == {"cat": [8, 1, 1], "dog": [8, 1, 1]}
    assert (kept["images"], kept["imbalance"], kept["form"]["height"]) == (20, 1.0, 24)


def test_a_path_that_no_system_has_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="too long"):
        datasets.from_folder(tmp_path / ("a" * 5_000))
