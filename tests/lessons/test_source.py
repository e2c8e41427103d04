"""The images that trials are trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convoscope import datasets
from convoscope.datasets.idx import write_idx
from convoscope.errors import DownloadError, MissingFileError
from convoscope.lessons import source
from convoscope.lessons.trial import trial

PLAIN = trial("fashion-mnist", "plain", model="dense")
SHUFFLED = trial("fashion-mnist", "shuffled", model="dense", shuffled=True)


def test_quick_digits_are_the_packages_three_times_as_large(tmp_path: Path) -> None:
    found = source.find([PLAIN], tmp_path, quick=True, data_dir=None)["fashion-mnist", False]
    data = datasets.load(found.info.key, found.data_dir)
    digits = datasets.load("digits")
    assert data.x_train.shape == (640, 28, 28)
    np.testing.assert_array_equal(data.y_test, digits.y_test)
    # The middle of each block of nine, without the border: the digit itself, from 0..16 to 0..255.
    small = data.x_train[:, 3:-2:3, 3:-2:3]
    np.testing.assert_array_equal(small, np.rint(digits.x_train[:640] * (255 / 16)))
    assert not data.x_train[:, :2].any()
    assert not data.x_train[..., -2:].any()
    assert data.info.class_names == digits.info.class_names


def test_shuffled_pixels_change_places_in_all_images_alike(tmp_path: Path) -> None:
    found = source.find([PLAIN, SHUFFLED], tmp_path, quick=True, data_dir=None)
    plain, shuffled = (
        datasets.load(found["fashion-mnist", each].info.key, found["fashion-mnist", each].data_dir)
        for each in (False, True)
    )
    np.testing.assert_array_equal(shuffled.y_train, plain.y_train)
    before, after = (each.x_train.reshape(len(each.x_train), -1) for each in (plain, shuffled))
    assert (before != after).mean() > 0.2
    # One and the same order: a pixel, looked at in all images, is found again as a whole.
    assert {column.tobytes() for column in before.T} == {column.tobytes() for column in after.T}
    both = {column.tobytes() for column in plain.x_test.reshape(len(plain.x_test), -1).T}
    assert both == {column.tobytes() for column in shuffled.x_test.reshape(len(shuffled.x_test), -1).T}


def test_files_that_are_there_are_not_written_again(tmp_path: Path) -> None:
    source.find([SHUFFLED], tmp_path, quick=True, data_dir=None)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*ubyte")}
    assert len(written) == 8
    source.find([SHUFFLED], tmp_path, quick=True, data_dir=None)
    assert written == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*ubyte")}


def test_a_data_set_that_is_there_is_taken_from_where_it_is(tmp_path: Path) -> None:
    digits = datasets.load("digits")
    place = tmp_path / "mine" / "mnist"
    place.mkdir(parents=True)
    images = np.zeros((len(digits.x_train), 28, 28), np.uint8)
    for file, array in zip(
        datasets.info("mnist").files, (images, digits.y_train, images[:360], digits.y_test), strict=True
    ):
        write_idx(place / file.name.removesuffix(".gz"), array)
    wanted = trial("mnist", "plain", model="dense")
    found = source.find([wanted], tmp_path / "made", quick=False, data_dir=tmp_path / "mine")["mnist", False]
    assert found.data_dir == str(tmp_path / "mine")
    assert found.info.train_count == 1_437
    assert not (tmp_path / "made").exists()


def test_without_the_data_sets_it_says_where_it_looked_and_what_goes_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object, **options: object) -> None:
        raise DownloadError("No address delivered it.")

    monkeypatch.setattr("convoscope.datasets.download.download", refuse)
    monkeypatch.delenv("CONVOSCOPE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises((MissingFileError, DownloadError)) as error:
        source.find([PLAIN], tmp_path, quick=False, data_dir=tmp_path / "nowhere")
    assert "fashion-mnist is not on this machine" in str(error.value)
    assert "nowhere (data_dir)" in str(error.value)
    assert "convoscope lessons --quick" in str(error.value)
