from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from convoscope.datasets.idx import read_idx, write_idx
from convoscope.errors import DataError, FileFormatError, MissingFileError, StorageError

# A 2 × 3 file of each type, written by hand from the description of the format.
BY_HAND: dict[str, tuple[int, str, list[float]]] = {
    "uint8": (0x08, "B", [0, 1, 2, 3, 4, 255]),
    "int8": (0x09, "b", [0, 1, -2, 3, -128, 127]),
    "int16": (0x0B, "h", [0, 1, -2, 300, -32768, 32767]),
    "int32": (0x0C, "i", [0, 1, -2, 70_000, -(2**31), 2**31 - 1]),
    "float32": (0x0D, "f", [0.0, 1.5, -2.25, 1e-30, 3e38, float("inf")]),
    "float64": (0x0E, "d", [0.0, 1.5, -2.25, 1e-300, 1e308, 0.1]),
}


def by_hand(dtype: str) -> bytes:
    code, letter, values = BY_HAND[dtype]
    return struct.pack(f">BBBBII6{letter}", 0, 0, code, 2, 2, 3, *values)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(by_hand("int16")))
    return path


@pytest.mark.parametrize("dtype", BY_HAND)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_type_is_read(tmp_path: Path, dtype: str, packed: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(by_hand(dtype)) if packed else by_hand(dtype))
    array = read_idx(path)
    assert array.dtype == np.dtype(dtype)
    assert array.dtype.isnative
    np.testing.assert_array_equal(array, np.array(BY_HAND[dtype][2], dtype).reshape(2, 3))
    assert array.flags.writeable
    assert array.flags.c_contiguous


@pytest.mark.parametrize("dtype", BY_HAND)
def test_every_type_is_written_as_the_format_says(tmp_path: Path, dtype: str) -> None:
    array = np.array(BY_HAND[dtype][2], dtype).reshape(2, 3)
    write_idx(tmp_path / "plain", array)
    write_idx(tmp_path / "packed.gz", array.astype(array.dtype.newbyteorder(">")))
    assert (tmp_path / "plain").read_bytes() == by_hand(dtype)
    assert gzip.decompress((tmp_path / "packed.gz").read_bytes()) == by_hand(dtype)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["packed.gz", "plain"]


