"""CIFAR-10 and CIFAR-100 in the published formats, from wherever they may lie, and over the loopback address."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from convoscope import datasets
from convoscope.datasets import cifar10, cifar100
from convoscope.datasets.cifar_files import Cifar
from convoscope.datasets.description import FileInfo
from convoscope.errors import DataError, DownloadError, FileFormatError, MissingFileError, UnknownNameError

from . import batches
from .conftest import Server


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def pack(path: Path, folder: str, files: Mapping[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(batches.archive({f"{folder}/{name}": content for name, content in files.items()}))


def upright(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What a row of 3072 values is an image of, pixel by pixel."""
    found = np.empty((len(rows), 32, 32, 3), np.uint8)
    for at, channel in np.ndindex(1024, 3):
        found[:, at // 32, at % 32, channel] = rows[:, 1024 * channel + at]
    return found


PLACES: dict[str, Callable[[Path], object]] = {
    "unpacked": lambda root: put(root / "cifar-10-batches-py", batches.cifar10_files()),
    "in a folder of its name": lambda root: put(root / "CIFAR_10" / "cifar-10-batches-py", batches.cifar10_files()),
    "loose": lambda root: put(root, batches.cifar10_files()),
    "binary": lambda root: put(root / "cifar-10-batches-bin", batches.cifar10_binary()),
    "archive": lambda root: pack(root / "cifar-10-python.tar.gz", "cifar-10-batches-py", batches.cifar10_files()),
    "binary archive": lambda root: pack(
        root / "cifar10" / "cifar-10-binary.tar.gz", "cifar-10-batches-bin", batches.cifar10_binary()
    ),
    "Keras 2": lambda root: pack(root / "cifar-10-batches-py.tar.gz", "cifar-10-batches-py", batches.cifar10_files()),
    "Keras 3": lambda root: put(root / "cifar-10-batches-py-target" / "cifar-10-batches-py", batches.cifar10_files()),
    "Keras 3, archive": lambda root: pack(
        root / "cifar-10-batches-py-target_archive", "cifar-10-batches-py", batches.cifar10_files()
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_cifar10_is_read_from_wherever_it_lies(tmp_path: Path, place: str) -> None:
    PLACES[place](tmp_path)
    (x_train, y_train), (x_test, y_test) = cifar10.load_data(data_dir=tmp_path, download=False)
    assert (x_train.dtype, y_train.dtype, y_train.shape, y_test.shape) == (np.uint8, np.uint8, (10, 1), (2, 1))
    np.testing.assert_array_equal(x_train, upright(np.concatenate([batches.images(2, n) for n in range(5)])))
    np.testing.assert_array_equal(x_test, upright(batches.images(2, 5)))
    assert y_train.ravel().tolist() == list(range(10))
    assert y_test.ravel().tolist() == [0, 1]


def test_cifar100_has_two_kinds_of_labels_of_the_type_that_keras_gives(tmp_path: Path) -> None:
    put(tmp_path / "cifar-100-python", batches.cifar100_files())
    (x_train, y_train), (x_test, y_test) = cifar100.load_data(data_dir=tmp_path)
    assert (y_train.dtype, y_train.tolist(), y_test.tolist()) == (np.int64, [[99], [0], [7]], [[50]])
    np.testing.assert_array_equal(x_train, upright(batches.images(3, 1)))
    np.testing.assert_array_equal(x_test, upright(batches.images(1, 2)))
    (_, y_train), (_, y_test) = cifar100.load_data("coarse", data_dir=tmp_path)
    assert (y_train.tolist(), y_test.tolist()) == ([[19], [4], [0]], [[7]])
    with pytest.raises(UnknownNameError, match="no label_mode named 'rough'"):
        cifar100.load_data("rough", data_dir=tmp_path)


def test_cifar100_is_read_in_its_binary_form(tmp_path: Path) -> None:
    rows = {"train.bin": (batches.images(2, 1), [(4, 0), (19, 99)]), "test.bin": (batches.images(1, 2), [(7, 50)])}
    files = {
        name: b"".join(bytes(pair) + row.tobytes() for pair, row in zip(labels, images, strict=True))
        for name, (images, labels) in rows.items()
    }
    pack(tmp_path / "cifar-100-binary.tar.gz", "cifar-100-binary", files)
    for mode, expected in (("fine", [[0], [99]]), ("coarse", [[4], [19]])):
        (x_train, y_train), _ = cifar100.load_data(mode, data_dir=tmp_path)
        assert y_train.tolist() == expected
    np.testing.assert_array_equal(x_train, upright(batches.images(2, 1)))


def test_keras_own_folder_is_looked_at_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(os.path.expanduser("~"))
    put(home / ".keras" / "datasets" / "cifar-10-batches-py", batches.cifar10_files())
    assert datasets.info("cifar10").where == str(home / ".keras" / "datasets" / "cifar-10-batches-py")
    monkeypatch.setenv("CONVOSCOPE_DATA", str(tmp_path))
    pack(tmp_path / "cifar-10-python.tar.gz", "cifar-10-batches-py", batches.cifar10_files())
    assert datasets.info("cifar10").where == str(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    put(tmp_path / "keras" / "datasets" / "cifar-100-python", batches.cifar100_files())
    data = datasets.load("CIFAR-100")
    assert (data.info.train_count, data.info.test_count) == (3, 1)
    assert data.y_train.shape == (3,)


@pytest.fixture
def small(server: Server) -> Cifar:
    """CIFAR-10 as the loopback server publishes it."""
    content = batches.archive({f"cifar-10-batches-py/{name}": c for name, c in batches.cifar10_files().items()})
    server.files["cifar-10-python.tar.gz"] = content
    file = FileInfo("cifar-10-python.tar.gz", len(content), hashlib.sha256(content).hexdigest())
    return replace(cifar10.CIFAR, info=replace(cifar10.INFO, files=(file,), urls=tuple(server.at("404", "ok"))))


def test_what_is_nowhere_is_downloaded_and_found_there_again(small: Cifar, cache: Path, server: Server) -> None:
    data = small.load()
    assert data.info.where == str(cache / "cifar10")
    assert [path.name for path in (cache / "cifar10").iterdir()] == ["cifar-10-python.tar.gz"]
    asked = len(server.asked)
    np.testing.assert_array_equal(small.load().x_train, data.x_train)
    assert len(server.asked) == asked


def test_another_file_than_the_published_one_is_not_kept(small: Cifar, cache: Path, server: Server) -> None:
    wrong = replace(small, info=replace(small.info, urls=tuple(server.at("other"))))
    with pytest.raises(DownloadError, match=r"not on this machine: .*checksum is wrong.*Put cifar-10-python\.tar\.gz"):
        wrong.load()
    assert not cache.exists()


def test_without_download_every_place_is_told(tmp_path: Path, cache: Path) -> None:
    put(tmp_path / "cifar-10-batches-py", dict(list(batches.cifar10_files().items())[:4]))
    with pytest.raises(MissingFileError) as raised:
        cifar10.load_data(data_dir=tmp_path, download=False)
    message = str(raised.value)
    assert f"{tmp_path} (data_dir) has 4 of the 6 files but not data_batch_5, test_batch" in message
    assert f"{cache} (the cache) does not exist" in message
    assert "Put cifar-10-python.tar.gz into a folder" in message


def change(files: dict[str, bytes], name: str, **values: object) -> dict[str, bytes]:
    good = {"labels": [1, 2], "data": batches.images(2, 0)}
    return {**files, name: batches.python_2_pickle({k: v for k, v in {**good, **values}.items() if v is not None})}


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"labels": [1, 10]}, DataError, "has the label 10, but labels must be 0 to 9"),
        ({"labels": [1]}, FileFormatError, r"data_batch_2 in .* has 2 images and labels of shape \(1,\)"),
        ({"labels": ["a", "b"]}, FileFormatError, "uint8 values of shape .* and float64 labels"),
        ({"labels": None}, FileFormatError, "has no 'labels'"),
        ({"data": None}, FileFormatError, "has no 'data'"),
        ({"data": [1, 2]}, FileFormatError, r"object values of shape \(\)"),
        ({"data": batches.images(2, 0)[:, :9].copy()}, FileFormatError, r"values of shape \(2, 9\)"),
    ],
)
def test_a_batch_that_does_not_fit_is_described(
    tmp_path: Path, values: dict[str, object], error: type[Exception], message: str
) -> None:
    put(tmp_path / "cifar-10-batches-py", change(batches.cifar10_files(), "data_batch_2", **values))
    with pytest.raises(error, match=message):
        cifar10.load_data(data_dir=tmp_path)


