"""Pickles read without being run; Python's own reader is the judge of harmless ones."""

from __future__ import annotations

import pickle
import random
import struct
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from convoscope.datasets.pickled import read_pickled
from convoscope.errors import FileFormatError

from .batches import images, python_2_pickle

BATCH: dict[str, Any] = {
    "batch_label": "testing batch 1 of 1",
    "labels": [3, 8, 255, 300],
    "data": images(4, 5),
    "filenames": [f"insect_{number}.png" for number in range(300)],
}


def test_what_python_2_wrote_is_what_python_reads() -> None:
    written = python_2_pickle(BATCH)
    theirs = {key.decode(): value for key, value in pickle.loads(written, encoding="bytes").items()}
    ours = read_pickled(written, "it")
    np.testing.assert_array_equal(ours.pop("data"), theirs.pop("data"), strict=True)
    assert ours == theirs
    assert ours["filenames"][299] == b"insect_299.png"


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_what_python_3_writes_is_read(protocol: int) -> None:
    batch = {
        **BATCH,
        "more": ["é", b"\xff\0", -1, 70_000, 2**40, -(2**40), True, False, None, [1], ()],
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "other order": np.array([1, -2], ">i4"),
    }
    for given in (batch, {key.encode(): value for key, value in batch.items()}):
        found = read_pickled(pickle.dumps(given, protocol), "it")
        assert list(found) == list(batch)
        for key, value in batch.items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(found[key], value, strict=True)
            else:
                assert found[key] == value


class Hostile:
    """Runs a command where it is unpickled."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", [2, 4])
def test_nothing_is_run(protocol: int, capsys: pytest.CaptureFixture[str]) -> None:
    for call in ((print, "run"), (eval, "print('run')"), (getattr, [1], "append"), (np.array, [1])):
        with pytest.raises(FileFormatError, match=r"it is an unsafe pickle: .*Nothing in it was run"):
            read_pickled(pickle.dumps({"data": Hostile(*call), "more": np.array([Hostile(*call)])}, protocol), "it")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "code",
    [
        b"cos\nsystem\n(S'ls'\ntR.",  # the textbook's
        b"\x80\x02cnumpy\nndarray\n)R.",  # a known name that is not called in a batch
        b"\x80\x02(ios\nsystem\n.",
        b"\x80\x02cnumpy\ndtype\nU\x01OK\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb.",
        b"\x80\x02}(U\x01aK\x01U\x01b",
        b"\x80\x02}(T\xff\xff\xff\x7f",
        b"\x80\x02]\x94" + b"(h\0h\0h\0h\0t\x94" * 3 + b".",
        b"}(((()))tttK\x01s.",
        b"\x80\x02\x8a\xff" + bytes(255) + b".",
        b"",
        b".",
        b"}" * 100,
    ],
)
def test_what_is_no_batch_is_refused(code: bytes) -> None:
    with pytest.raises(FileFormatError, match=r"^the batch "):
        read_pickled(code, "the batch")


def test_an_array_cannot_claim_more_than_it_has() -> None:
    for shape in (b"M\xff\xffM\xff\xff\x86", b"J\xff\xff\xff\xff\x85", b"(" + b"K\x01" * 9 + b"t"):
        head = b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
        kind = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        with pytest.raises(FileFormatError):
            read_pickled(head + shape + kind + b"\x89T" + struct.pack("<i", 1) + b"!tbu.", "it")


def test_damaged_pickles_are_an_error_and_nothing_else() -> None:
    draw = random.Random(4)
    whole = [pickle.dumps({"data": images(1, 1)[:, :9], "labels": [1, 2]}, protocol) for protocol in (2, 4)]
    for _ in range(2_000):
        damaged = bytearray(draw.choice([*whole, python_2_pickle({"data": images(1, 1), "labels": [4]})]))
        for _ in range(draw.randint(1, 4)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        with suppress(FileFormatError):
            read_pickled(bytes(damaged[: draw.randint(1, len(damaged))]), "it")
