from __future__ import annotations

import hashlib
import zipfile
from importlib import resources
from pathlib import Path

import numpy as np

from convoscope import datasets
from convoscope.datasets import digits

FILE = resources.files("convoscope.datasets") / "data" / "digits.npz"
TOOL = Path(__file__).parents[2] / "tools" / "make_digits.py"


def test_there_are_1437_images_to_train_with_and_360_to_test_with() -> None:
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert (x_train.shape, y_train.shape) == ((1437, 8, 8), (1437,))
    assert (x_test.shape, y_test.shape) == ((360, 8, 8), (360,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert (x_train.min(), x_train.max(), x_test.max()) == (0, 16, 16)


def test_every_class_has_the_share_that_uci_gives_it() -> None:
    (_, y_train), (_, y_test) = digits.load_data()
    published = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # "number of examples in testing set", UCI
    np.testing.assert_array_equal(np.bincount(y_train) + np.bincount(y_test), published)
    assert np.abs(np.bincount(y_test) - np.array(published) * 360 / 1797).max() < 1


def test_no_image_is_in_both_parts() -> None:
    (x_train, _), (x_test, _) = digits.load_data()
    assert len({image.tobytes() for image in (*x_train, *x_test)}) == 1797


def test_the_images_are_those_that_were_checked_in() -> None:
    sums = [hashlib.sha256(array.tobytes()).hexdigest() for pair in digits.load_data() for array in pair]
    assert sums == [
        "7ad0c22fa42a91049914912988fa1a25f3ac84ca0de041b56b81769be951821b",
        "52ec0b1eac7169f1ce62a94c14c9cfbb44ee716ef343b2805370b02f56fe31af",
        "1ebf3e62601b47cc0c3160ec1e8098a50f53f652b558b90b7adfa8d99066430d",
        "528e200d906fc8c55cfd8b1b8029d1f41c3d4dbef858c1b0c4e1bb28f1dc717f",
    ]


def test_the_file_is_as_described_and_says_no_time() -> None:
    data = FILE.read_bytes()
    (described,) = digits.INFO.files
    assert (len(data), hashlib.sha256(data).hexdigest()) == (described.size, described.sha256)
    assert len(data) < 60_000
    with FILE.open("rb") as file, zipfile.ZipFile(file) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_attribution_names_authors_licence_and_checksum() -> None:
    text = (resources.files("convoscope.datasets") / "data" / "README.md").read_text(encoding="utf-8")
    for needed in ("E. Alpaydin and C. Kaynak", "1998", "10.24432/C50P49", "CC BY 4.0", digits.INFO.files[0].sha256):
        assert needed in text


def test_each_call_gives_arrays_of_your_own() -> None:
    (first, _), _ = digits.load_data()
    first[:] = 0
    (second, _), _ = datasets.digits.load_data(data_dir="anywhere")
    assert second.max() == 16


def test_the_classes_are_the_ten_digits() -> None:
    assert digits.CLASS_NAMES == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9") == digits.class_names