@pytest.mark.parametrize("shape", [(), (0,), (7,), (0, 28, 28), (2, 1, 3, 2)])
def test_any_shape_survives_a_round_trip(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    write_idx(tmp_path / "a.gz", array)
    back = read_idx(str(tmp_path / "a.gz"))
    assert back.shape == shape
    np.testing.assert_array_equal(back, array)


def test_a_strided_array_is_written_in_its_own_order(tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.int32).reshape(3, 4).T[::2]
    write_idx(tmp_path / "a", array)
    np.testing.assert_array_equal(read_idx(tmp_path / "a"), [[0, 4, 8], [2, 6, 10]])


def test_the_same_array_makes_the_same_gzip_bytes_whatever_the_name_and_time(tmp_path: Path) -> None:
    array = np.arange(1000, dtype=np.int16)
    write_idx(tmp_path / "one.gz", array)
    write_idx(tmp_path / "two.gz", array)
    one, two = (tmp_path / "one.gz").read_bytes(), (tmp_path / "two.gz").read_bytes()
    assert one == two
    assert one[4:8] == bytes(4)  # RFC 1952: the time of modification; 0 is none


@pytest.mark.parametrize("dtype", ["int64", "uint16", "bool", "complex64", "U3", "object"])
def test_a_type_that_idx_does_not_have_is_refused_with_those_it_has(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(DataError, match="holds uint8, int8, int16, int32, float32 or float64, but these values are"):
        write_idx(tmp_path / "a", np.zeros(3, dtype))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"nowhere.a\.idx cannot be written: there is no folder"):
        write_idx(tmp_path / "nowhere" / "a.idx", np.zeros(3, np.uint8))


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_idx(tmp_path / "a.idx", np.array([1, 2], np.uint8))
    before = (tmp_path / "a.idx").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        write_idx(tmp_path / "a.idx", np.zeros(1000, np.uint8))
    assert (tmp_path / "a.idx").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.idx"]


DAMAGE = {
    "an empty file": (b"", "at least 4 bytes, but this file ends after 0"),
    "three bytes": (b"\0\0\x08", "this file ends after 3"),
    "a PNG": (b"\x89PNG\r\n\x1a\n0000", "starts with 00 00 .* this one with 89 50"),
    "an unknown type": (b"\0\0\x07\1\0\0\0\0", "its third byte, the type of its values, is 0x07; IDX knows 0x08 uint8"),
    "too many axes": (b"\0\0\x08\xff" + bytes(2000), "its header claims 255 axes"),
    "half a header": (by_hand("int16")[:9], "expected a header of 12 bytes for 2 axes, but got 9"),
    "missing values": (
        by_hand("int16")[:-3],
        r"expected 12 bytes of values for the shape \(2, 3\) in its header, but got 9",
    ),
    "trailing bytes": (by_hand("int16") + b"x", "expected 12 bytes .*, but got more"),
    "a header that promises terabytes": (
        b"\0\0\x0e\3" + b"\xff" * 12 + b"12345",
        "expected [0-9,]+ bytes .*, but got 5",
    ),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(("data", "reason"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_refused_by_name_and_reason(tmp_path: Path, data: bytes, reason: str, packed: bool) -> None:
    path = tmp_path / "broken-file"
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(FileFormatError, match=reason) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_a_truncated_gzip_file_is_refused_by_name(good: Path) -> None:
    data = good.read_bytes()
    for length in (2, 5, 12, len(data) - 9, len(data) - 1):
        good.write_bytes(data[:length])
        with pytest.raises(FileFormatError, match=rf"images\.gz .*its gzip stream is cut short after {length} bytes"):
            read_idx(good)


def test_a_gzip_file_with_any_one_byte_changed_is_never_read_wrongly(good: Path) -> None:
    data, expected = good.read_bytes(), read_idx(good)
    refused = 0
    for index in range(len(data)):
        good.write_bytes(data[:index] + bytes([data[index] ^ 0x55]) + data[index + 1 :])
        try:
            np.testing.assert_array_equal(read_idx(good), expected)
        except FileFormatError:
            refused += 1
    assert refused >= len(data) - 8  # RFC 1952: the header's method, time and platform do not touch the content


def test_a_gzip_file_with_something_after_it_is_refused(good: Path) -> None:
    good.write_bytes(good.read_bytes() + b"and more")
    with pytest.raises(FileFormatError, match="gzip stream is corrupted"):
        read_idx(good)


@pytest.mark.parametrize("shape", [(0, 2**32 - 1, 2**32 - 1), (2**32 - 1, 0, 2**32 - 1, 5), (0, *[2**31] * 4)])
def test_an_empty_shape_that_no_array_can_have_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"too (big|large)|maximum"):
        np.empty(shape, np.uint8)
    path = tmp_path / "empty"
    path.write_bytes(bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes())
    with pytest.raises(FileFormatError, match="no array can have the shape"):
        read_idx(path)


@pytest.mark.parametrize("shape", [(0,), (0, 28, 28), (0, 2**32 - 1), (5, 0)])
def test_empty_shapes_that_numpy_has_are_read(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "empty"
    path.write_bytes(bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes())
    assert read_idx(path).shape == np.empty(shape, np.uint8).shape
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(FileFormatError, match=r"expected 0 bytes .*, but got more"):
        read_idx(path)


@pytest.mark.parametrize("count", [2**31, 2**32 - 1, 4_000_000])
def test_what_a_gzip_file_cannot_hold_is_not_read_for(
    tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "images.gz"
    header = bytes([0, 0, 8, 3]) + np.array([count, 28, 28], ">u4").tobytes()
    path.write_bytes(gzip.compress(header + bytes(3_000_000)))
    asked: list[int] = []
    monkeypatch.setattr(np, "empty", lambda size, *_, allocate=np.empty: asked.append(size) or allocate(size, np.uint8))
    with pytest.raises(FileFormatError, match=r"expected [0-9,]+ bytes .*, but got [0-9,]+ at most"):
        read_idx(path)
    assert asked == [0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "labels")
    with pytest.raises(MissingFileError, match=r"labels cannot be read .* is a pipe or a device"):
        read_idx(tmp_path / "labels")


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"There is no file .*labels"):
        read_idx(tmp_path / "labels")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="cannot be read"):
        read_idx(tmp_path)
