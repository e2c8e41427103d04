"""Model files of other programs: each is called by what it is, and what to do instead is said."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from typer.testing import CliRunner

from convoscope.cli.main import app
from convoscope.errors import FileFormatError
from convoscope.models import load_model

RUNS_WHEN_OPENED = b"cos\nabort\n(tR."  # a pickle that would end this process


def archive(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, RUNS_WHEN_OPENED)
    return path


def unsupported(kind: str, folder: Path) -> Path:
    path = folder / f"model.{kind}"
    if kind == "keras":
        return archive(path, "metadata.json", "config.json", "model.weights.h5")
    if kind == "pt":
        return archive(path, "model/data.pkl", "model/version", "model/data/0")
    if kind == "pth":  # as PyTorch wrote them before 1.6: a pickle of its magic number comes first
        path.write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + RUNS_WHEN_OPENED)
    elif kind == "h5":
        path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    elif kind == "tflite":
        path.write_bytes(b"\x1c\0\0\0TFL3" + bytes(100))
    elif kind == "onnx":
        path.write_bytes(b"\x08\x08\x12\x07pytorch" + bytes(100))
    elif kind == "safetensors":
        save_file({"conv1.weight": np.zeros((4, 1, 3, 3), np.float16)}, path, {"format": "pt"})
    return path


WORDS = {
    "keras": r"model\.keras is damaged: it is not a valid HDF5 file",
    "h5": r"model\.h5 is damaged: it is not a valid HDF5 file",
    "pt": r"a PyTorch file.*applications\.ResNet18.*read_checkpoint.*\(2, 3, 1, 0\)",
    "pth": r"a PyTorch file.*applications\.ResNet18",
    "tflite": "is damaged or not a valid LiteRT file",
    "onnx": "is damaged or not a valid ONNX file",
    "safetensors": "does not describe a Convoscope model.*another program",
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_model_of_another_program_is_called_by_what_it_is(kind: str, tmp_path: Path) -> None:
    path = unsupported(kind, tmp_path)
    with pytest.raises(FileFormatError, match=WORDS[kind]) as raised:
        load_model(path)
    assert str(path) in str(raised.value)


def test_an_archive_of_something_else_is_not_taken_for_a_model(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="not a safetensors file, or is cut short"):
        load_model(archive(tmp_path / "model.safetensors", "letter.txt"))


@pytest.mark.parametrize("kind", ["pt", "safetensors"])
@pytest.mark.parametrize("command", ["explore", "export", "summary"])
def test_the_command_line_says_so_in_a_paragraph(kind: str, command: str, tmp_path: Path) -> None:
    arguments = [command, str(unsupported(kind, tmp_path))]
    if command == "export":
        arguments += ["--html", str(tmp_path / "page.html")]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 1
    words = " ".join(run.output.split())
    assert "Convoscope" in words
    assert "Traceback" not in words
    assert not (tmp_path / "page.html").exists()