def test_files_that_are_damaged_are_named(tmp_path: Path) -> None:
    put(tmp_path / "bin" / "cifar-10-batches-bin", {**batches.cifar10_binary(), "test_batch.bin": b"short"})
    with pytest.raises(
        FileFormatError, match=r"test_batch\.bin in .* has 5 bytes, which is not a multiple of the 3,073"
    ):
        cifar10.load_data(data_dir=tmp_path / "bin")
    put(tmp_path / "none" / "cifar-10-batches-bin", dict.fromkeys(batches.cifar10_binary(), b""))
    with pytest.raises(DataError, match="has no images"):
        cifar10.load_data(data_dir=tmp_path / "none")
    pack(tmp_path / "lacks" / "cifar-10-python.tar.gz", "x", {"data_batch_1": b""})
    with pytest.raises(FileFormatError, match="has no data_batch_2: the archive does not match"):
        cifar10.load_data(data_dir=tmp_path / "lacks")
    whole = batches.archive({f"c/{name}": content for name, content in batches.cifar10_files().items()})
    for content in (whole[: len(whole) // 2], b"\x1f\x8b no gzip", b"no archive"):
        put(tmp_path / "cut", {"cifar-10-python.tar.gz": content})
        with pytest.raises(FileFormatError, match=r"cifar-10-python\.tar\.gz is a damaged archive"):
            cifar10.load_data(data_dir=tmp_path / "cut")


def test_an_archive_cannot_write_or_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convoscope.datasets.cifar_files.most_bytes", lambda images: 50_000)
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w:gz") as tar:
        link = tarfile.TarInfo("c/data_batch_1")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        for name, size in (("../../outside", 10), ("c/filler", 300_000), ("c/data_batch_1", 60_000)):
            member = tarfile.TarInfo(name)
            member.size = size
            tar.addfile(member, io.BytesIO(bytes(size)))
    put(tmp_path / "deep" / "er", {"cifar-10-python.tar.gz": kept.getvalue()})
    with pytest.raises(FileFormatError, match="has no data_batch_1: the archive does not match"):
        cifar10.load_data(data_dir=tmp_path / "deep" / "er")
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    pack(tmp_path / "large" / "cifar-10-python.tar.gz", "c", {"data_batch_1": bytes(60_000)})
    with pytest.raises(FileFormatError, match=r"data_batch_1 in .* has more than 50,000 bytes"):
        cifar10.load_data(data_dir=tmp_path / "large")
    put(tmp_path / "folder", {**batches.cifar10_files(), "test_batch": bytes(60_000)})
    with pytest.raises(FileFormatError, match="test_batch has more than 50,000 bytes"):
        cifar10.load_data(data_dir=tmp_path / "folder")
