"""PyTorch's files read without PyTorch, which wrote them and says what is in them (tools/make_checkpoint_files.py)."""

from __future__ import annotations

import io
import pickle
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from convoscope.errors import FileFormatError, MissingFileError
from convoscope.interchange.pytorch import checkpoint, is_checkpoint, read_checkpoint
from convoscope.interchange.pytorch.legacy import MAGIC

FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize("name", ["older", "newer", "protocol4"])
def test_tensors_of_all_types_and_forms(name: str) -> None:
    found, values = read_checkpoint(FILES / f"{name}.pth"), np.load(FILES / "values.npz")
    assert list(found) == list(values)
    for tensor, array in found.items():
        np.testing.assert_array_equal(array, values[tensor], strict=True)
        assert not array.flags.writeable
        assert array.dtype.isnative
    assert np.shares_memory(found["view.whole"], found["view.part"])


@pytest.mark.parametrize("name", ["parallel_older", "parallel_newer"])
def test_a_training_programs_checkpoint(name: str) -> None:
    """The weights are within it, and have DataParallel's prefix."""
    found, values = read_checkpoint(FILES / f"{name}.pth"), np.load(FILES / "parallel.npz")
    assert list(found) == list(values) == ["0.weight", "0.bias", *(f"1.{n}" for n in _NORMALIZATION)]
    for tensor, array in found.items():
        np.testing.assert_array_equal(array, values[tensor], strict=True)


_NORMALIZATION = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def test_types_whose_storage_is_bytes() -> None:
    np.testing.assert_array_equal(read_checkpoint(FILES / "uint16.pth")["raw"], np.arange(5, dtype=np.uint16))


def test_other_byte_orders(tmp_path: Path) -> None:
    """The newer format says which it is; the older one says so of the machine, and its numbers are little-endian."""
    found = _archive(FILES / "newer.pth")
    big = {name: content for name, content in found.items() if "/data/" not in name}
    big["newer/byteorder"] = b"big"
    values = np.load(FILES / "values.npz")
    for number, name in enumerate(name for name in values if name.startswith("type.")):
        if name not in ("type.bfloat16", "type.complex64"):
            big[f"newer/data/{number}"] = values[name].byteswap().tobytes()
    big |= {name: content for name, content in found.items() if name not in big}
    read = read_checkpoint(_written(tmp_path / "big.pth", big))
    np.testing.assert_array_equal(read["type.float32"], values["type.float32"], strict=True)
    np.testing.assert_array_equal(read["type.int64"], values["type.int64"], strict=True)

    path = tmp_path / "older.pth"
    path.write_bytes((FILES / "older.pth").read_bytes().replace(b"endianq\x02\x88", b"endianq\x02\x89"))
    with pytest.raises(FileFormatError, match="big-endian machine"):
        read_checkpoint(path)


def test_whole_models_are_refused_by_name() -> None:
    for name in ("older", "newer"):
        with pytest.raises(FileFormatError, match=r"would run torch\.nn\.modules\.container\.Sequential.*state_dict"):
            read_checkpoint(FILES / f"whole_{name}.pth")


def test_what_else_is_no_state_dict(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="has no tensors in the expected places"):
        read_checkpoint(FILES / "no_tensors.pth")
    with pytest.raises(MissingFileError):
        read_checkpoint(tmp_path / "none.pth")
    path = tmp_path / "text.pth"
    path.write_text("weights")
    with pytest.raises(FileFormatError, match=r"not written by torch\.save: it begins with b'weig'"):
        read_checkpoint(path)
    script = {"s/data.pkl": pickle.dumps({}, 2), "s/constants.pkl": b""}
    with pytest.raises(FileFormatError, match="TorchScript"):
        read_checkpoint(_written(tmp_path / "script.pth", script))


def test_what_a_file_is() -> None:
    assert is_checkpoint(FILES / "older.pth")
    assert is_checkpoint(FILES / "newer.pth")
    assert not is_checkpoint(Path(__file__))


def test_what_python_2_wrote(tmp_path: Path) -> None:
    """Texts are bytes there."""
    code = _tensor(b"K\x02K\x02\x86", b"K\x02K\x01\x86").replace(b"\x80\x02}", b"\x80\x02}U\x0astate_dict}", 1)
    path = tmp_path / "python2.pth"
    numbers = (4).to_bytes(8, "little") + np.arange(4, dtype="<f4").tobytes()
    path.write_bytes(_older(code[:-1] + b"s.", b"\x80\x02]U\x010a.") + numbers)
    np.testing.assert_array_equal(read_checkpoint(path)["w"], [[0, 1], [2, 3]])


# ---- hostile files


def _older(*pickles: bytes) -> bytes:
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    return MAGIC + pickle.dumps(1001, 2) + pickle.dumps(system, 2) + b"".join(pickles)


