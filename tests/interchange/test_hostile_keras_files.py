"""Keras' files that are damaged, or made to do harm: they are refused with a reason, at once and in little memory."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest
from tests.interchange.keras_files import entries_of, rewritten, stacked

import convoscope as cs
from convoscope.errors import FileFormatError
from convoscope.layers import Dense, Input
from convoscope.models import Sequential


def hdf5(fill: Callable[[Any], None]) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file)
    return content.getvalue()


def _external(file: Any) -> None:
    file["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/")


def _cycle(file: Any) -> None:
    file.create_group("layers/dense")
    file["layers/dense/vars"] = h5py.SoftLink("/layers/dense")


def _bomb(file: Any) -> None:
    file.create_dataset("layers/dense/vars/0", (1 << 14, 1 << 14), "f4", chunks=(1 << 10, 1 << 10), compression="gzip")
    file.create_dataset("layers/dense/vars/1", (1 << 14,), "f4")


def _huge(config: Any) -> Any:
    config["config"]["layers"][1]["config"]["units"] = 1 << 14
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, 1 << 14]
    return config


DAMAGES: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "external link": (lambda e: {**e, "model.weights.h5": hdf5(_external)}, "is a link to another place"),
    "cycle of links": (lambda e: {**e, "model.weights.h5": hdf5(_cycle)}, "is a link to another place"),
    "huge shapes": (
        lambda e: {
            **e,
            "model.weights.h5": hdf5(_bomb),
            "config.json": json.dumps(_huge(json.loads(e["config.json"]))).encode(),
        },
        "more than a file of .* can contain",
    ),
    "nested text": (lambda e: {**e, "config.json": b"[" * 1_000_000}, "nested too deeply|cannot be read"),
    "nested objects": (lambda e: {**e, "config.json": b'{"config":' * 1_000_000}, "nested too deeply|cannot be read"),
    "nested models": (
        lambda e: {
            **e,
            "config.json": b'{"class_name":"Sequential","config":{"layers":[' * 200 + b"]}}" * 200,
        },
        "32 deep",
    ),
    "no object": (lambda e: {**e, "config.json": b"[1]"}, "must be a JSON object"),
    "no text": (lambda e: {name: content for name, content in e.items() if name != "config.json"}, "has no config"),
    "weights cut": (lambda e: {**e, "model.weights.h5": e["model.weights.h5"][:900]}, "is damaged"),
    "weights gone": (lambda e: {**e, "model.weights.h5": hdf5(lambda file: None)}, "has 0|no weights"),
    "ours wrong": (lambda e: {**e, "convoscope.json": b'{"format": 1}'}, "of the wrong kind"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_hostile_archives_are_refused_in_a_paragraph_and_in_little_memory(name: str, tmp_path: Path) -> None:
    Sequential([Input((4,)), Dense(3)]).export(tmp_path / "good.keras")
    change, words = DAMAGES[name]
    path = rewritten(tmp_path / "bad.keras", change(entries_of(tmp_path / "good.keras")), zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    try:
        with pytest.raises((FileFormatError, cs.errors.ShapeError), match=words) as raised:
            cs.load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    assert len(str(raised.value)) < 2000


def test_an_entry_that_is_packed_too_well_is_not_unpacked(tmp_path: Path) -> None:
    entries = {"config.json": b"{}", "model.weights.h5": bytes(300_000_000)}
    path = rewritten(tmp_path / "bomb.keras", entries, zipfile.ZIP_DEFLATED)
    with pytest.raises(FileFormatError, match="claims to contain 300,000,000 bytes"):
        cs.load_model(path)


def test_a_heap_of_texts_without_an_end_is_refused_at_once(tmp_path: Path) -> None:
    stacked().export(tmp_path / "model.h5")
    content = bytearray((tmp_path / "model.h5").read_bytes())
    at = content.index(b"GCOL") + 16
    while content[at : at + 2] != b"\0\0":  # the objects before the room that is left
        at += 16 + -(-int.from_bytes(content[at + 8 : at + 16], "little") // 8) * 8
    content[at + 8 : at + 16] = bytes(8)
    (tmp_path / "endless.h5").write_bytes(content)
    with pytest.raises(FileFormatError, match="its heap of strings never ends"):
        cs.load_model(tmp_path / "endless.h5")
    content[13] = 4
    (tmp_path / "short.h5").write_bytes(content)
    with pytest.raises(FileFormatError, match="not a valid HDF5 file"):
        cs.load_model(tmp_path / "short.h5")


def test_entries_with_paths_are_never_written_anywhere(tmp_path: Path) -> None:
    Sequential([Input((4,)), Dense(3)]).export(tmp_path / "good.keras")
    entries = entries_of(tmp_path / "good.keras") | {"../../outside.txt": b"x", "/tmp/outside.txt": b"x"}
    (tmp_path / "in").mkdir()
    cs.load_model(rewritten(tmp_path / "in" / "paths.keras", entries))
    assert [each.name for each in (tmp_path / "in").iterdir()] == ["paths.keras"]
