from __future__ import annotations

import errno
import gzip
import hashlib
import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convoscope.datasets import fashion_mnist, mnist
from convoscope.datasets.description import DatasetInfo, FileInfo
from convoscope.datasets.mnist_files import load
from convoscope.errors import (
    ConvoscopeWarning,
    DataError,
    DownloadError,
    FileFormatError,
    MissingFileError,
    StorageError,
)

from .conftest import NAMES, Server, idx_bytes

# A data directory with the published files, as CONVOSCOPE_DATA was before the tests unset it.
REAL = os.environ.get("CONVOSCOPE_DATA")


def write(path: Path, array: NDArray[np.uint8]) -> None:
    path.write_bytes(gzip.compress(idx_bytes(array)))


@pytest.fixture
def info(packed: dict[str, bytes], server: Server) -> DatasetInfo:
    """MNIST, with the test's small files published on the test's server."""
    files = tuple(FileInfo(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in packed.items())
    return replace(mnist.INFO, urls=tuple(server.at("ok")), files=files)


def test_load_data_gives_keras_pairs(
    tmp_path: Path, put: Callable[..., Path], arrays: dict[str, NDArray[np.uint8]]
) -> None:
    put(tmp_path)
    for module in (mnist, fashion_mnist):
        (x_train, y_train), (x_test, y_test) = module.load_data(data_dir=tmp_path)
        for ours, expected in zip((x_train, y_train, x_test, y_test), arrays.values(), strict=True):
            assert ours.dtype == np.uint8
            np.testing.assert_array_equal(ours, expected)


def test_files_of_your_own_need_no_checksum_but_the_right_structure(tmp_path: Path, put: Callable[..., Path]) -> None:
    put(tmp_path / "mnist", unpacked=True)
    assert load(mnist.INFO, tmp_path, download=False).info.train_count == 5


@pytest.mark.parametrize(
    ("name", "array", "error", "message"),
    [
        (NAMES[1], np.zeros(4, np.uint8), FileFormatError, "5 images and .* has 4 labels"),
        (NAMES[3], np.zeros(4, np.uint8), FileFormatError, "3 images and .* has 4 labels"),
        (NAMES[0], np.zeros((5, 28, 27), np.uint8), FileFormatError, r"uint8 images of shape \(N, 28, 28\), but"),
        (NAMES[0], np.zeros(5, np.uint8), FileFormatError, r"contains uint8 values of shape \(5,\)"),
        (NAMES[1], np.zeros((5, 28, 28), np.uint8), FileFormatError, r"labels of shape \(N,\)"),
        (NAMES[1], np.array([0, 9, 10, 1, 11], np.uint8), DataError, "has the label 10 at index 2; mnist has 0 to 9"),
    ],
)
def test_files_that_do_not_fit_are_refused_by_name(
    tmp_path: Path,
    put: Callable[..., Path],
    name: str,
    array: NDArray[np.uint8],
    error: type[Exception],
    message: str,
) -> None:
    write(put(tmp_path) / name, array)
    with pytest.raises(error, match=message) as caught:
        load(mnist.INFO, tmp_path)
    assert str(tmp_path / name) in str(caught.value)


def test_floating_point_images_are_refused(tmp_path: Path, put: Callable[..., Path]) -> None:
    data = b"\0\0\x0d\3" + np.array([5, 28, 28], ">u4").tobytes() + bytes(5 * 28 * 28 * 4)
    (put(tmp_path) / NAMES[0]).write_bytes(data)
    with pytest.raises(FileFormatError, match=r"should contain uint8 images .* contains float32"):
        load(mnist.INFO, tmp_path)


@pytest.mark.parametrize(("name", "axes"), [(NAMES[0], (28, 28)), (NAMES[1], ())])
def test_more_images_than_the_data_set_has_are_refused_before_they_are_read(
    tmp_path: Path, put: Callable[..., Path], name: str, axes: tuple[int, ...]
) -> None:
    shape = (70_001, *axes)
    header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
    (put(tmp_path) / name).write_bytes(gzip.compress(header + bytes(5)))  # read, it would be cut short
    with pytest.raises(FileFormatError, match="claims to have 70,001 of them; the whole data set has 70,000"):
        load(mnist.INFO, tmp_path)


def test_no_images_at_all_are_refused(tmp_path: Path, put: Callable[..., Path]) -> None:
    put(tmp_path)
    write(tmp_path / NAMES[2], np.zeros((0, 28, 28), np.uint8))
    write(tmp_path / NAMES[3], np.zeros(0, np.uint8))
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz has no images"):
        load(mnist.INFO, tmp_path)


def test_a_damaged_file_is_refused_by_name(tmp_path: Path, put: Callable[..., Path]) -> None:
    path = put(tmp_path) / NAMES[2]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FileFormatError, match=r"t10k-images-idx3-ubyte\.gz .*cut short after 100 bytes"):
        load(mnist.INFO, tmp_path)


def test_what_is_nowhere_is_downloaded_into_the_cache_and_found_there_again(
    cache: Path, info: DatasetInfo, server: Server, arrays: dict[str, NDArray[np.uint8]]
) -> None:
    data = load(info)
    np.testing.assert_array_equal(data.x_test, arrays[NAMES[2]])
    assert data.info.where == str(cache / "mnist")
    assert sorted(p.name for p in (cache / "mnist").iterdir()) == sorted(NAMES)
    asked = len(server.asked)
    assert asked == 4
    load(info)
    assert len(server.asked) == asked


def test_a_given_folder_gets_the_download_even_if_it_has_to_be_made(tmp_path: Path, info: DatasetInfo) -> None:
    assert load(info, tmp_path / "new" / "data").info.where == str(tmp_path / "new" / "data" / "mnist")
    assert load(info, tmp_path / "MNIST").info.where == str(tmp_path / "MNIST")


