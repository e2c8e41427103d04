"""Unsupported files, of other programs: what they are, by what is in them, and what to do instead of loading them."""

from __future__ import annotations

import zipfile
from pathlib import Path

_KERAS = "a Keras model, which load_model can read"
_TORCH = (
    "a PyTorch file, with weights but no layers. Known networks can load it, as in "
    "convoscope.applications.ResNet18(weights=path). For your own network, create the layers with Convoscope and pass "
    "model.set_weights the arrays from convoscope.interchange.pytorch.read_checkpoint(path), with convolution kernels "
    "transposed by (2, 3, 1, 0) and dense kernels by (1, 0)"
)
_BEGINNINGS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file, such as Keras writes, which load_model can read",
    b"\x80\x02\x8a\x0al\xfc\x9cF": _TORCH,  # before version 1.6; since then an archive
    b"GGUF": "a GGUF file, which holds a language model",
}


def describe_unsupported(path: Path) -> str | None:
    """Say what a file is that is no safetensors file, if it is known; what to do is part of it.

    Only the first bytes and an archive's list of names are read; nothing in it is run.
    """
    with path.open("rb") as file:
        start = file.read(8)
    for beginning, words in _BEGINNINGS.items():
        if start.startswith(beginning):
            return words
    if start[4:] == b"TFL3":
        return "a TensorFlow Lite model"
    if path.suffix.lower() == ".onnx":
        return "an ONNX model"
    return _archive(path) if start.startswith(b"PK\x03\x04") else None


def _archive(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return None
    if any(name.endswith("data.pkl") for name in names):
        return _TORCH
    return _KERAS if "model.weights.h5" in names else None
