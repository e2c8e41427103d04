"""MNIST as the one file that Keras keeps."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convoscope import datasets
from convoscope.datasets import mnist
from convoscope.errors import DataError, FileFormatError

from .conftest import NAMES

Arrays = dict[str, NDArray[Any]]


@pytest.fixture
def keras_arrays(arrays: Arrays) -> Arrays:
    return dict(zip(("x_train", "y_train", "x_test", "y_test"), (arrays[name] for name in NAMES), strict=True))


def write(path: Path, arrays: Arrays, compressed: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (np.savez_compressed if compressed else np.savez)(path, **arrays)  # type: ignore[arg-type]
    return path


def check(found: Any, arrays: Arrays) -> None:
    for ours, expected in zip([array for pair in found for array in pair], arrays.values(), strict=True):
        np.testing.assert_array_equal(ours, expected, strict=True)


@pytest.mark.parametrize("compressed", [False, True])
def test_keras_file_is_read_from_its_folder(keras_arrays: Arrays, compressed: bool) -> None:
    path = write(Path(os.path.expanduser("~/.keras/datasets/mnist.npz")), keras_arrays, compressed)
    check(mnist.load_data(), keras_arrays)
    check(mnist.load_data("mnist.npz"), keras_arrays)
    assert datasets.info("mnist").where == str(path.parent)
    assert datasets.load("mnist").info.train_count == 5


def test_the_four_files_go_before_it_and_a_named_file_before_all(
    tmp_path: Path, put: Callable[..., Path], keras_arrays: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {**keras_arrays, "y_train": 9 - keras_arrays["y_train"]}
    put(tmp_path / "mnist")
    path = write(tmp_path / "mnist.npz", other)
    monkeypatch.setenv("CONVOSCOPE_DATA", str(tmp_path))
    check(mnist.load_data(path="mnist.npz"), keras_arrays)
    check(mnist.load_data(path=str(path)), other)
    write(tmp_path / "other.npz", other)
    check(mnist.load_data("other.npz"), other)
    check(mnist.load_data("not there.npz"), keras_arrays)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"x_test": None}, FileFormatError, "has no x_test. A data set of this kind has x_train, y_train"),
        ({"x_train": np.zeros((5, 28, 27), np.uint8)}, FileFormatError, r"uint8 images .* shape \(5, 28, 27\)"),
        ({"x_train": np.zeros((5, 28, 28))}, FileFormatError, "contains float64 values"),
        ({"y_train": np.array([None] * 5)}, FileFormatError, "contains object values"),
        ({"y_train": np.zeros(4, np.uint8)}, FileFormatError, "5 images .* 4 labels"),
        ({"y_test": np.full(3, 10, np.uint8)}, DataError, "has the label 10 at index 0"),
    ],
)
def test_what_does_not_fit_is_described(
    tmp_path: Path, keras_arrays: Arrays, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    arrays = {name: array for name, array in {**keras_arrays, **changed}.items() if array is not None}
    write(tmp_path / "mnist.npz", arrays)
    with pytest.raises(error, match=message):
        mnist.load_data(data_dir=tmp_path)


def test_an_array_cannot_claim_more_than_there_is(tmp_path: Path, keras_arrays: Arrays) -> None:
    whole = write(tmp_path / "mnist.npz", keras_arrays)
    content = whole.read_bytes()
    for damaged in (content[:-200], content[: len(content) // 2], b"no zip", content.replace(b"NUMPY", b"NUMPI")):
        whole.write_bytes(damaged)
        with pytest.raises(FileFormatError, match=r"mnist\.npz is damaged or not an array file"):
            mnist.load_data(data_dir=tmp_path)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (60_000, 28, 28)})
    with zipfile.ZipFile(whole, "w") as archive:
        for name in keras_arrays:
            archive.writestr(f"{name}.npy", head.getvalue() + b"!")
    with pytest.raises(FileFormatError, match="x_train is cut short"):
        mnist.load_data(data_dir=tmp_path)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 28, 28)})
    with zipfile.ZipFile(whole, "w") as archive:
        for name in keras_arrays:
            archive.writestr(f"{name}.npy", head.getvalue())
    with pytest.raises(FileFormatError, match="claims to have 1,000,000,000 of them"):
        mnist.load_data(data_dir=tmp_path)
