"""Small batches in CIFAR's formats, written by hand so that the reader is not tested with our own writer."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def python_2_pickle(batch: Mapping[str, Any]) -> bytes:
    """Write a dictionary as Python 2 did for the published files: protocol 2, every text a string of bytes."""
    return b"\x80\x02}(" + b"".join(_value(key) + _value(value) for key, value in batch.items()) + b"u."


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return b"U" + bytes([len(value)]) + value.encode("latin1")
    if isinstance(value, int):
        return b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)
    if isinstance(value, list):
        return b"](" + b"".join(map(_value, value)) + b"e"
    assert isinstance(value, np.ndarray)
    assert value.dtype == np.uint8
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    dtype = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"".join(map(_value, value.shape)) + b"\x86"
    return empty + b"(K\x01" + shape + dtype + b"\x89T" + struct.pack("<i", value.nbytes) + value.tobytes() + b"tb"


def images(count: int, seed: int) -> NDArray[np.uint8]:
    """Return rows of 3072 values, all red ones first."""
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), np.uint8)


def archive(files: Mapping[str, bytes]) -> bytes:
    """Pack files as ``.tar.gz``."""
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return kept.getvalue()


def cifar10_files() -> dict[str, bytes]:
    """Return the six files of two images each, with labels 0 to 9 and then 8 and 9."""
    named = [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]
    return {
        name: python_2_pickle(
            {
                "batch_label": f"batch {index}",
                "labels": labels_of(index),
                "data": images(2, index),
                "filenames": ["a.png", "b.png"],
            }
        )
        for index, name in enumerate(named)
    }


def labels_of(index: int) -> list[int]:
    """Return the labels of a file of CIFAR-10."""
    return [2 * index % 10, (2 * index + 1) % 10]


def cifar10_binary() -> dict[str, bytes]:
    """Return the same in the form for C programs."""
    return {
        f"{name}.bin": b"".join(
            bytes([label]) + row.tobytes() for label, row in zip(labels_of(index), images(2, index), strict=True)
        )
        for index, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"])
    }


def cifar100_files() -> dict[str, bytes]:
    """Return the two files of CIFAR-100, of three images and one."""
    return {
        "train": python_2_pickle({"fine_labels": [99, 0, 7], "coarse_labels": [19, 4, 0], "data": images(3, 1)}),
        "test": python_2_pickle({"fine_labels": [50], "coarse_labels": [7], "data": images(1, 2)}),
    }
