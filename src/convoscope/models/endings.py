"""File names that promise another format than ours: Keras' format is written, and for all others there is a warning."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from convoscope.errors import ConfigurationError, ConvoscopeWarning

if TYPE_CHECKING:
    from convoscope.models.network import Network

# What reads files of these endings, and would not read ours.
_OTHERS = {
    ".keras": "Keras",
    ".h5": "Keras",
    ".hdf5": "Keras",
    ".onnx": "ONNX Runtime",
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".ckpt": "PyTorch",
    ".tflite": "TensorFlow Lite",
    ".pb": "TensorFlow",
    ".gguf": "llama.cpp",
    ".mlmodel": "Core ML",
    ".npy": "NumPy",
    ".npz": "NumPy",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".joblib": "joblib",
    ".json": "a JSON reader",
}


def saved_for_its_reader(model: Network, path: Path, *, include_optimizer: bool, half: bool) -> bool:
    """Write a Keras file if the name asks for one, and return whether it was written.

    Warn if that is impossible, or if the name is that of another program's file. Warnings point to the line that calls
    `model.save`.
    """
    stem, ending = os.path.splitext(path)
    reader = _OTHERS.get(ending.lower())
    if reader is None:
        return False
    if reader == "Keras":
        reason = _saved_for_keras(model, path, include_optimizer=include_optimizer, half=half)
        if reason:
            _warn(f"{path} will be a safetensors file despite its name, and Keras cannot read it: {reason}")
        return not reason
    _warn(f"{path} will be a safetensors file despite its name, and {reader} cannot read it. {_remedy(path, stem)}")
    return False


def _saved_for_keras(model: Network, path: Path, *, include_optimizer: bool, half: bool) -> str:
    """Write the file, or return why not."""
    from convoscope.interchange.formats import KERAS
    from convoscope.models.finite import check_finite

    if half:
        return "its files have weights in single precision, and half=True asks for half precision."
    check_finite(model)
    try:
        KERAS.keep(model, path, include_optimizer=include_optimizer)
    except ConfigurationError as error:
        return str(error)
    return ""


def _remedy(path: Path, stem: str) -> str:
    from convoscope.interchange.formats import written

    ending = os.path.splitext(path)[1]
    exported = any(ending.lower() in each.endings for each in written())
    if exported:
        return f"For a file that it reads, use model.export({str(path)!r})."
    return f"Use the name {stem}.safetensors."


def _warn(words: str) -> None:
    warnings.warn(words, ConvoscopeWarning, stacklevel=5)
