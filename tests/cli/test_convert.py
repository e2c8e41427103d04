"""``convoscope export``, ``import`` and ``convert``: models in files of any format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

import convoscope as cs
from convoscope.layers import Dense
from convoscope.models import Sequential

from .conftest import Shell


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequential:
    monkeypatch.chdir(tmp_path)
    model = Sequential([Dense(3, input_shape=(4,))])
    model.class_names = ["a", "b", "c"]
    model.save("model.safetensors")
    return model


def test_import_writes_a_model_and_says_what_it_is(shell: Shell, model: Sequential) -> None:
    Path("folder").mkdir()
    ended = shell("import", "model.safetensors", "--output", "folder")
    assert "1 layer, 15 parameters, input 4, 3 classes" in ended.out
    assert "convoscope explore folder/model.safetensors" in ended.out
    np.testing.assert_array_equal(cs.load_model("folder/model.safetensors").weights[0], model.weights[0])


def test_import_replaces_nothing_that_was_not_named(shell: Shell, model: Sequential) -> None:
    before = Path("model.safetensors").read_bytes()
    ended = shell("import", "model.safetensors")
    assert ended.status == 1
    assert "model.safetensors is here already. Give another name: --output" in ended.err
    assert Path("model.safetensors").read_bytes() == before


def test_convert_writes_what_the_ending_says(shell: Shell, model: Sequential) -> None:
    ended = shell("convert", "model.safetensors", "copy.safetensors")
    assert "Written: copy.safetensors (Convoscope, < 1 kB)" in ended.out
    np.testing.assert_array_equal(cs.load_model("copy.safetensors").weights[0], model.weights[0])
    ended = shell("convert", "model.safetensors", "copy.txt")
    assert ended.status == 1
    assert "'copy.txt' has none that is known" in " ".join(ended.err.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Say what to write: --html page.html"),
        (["--quantise"], "--quantise is about the page. Say where to write it"),
        (["model.safetensors"], "Two models stand side by side on a page"),
    ],
)
def test_export_says_what_is_missing(shell: Shell, model: Sequential, arguments: list[str], words: str) -> None:
    ended = shell("export", "model.safetensors", *arguments)
    assert ended.status == 1
    assert words in " ".join(ended.err.split())


def test_export_writes_onnx(shell: Shell, model: Sequential) -> None:
    ended = shell("export", "model.safetensors", "--onnx", "model.onnx", "--opset", 13, "--nchw")
    assert "Written: model.onnx (" in ended.out
    whole = onnx.load("model.onnx")
    assert whole.opset_import[0].version == 13
    assert [node.op_type for node in whole.graph.node] == ["Gemm"]
    ended = shell("convert", "model.safetensors", "other.onnx")
    assert "Written: other.onnx (ONNX, " in ended.out
    assert onnx.load("other.onnx").opset_import[0].version == 17


def test_an_option_of_another_file_is_refused(shell: Shell, model: Sequential) -> None:
    ended = shell("export", "model.safetensors", "--html", "page.html", "--opset", 13)
    assert ended.status == 1
    assert "--opset is for --onnx. Say where to write that file." in " ".join(ended.err.split())
    assert not Path("page.html").exists()
