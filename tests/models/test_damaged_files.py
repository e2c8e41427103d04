"""Files that are no model, or no longer one: each is refused with its name and the reason."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.models.support import assert_changed_bytes_are_refused_or_harmless, small_model

from convoscope.errors import (
    FileFormatError,
    MissingFileError,
)
from convoscope.layers import Conv2D, Dense, Flatten
from convoscope.models import Sequential, load_model, read_header


def rewrite(path: Path, change: Callable[[dict[str, Any], bytearray], None]) -> None:
    """Change a file's header (as JSON) and data in place."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header, body = json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])
    change(header, body)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(body))


def change_model(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any], bytearray], None]:
    def apply(header: dict[str, Any], body: bytearray) -> None:
        change_description(lambda description: change(description["model"]))(header, body)

    return apply


def change_description(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any], bytearray], None]:
    def apply(header: dict[str, Any], body: bytearray) -> None:
        description = json.loads(header["__metadata__"]["convoscope"])
        change(description)
        header["__metadata__"]["convoscope"] = json.dumps(description)

    return apply


def set_metadata(**values: object) -> Callable[[dict[str, Any], bytearray], None]:
    return change_description(lambda description: description.update(values))


def set_text(text: str) -> Callable[[dict[str, Any], bytearray], None]:
    return lambda header, body: header["__metadata__"].update(convoscope=text)


def forget_checksum(header: dict[str, Any]) -> None:
    change_description(lambda description: description.pop("sha256"))(header, bytearray())


def nan_in_the_weights(header: dict[str, Any], body: bytearray) -> None:
    forget_checksum(header)
    start = header["layers/0/kernel"]["data_offsets"][0]
    body[start : start + 4] = struct.pack("<f", float("nan"))


def rename_tensor(header: dict[str, Any], body: bytearray) -> None:
    header["layers/9/kernel"] = header.pop("layers/0/kernel")


def swap_shape(header: dict[str, Any], body: bytearray) -> None:
    header["layers/5/kernel"]["shape"].reverse()


DAMAGES: dict[str, tuple[Callable[[dict[str, Any], bytearray], None], str]] = {
    "unsupported": (lambda header, body: header.pop("__metadata__") and None, "does not describe a Convoscope model"),
    "unsupported format": (set_metadata(format="pt"), "does not describe a Convoscope model"),
    "newer": (set_metadata(version=3), "newer Convoscope: its format has version 3.*Upgrade"),
    "odd version": (set_metadata(version="new"), "unknown version 'new'"),
    "version below all": (set_metadata(version=-1), "unknown version -1"),
    "true as a version": (set_metadata(version=True), "unknown version True"),
    "iterations that no counter holds": (
        change_model(lambda model: model["training"].update(iterations=10**30)),
        "iterations must be at most",
    ),
    "no description": (set_text(""), "the description in its header cannot be read"),
    "description of another kind": (set_text("[]"), "must contain a description, but contains"),
    "no model": (set_metadata(model=[]), "has no model description"),
    "bit flipped": (lambda header, body: body.__setitem__(5, body[5] ^ 1), "weights differ from those that were saved"),
    "NaN": (nan_in_the_weights, "'layers/0/kernel' has values that are not finite"),
    "tensor missing": (rename_tensor, "these tensors are missing: layers/0/kernel"),
    "wrong shape": (swap_shape, r"'layers/5/kernel' has shape \(3, 36\), but its layer needs \(36, 3\)"),
    "whole numbers": (
        lambda header, body: header["layers/0/bias"].update(dtype="I32"),
        "is I32; only 32-bit and 16-bit floats",
    ),
    "overlap": (lambda header, body: header["layers/0/bias"].update(data_offsets=[4, 20]), "cut short or damaged"),
    "negative shape": (lambda header, body: header["layers/0/bias"].update(shape=[-4]), "cut short or damaged"),
    "more layers": (
        change_model(lambda model: model["architecture"]["layers"].pop()),
        "tensors that its model does not use: layers/5/bias, layers/5/kernel",
    ),
    "unknown layer": (
        change_model(lambda model: model["architecture"]["layers"][1].update(class_name="MaxPooling3D")),
        "Did you mean 'MaxPooling2D'",
    ),
    "unknown setting": (
        change_model(lambda model: model["architecture"]["layers"][0]["config"].update(kernel=3)),
        "describes a model that cannot be built.*'kernel'",
    ),
    "huge layer": (
        change_model(lambda model: model["architecture"]["layers"][5]["config"].update(units=10**6)),
        r"its layer needs \(1000000,\)|its layer needs \(36, 1000000\)",
    ),
    "impossible layer": (
        change_model(lambda model: model["architecture"]["layers"][5]["config"].update(units=10**12)),
        "cannot be built: Dense: units must be at most 16,777,216, but is 1000000000000",
    ),
    "no architecture": (change_model(lambda model: model.pop("architecture")), "'architecture' is missing"),
    "no shape": (change_model(lambda model: model["architecture"].update(input_shape=None)), "cannot be built"),
    "layers no list": (change_model(lambda model: model["architecture"].update(layers=7)), "cannot be built"),
    "bad seed": (change_model(lambda model: model.update(seed="x")), "cannot be built.*seed"),
    "bad class names": (change_model(lambda model: model.update(class_names=[1, 2])), "class_names must be"),
    "bad preprocessing": (change_model(lambda model: model.update(preprocessing=3)), "preprocessing must be"),
    "unknown optimizer": (
        change_model(lambda model: model["training"]["optimizer"].update(class_name="Adamm")),
        "no optimizer named 'Adamm'",
    ),
    "iterations without slots": (
        change_model(lambda model: model["training"].update(iterations=5)),
        "these tensors are missing: optimizer/0/momentum",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_with_its_name_and_the_reason(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    small_model().save(path)
    change, reason = DAMAGES[damage]
    rewrite(path, change)
    with pytest.raises(FileFormatError, match=f"model.safetensors.*({reason})"):
        load_model(path)


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    small_model().save(path)
    content = path.read_bytes()
    for length in (0, 3, 8, 9, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(FileFormatError, match="cut short"):
            load_model(path)
        with pytest.raises(FileFormatError, match="cut short"):
            read_header(path)
    path.write_bytes(content + b"x")
    with pytest.raises(FileFormatError, match="cut short or damaged"):
        load_model(path)


def test_any_changed_byte_is_refused_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    model = Sequential([Conv2D(2, 3, input_shape=(5, 5, 1)), Flatten(), Dense(2)], seed=1)
    model.save(path)
    assert_changed_bytes_are_refused_or_harmless(path, model, 400)


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"PK\x03\x04" * 30, b"x" * 11, b"\x0a" + b"\0" * 7 + b"[1, 2, 3] "]
)
def test_another_kind_of_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="not a safetensors file"):
        load_model(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"There is no file .*nothing"):
        load_model(tmp_path / "nothing")
    with pytest.raises(MissingFileError, match=r"is a folder.*model\.safetensors"):
        load_model(tmp_path)