def _written(path: Path, files: dict[str, bytes], packed: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _archive(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class Hostile:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


def _both(tmp_path: Path, code: bytes) -> list[Path]:
    older = tmp_path / "older.pth"
    older.write_bytes(_older(code, pickle.dumps([], 2)))
    return [older, _written(tmp_path / "newer.pth", {"a/data.pkl": code, "a/version": b"3\n"})]


@pytest.mark.parametrize("protocol", [2, 4])
def test_nothing_is_run(protocol: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = [(print, "run"), (eval, "print('run')"), (exec, "print('run')"), (getattr, [1], "append")]
    for call in calls:
        for path in _both(tmp_path, pickle.dumps({"weight": Hostile(*call)}, protocol)):
            with pytest.raises(FileFormatError, match=rf"would run (builtins|__builtin__)\.{call[0].__name__},"):
                read_checkpoint(path)
    assert capsys.readouterr().out == ""


def test_the_textbooks_file_is_refused_by_name(tmp_path: Path) -> None:
    for path in _both(tmp_path, b"\x80\x02}U\x01acos\nsystem\nU\x02ls\x85Rs."):
        with pytest.raises(FileFormatError, match=r"would run os\.system.*Nothing in it was run"):
            read_checkpoint(path)
    for path in _both(tmp_path, b"\x80\x02c\x1b[31m\nsystem\n."):
        with pytest.raises(FileFormatError, match=r"would run '\\x1b\[31m\.system'"):
            read_checkpoint(path)


_STORAGE = b"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04tQ"


def _tensor(size: bytes, strides: bytes, offset: bytes = b"K\x00", storage: bytes = _STORAGE) -> bytes:
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + offset + size + strides + b"\x89}tR"
    return b"\x80\x02}U\x01w" + call + b"s."


HUGE = b"\x8a\x06" + (2**39).to_bytes(6, "little")
CLAIMS = {
    "more than the storage": _tensor(b"K\x05\x85", b"K\x01\x85"),
    "the same number again and again": _tensor(HUGE + b"\x85", b"K\x00\x85"),
    "sizes whose product is past 64 bits": _tensor(b"(" + 4 * HUGE + b"t", b"(K\x00K\x00K\x00K\x00t"),
    "before the storage": _tensor(b"K\x02\x85", b"J\xff\xff\xff\xff\x85", b"K\x03"),
    "an offset behind it": _tensor(b"K\x01\x85", b"K\x01\x85", b"K\x04"),
    "sizes that are no numbers": _tensor(b"U\x01a\x85", b"K\x01\x85"),
    "fewer strides": _tensor(b"K\x02K\x02\x86", b"K\x01\x85"),
    "forty axes": _tensor(b"(" + 40 * b"K\x01" + b"t", b"(" + 40 * b"K\x01" + b"t"),
    "a storage of a huge length": _tensor(b"K\x01\x85", b"K\x01\x85", storage=_STORAGE.replace(b"K\x04", HUGE)),
    "a storage of no kind": _tensor(b"K\x01\x85", b"K\x01\x85", storage=_STORAGE.replace(b"FloatStorage", b"Size")),
    "no storage": _tensor(b"K\x01\x85", b"K\x01\x85", storage=b"N"),
    "a type of numbers called": b"\x80\x02ctorch\nFloatStorage\n)R.",
    "a dictionary in itself": b"\x80\x02}q\x00U\x05modelh\x00s.",
    "a list in itself": b"\x80\x02]q\x00h\x00a.",
    "a number of a megabyte": b"\x80\x02\x8b\x00\x00\x10\x00" + bytes(1 << 20) + b".",
    "a text that is not there": b"\x80\x02X\xff\xff\xff\x7fa",
    "a key that has a hash of its own": b"\x80\x02}ctorch\nSize\nU\x01as.",
    "nothing": b"",
    "an end": b".",
    "marks": b"\x80\x02" + 1000 * b"(" + b".",
    "nothing remembered": b"\x80\x02h\x07.",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_false_claims_are_refused(claim: str, tmp_path: Path) -> None:
    for path in _both(tmp_path, CLAIMS[claim]):
        with pytest.raises(FileFormatError):
            read_checkpoint(path)


def _laughs() -> bytes:
    """Lists of ten lists of ten lists, and so on: 10^30 of them if each is looked at."""
    code = b"\x80\x02]q\x00"
    for number in range(30):
        code += b"](" + 10 * (b"h" + bytes([number])) + b"eq" + bytes([number + 1])
    return code + b"."


def _colliding() -> bytes:
    """A dictionary whose keys would all have the same hash."""
    keys = (b"\x8a\x0a" + (n * (2**61 - 1)).to_bytes(10, "little") for n in range(1, 10_000))
    return b"\x80\x02}(" + b"".join(key + b"N" for key in keys) + b"u."


def _long_keys() -> bytes:
    """Two equal long keys, compared again and again."""
    text = b"X" + struct.pack("<I", 1 << 20) + bytes(1 << 20)
    return b"\x80\x02" + text + b"q\x00" + text + b"q\x01}h\x00Ns" + 200_000 * b"h\x01Ns" + b"."


BOMBS = {
    "instructions": b"\x80\x02" + 1_200_000 * b"}" + b".",
    "pairs of instructions": b"\x80\x02" + 1_200_000 * b"N0" + b".",
    "laughs": _laughs(),
    "depth": b"\x80\x02" + 900_000 * b"]" + 899_999 * b"a" + b".",
    "tuples in tuples": b"\x80\x02)" + 900_000 * b"\x85" + b".",
    "colliding keys": _colliding(),
    "long keys": _long_keys(),
    "a name without an end": b"\x80\x02c" + (1 << 24) * b"a",
}


@pytest.mark.long
@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_take_little_time(bomb: str, tmp_path: Path) -> None:
    for path in _both(tmp_path, BOMBS[bomb]):
        start = time.process_time()
        with pytest.raises(FileFormatError):
            read_checkpoint(path)
        assert time.process_time() - start < 10


@pytest.mark.long
@pytest.mark.parametrize("bomb", ["instructions", "depth", "tuples in tuples"])
def test_bombs_take_little_memory(bomb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an instruction takes, of which there are at most so many; tracing is too slow for all of them."""
    monkeypatch.setattr(checkpoint, "_MOST_INSTRUCTIONS", most := 50_000)
    for path in _both(tmp_path, BOMBS[bomb]):
        tracemalloc.start()
        with pytest.raises(FileFormatError):
            read_checkpoint(path)
        taken = tracemalloc.get_traced_memory()[1] - path.stat().st_size
        tracemalloc.stop()
        assert taken < 200 * most + (1 << 20)


def test_archives_that_unpack_to_more_than_they_are(tmp_path: Path) -> None:
    files = _archive(FILES / "newer.pth")
    packed = _written(tmp_path / "packed.pth", files, zipfile.ZIP_DEFLATED)
    with pytest.raises(FileFormatError, match="damaged"):
        read_checkpoint(packed)
    twice = io.BytesIO(_written(tmp_path / "plain.pth", files).read_bytes())
    with zipfile.ZipFile(twice) as archive, zipfile.ZipFile(tmp_path / "many.pth", "w") as out:
        for name in archive.namelist():
            out.writestr(name, archive.read(name))
        out.filelist += 300_000 * out.filelist[:1]
        out._didModify = True  # type: ignore[attr-defined]
    with pytest.raises(FileFormatError, match="damaged"):
        read_checkpoint(tmp_path / "many.pth")


@pytest.mark.parametrize(("field", "form", "value"), [(42, "<I", 0xFFFFFF00), (20, "<II", 6_000), (8, "<H", 1)])
def test_lists_of_files_that_lie(field: int, form: str, value: int, tmp_path: Path) -> None:
    """Of where a file begins, of how long it is, and that it is encrypted."""
    content, path = bytearray((FILES / "newer.pth").read_bytes()), tmp_path / "lies.pth"
    at = content.index(b"PK\x01\x02") + field
    content[at : at + struct.calcsize(form)] = struct.pack(form, *(form.count("I") or 1) * [value])
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="damaged"):
        read_checkpoint(path)


@pytest.mark.parametrize("name", ["older", "newer", "parallel_older", "parallel_newer"])
def test_files_that_are_cut_short(name: str, tmp_path: Path) -> None:
    whole, path = (FILES / f"{name}.pth").read_bytes(), tmp_path / "cut.pth"
    for length in range(0, len(whole), 23):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError):
            read_checkpoint(path)


@pytest.mark.parametrize("name", ["older", "newer", "parallel_older", "whole_newer"])
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_damaged_files_are_an_error_and_nothing_else(name: str, data: st.DataObject, tmp_path_factory: Any) -> None:
    path: Path = tmp_path_factory.getbasetemp() / f"damaged_{name}.pth"
    content = bytearray((FILES / f"{name}.pth").read_bytes())
    places = st.integers(0, len(content) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)):
        content[place] = value
    path.write_bytes(content)
    _only_our_error(lambda: read_checkpoint(path))


@settings(deadline=None, max_examples=300)
@given(code=st.lists(st.sampled_from([b"(", b"}", b"]", b")", b"N", b"K\x01", b"U\x01a", b"\x85", b"\x86", b"t", b"a",
    b"e", b"s", b"u", b"q\x00", b"h\x00", b"R", b"b", b"Q", b"0", b"1", b"\x94", b"\x93", b"ctorch\nSize\n",
    b"ctorch\nFloatStorage\n", b"ccollections\nOrderedDict\n", b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ctorch._utils\n_rebuild_parameter\n", b"c_codecs\nencode\n", _STORAGE]), max_size=30))  # fmt: skip
def test_programs_of_known_instructions(code: list[bytes], tmp_path_factory: Any) -> None:
    for path in _both(tmp_path_factory.getbasetemp(), b"\x80\x02" + b"".join(code) + b"."):
        _only_our_error(lambda path=path: read_checkpoint(path))  # type: ignore[misc]


def _only_our_error(read: Callable[[], Any]) -> None:
    try:
        found = read()
    except FileFormatError:
        return
    assert all(isinstance(array, np.ndarray) for array in found.values())
