"""ONNX files that are damaged, or made to do harm: each is refused in one sentence, and nothing beside it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from campaign.readers.onnx_files import classifier
from convoscope.errors import FileFormatError
from convoscope.interchange.onnx.reader import wire
from convoscope.interchange.onnx.reader.file import read


def _changed(change: Callable[[Any], Any]) -> bytes:
    whole = classifier()
    change(whole)
    content: bytes = whole.SerializeToString()
    return content


def _circle(whole: Any) -> None:
    whole.graph.node[0].input[0] = "r"


def _branches(whole: Any) -> None:
    whole.graph.node[2].op_type = "If"
    whole.graph.node[2].attribute.append(helper.make_attribute("then_branch", whole.graph))


def _huge(whole: Any) -> None:
    whole.graph.initializer[0].dims[0] = 2**40


def _many(whole: Any) -> None:
    whole.graph.initializer[-1].CopyFrom(numpy_helper.from_array(np.array([2**20, 2**20]), "rest"))
    whole.graph.node[9].op_type = "ConstantOfShape"
    del whole.graph.node[9].input[:], whole.graph.node[9].attribute[:]
    whole.graph.node[9].input.append("rest")


HOSTILE = {
    "a circle": (_changed(_circle), "form a cycle"),
    "a value made twice": (
        _changed(lambda whole: whole.graph.node.add().CopyFrom(whole.graph.node[0])),
        "computed twice",
    ),
    "a tensor named twice": (
        _changed(lambda whole: whole.graph.initializer.add().CopyFrom(whole.graph.initializer[0])),
        "2 tensors are named 'c.weight'",
    ),
    "never computed": (
        _changed(lambda whole: whole.graph.node[3].input.append("away")),
        "the value 'away' is read but never computed",
    ),
    "a graph within": (_changed(_branches), "contains its own graph"),
    "a huge tensor": (_changed(_huge), "is said to have the shape"),
    "a huge constant": (_changed(_many), "a constant of shape"),
    "two graphs": (2 * classifier().SerializeToString(), "it has two graphs"),
    "an opset of the future": (_changed(lambda whole: setattr(whole.opset_import[0], "version", 99)), "has opset 99"),
    "a bomb of empty nodes": (b"\x3a\x80\x89\x7a" + b"\x0a\x00" * 1_000_000, "more than 5,000 fields"),
    "numbers without end": (b"\x08" + b"\xff" * 20, "cut short"),
    "text": (b"weights", "damaged"),
    "nothing": (b"", "no graph"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_FIELDS", 5_000)
    content, says = HOSTILE[what]
    path = tmp_path / "hostile.onnx"
    path.write_bytes(content)
    with pytest.raises(FileFormatError) as error:
        read(path)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_files_that_are_cut_short(tmp_path: Path) -> None:
    whole, path = classifier().SerializeToString(), tmp_path / "cut.onnx"
    for length in range(0, len(whole) - 1, 37):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError):
            read(path)


@pytest.mark.parametrize("place", ["../weights.bin", "/etc/passwd", "a/b", "..", "", "link.bin", "no.bin", "c:\\x"])
def test_weights_elsewhere_are_not_read(place: str, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for folder in (tmp_path, tmp_path / "below"):
        (folder / "weights.bin").write_bytes(bytes(10_000))
    (tmp_path / "below" / "link.bin").symlink_to(tmp_path / "weights.bin")
    whole = classifier()
    tensor = whole.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    path = tmp_path / "below" / "network.onnx"
    path.write_bytes(whole.SerializeToString())
    with pytest.raises(FileFormatError, match=r"for safety|cannot be read"):
        read(path)