def test_the_variables_folder_gets_the_download(
    tmp_path: Path, info: DatasetInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVOSCOPE_DATA", str(tmp_path / "shared"))
    assert load(info).info.where == str(tmp_path / "shared" / "mnist")


def test_a_folder_that_cannot_be_written_to_is_passed_over_for_the_cache(
    tmp_path: Path, cache: Path, info: DatasetInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    assert load(info, tmp_path / "file" / "data").info.where == str(cache / "mnist")


def test_no_folder_to_write_to_is_a_storage_error_with_each_reason(
    tmp_path: Path, info: DatasetInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").touch()
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"no folder for it: .*data.mnist \(data_dir\): .*\(the cache\): "):
        load(info, tmp_path / "file" / "data")


def test_a_read_only_folder_is_passed_over_for_the_cache(
    tmp_path: Path, cache: Path, info: DatasetInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)
    really_open = os.open

    def refusing(path: str, *arguments: Any, **options: Any) -> int:
        """Open as for a user who is not root: root may write into a read-only folder."""
        if Path(path).is_relative_to(folder):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return really_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refusing)
    assert load(info, folder).info.where == str(cache / "mnist")


def test_without_download_every_place_is_told_and_what_to_do(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(MissingFileError) as caught:
        load(mnist.INFO, tmp_path, download=False)
    message = str(caught.value)
    assert "\n" not in message
    for needed in (
        f"{tmp_path} (data_dir) does not have it",
        f"{cache} (the cache)",
        *NAMES,
        "--data-dir",
        "CONVOSCOPE_DATA",
    ):
        assert needed in message


def test_a_failed_download_tells_places_and_addresses_and_leaves_no_folders(
    tmp_path: Path, cache: Path, info: DatasetInfo, server: Server
) -> None:
    info = replace(info, urls=tuple(server.at("404", "403")))
    with pytest.raises(DownloadError) as caught:
        load(info, tmp_path / "data")
    message = str(caught.value)
    assert "\n" not in message
    for needed in (
        f"{tmp_path / 'data'} (data_dir) does not exist",
        f"{server.url}/404/{NAMES[0]} answered 404",
        f"{server.url}/403/{NAMES[0]} answered 403",
        "Put its files",
        "--data-dir",
        "CONVOSCOPE_DATA",
    ):
        assert needed in message
    assert not (tmp_path / "data").exists()
    assert not cache.exists()


def test_what_an_earlier_download_left_is_completed(
    tmp_path: Path, info: DatasetInfo, server: Server, put: Callable[..., Path]
) -> None:
    put(tmp_path / "mnist", without=NAMES[2:])
    load(info, tmp_path)
    assert [path for path, _ in server.asked] == [f"/ok/{NAMES[2]}", f"/ok/{NAMES[3]}"]


def test_half_a_data_set_of_your_own_is_not_completed_with_anothers_files(
    tmp_path: Path, info: DatasetInfo, server: Server, put: Callable[..., Path]
) -> None:
    put(tmp_path / "mnist", without=NAMES[2:], unpacked=True)
    with pytest.raises(MissingFileError, match=f"has 2 of the 4 files but not {NAMES[2]}, .* not the published file"):
        load(info, tmp_path)
    assert server.asked == []


def test_a_given_folder_with_some_of_the_files_is_warned_of_when_another_is_used(
    tmp_path: Path, cache: Path, put: Callable[..., Path]
) -> None:
    put(cache / "mnist")
    put(tmp_path / "mnist", without=NAMES[3:])
    with pytest.warns(
        ConvoscopeWarning, match=rf"has 3 of the 4 files but not {NAMES[3]}\. mnist was loaded from .* instead"
    ):
        mnist.load_data(data_dir=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mnist.load_data(data_dir=tmp_path / "empty")


def test_progress_is_told_of_every_file(cache: Path, info: DatasetInfo) -> None:
    seen: dict[str, tuple[int, int | None]] = {}
    load(info, progress=lambda done, total, name: seen.__setitem__(name, (done, total)))
    assert seen == {file.name: (file.size, file.size) for file in info.files}


@pytest.mark.skipif(not REAL, reason="CONVOSCOPE_DATA names no folder with the published files")
@pytest.mark.parametrize(
    ("info", "mean", "test_counts"),
    # The means are published: 0.1307 and 0.2860 of 255 are what PyTorch's examples normalize with.
    [
        (mnist.INFO, 0.1307, (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)),
        (fashion_mnist.INFO, 0.2860, (1000,) * 10),
    ],
    ids=["mnist", "fashion-mnist"],
)
class TestThePublishedFiles:
    def test_load(self, info: DatasetInfo, mean: float, test_counts: tuple[int, ...]) -> None:
        data = load(info, REAL, download=False)
        assert (data.x_train.shape, data.x_test.shape) == ((60_000, 28, 28), (10_000, 28, 28))
        assert data.x_train.mean() / 255 == pytest.approx(mean, abs=5e-5)
        assert tuple(np.bincount(data.y_test)) == test_counts

    def test_have_the_sizes_and_sums_they_are_downloaded_by(
        self, info: DatasetInfo, mean: float, test_counts: tuple[int, ...]
    ) -> None:
        folder = Path(load(info, REAL, download=False).info.where)
        for file in info.files:
            data = (folder / file.name).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)

    def test_are_refused_under_the_other_name(
        self, info: DatasetInfo, mean: float, test_counts: tuple[int, ...]
    ) -> None:
        other = fashion_mnist.INFO if info is mnist.INFO else mnist.INFO
        folder = load(info, REAL, download=False).info.where
        with pytest.raises(DataError, match=f"are those of {info.name}, but {other.name} was requested"):
            load(other, folder, download=False)
