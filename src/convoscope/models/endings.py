"""Names of files that say something else than what is in them."""

from __future__ import annotations

import os
import warnings

from convoscope.errors import ConvoscopeWarning

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


def warn_of_ending(path: str | os.PathLike[str]) -> None:
    """Warn that a model's file is named like one of another program. For those whom `model.save` calls."""
    from convoscope.interchange.formats import written

    stem, ending = os.path.splitext(path)
    reader = _OTHERS.get(ending.lower())
    if reader is None:
        return
    exported = any(ending.lower() in each.endings for each in written())
    remedy = (
        f"For a file that it reads, use model.export({str(path)!r})."
        if exported
        else (f"Use the name {stem}.safetensors.")
    )
    warnings.warn(
        f"{path} will be a safetensors file despite its name, and {reader} cannot read it. {remedy}",
        ConvoscopeWarning,
        stacklevel=4,
    )
