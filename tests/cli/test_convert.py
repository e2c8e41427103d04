"""``convoscope export``, ``import`` and ``convert``: models in files of any format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from tests.interchange.litert_files import operators

import convoscope as cs
from convoscope.cli.export_int8 import int8_options
from convoscope.errors import DataError
from convoscope.layers import Dense, Flatten, Input
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
    assert "model.safetensors already exists. Give another name: --output" in ended.err
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
        ([], "Choose what to write: --html page.html"),
        (["--quantize"], "--quantize applies to the HTML page. Give the file to write: --html page.html"),
        (["model.safetensors"], "Only an HTML page shows two models"),
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
    assert "--opset needs --onnx. Give the file to write." in " ".join(ended.err.split())
    assert not Path("page.html").exists()


def test_export_writes_litert(shell: Shell, model: Sequential) -> None:
    ended = shell("export", "model.safetensors", "--litert", "model.tflite", "--raw")
    assert "Written: model.tflite (" in ended.out
    assert operators(Path("model.tflite").read_bytes()) == ["FULLY_CONNECTED"]
    ended = shell("convert", "model.safetensors", "other.tflite")
    assert "Written: other.tflite (LiteRT, " in ended.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--int8"],
            "model.safetensors is a model outside a run's folder, so there are no images to calibrate it with.",
        ),
        (["--calibration", "digits"], "--calibration needs --int8. Give both or neither."),
        (["--int8", "--calibration", "pictures"], "The model does not say how to prepare images"),
        (["--int8", "--calibration", "nowhere"], "There is no folder or CSV file 'nowhere' here"),
    ],
)
def test_int8_needs_images(shell: Shell, model: Sequential, options: list[str], words: str) -> None:
    Path("pictures").mkdir()
    Path("pictures/one.png").write_bytes(b"")
    ended = shell("export", "model.safetensors", "--litert", "model.tflite", *options)
    assert ended.status == 1
    assert words in " ".join(ended.err.split())
    assert not Path("model.tflite").exists()


def test_the_images_of_int8_are_the_runs_or_a_folders(tmp_path: Path) -> None:
    """Spread over all: calibrated with the first of them, tested with the last."""
    model = Sequential([Input(shape=(8, 8, 1)), Flatten(), Dense(10, activation="softmax")])
    data = cs.datasets.load("digits")
    model.preprocessing, model.class_names = data.preprocessing, list(data.info.class_names)
    found = int8_options(tmp_path, model, None, "digits")
    assert found["quantize"] == "int8"
    assert len(found["calibration"]) == 200
    np.testing.assert_array_equal(found["test"][0][..., 0], data.x_test)
    np.testing.assert_array_equal(found["test"][1], data.y_test)
    model.class_names = list("abcdefghij")
    assert "test" not in int8_options(tmp_path, model, None, "digits")  # its labels are not the model's classes
    for number in range(2):
        Image.fromarray(np.full((9, 9), 50 * number, np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").write_text("no image")
    found = int8_options(tmp_path, model, None, str(tmp_path))
    assert found["calibration"].shape == (2, 8, 8, 1)
    with pytest.raises(DataError, match=r"No file in .* is a readable image"):
        int8_options(tmp_path, model, None, str(_with_text_alone(tmp_path / "texts")))


def _with_text_alone(folder: Path) -> Path:
    folder.mkdir()
    (folder / "notes.txt").write_text("no image")
    return folder
