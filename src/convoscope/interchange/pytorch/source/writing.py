"""A model as two files: ``net.py`` with a module, and ``net.safetensors`` with its weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError, ConvoscopeError, StorageError
from convoscope.interchange.pytorch.source.text import source_of
from convoscope.layers import moments
from convoscope.models.tensorfile import read_header
from convoscope.storage import write_atomically


def write(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model as the source of a PyTorch module, with its weights in a safetensors file beside it.

    The module needs torch and safetensors, takes images as the model does, (N, height, width, channels), and predicts
    the same. Layers are named as in the model.

    Parameters
    ----------
    model : Sequential or Model
        It must be built.
    path : path
        Ends in ``.py``; the weights' file has the same name, and ends in ``.safetensors``.

    Raises
    ------
    ConfigurationError
        If there is nothing in PyTorch for one of its layers, or the path ends otherwise.
    StorageError
        If a file cannot be written, or the weights would replace a model of Convoscope.
    """
    path = Path(path)
    if path.suffix.lower() != ".py":
        raise ConfigurationError(f"The source of a PyTorch module must be written to a .py file, not to {path}.")
    beside = path.with_suffix(".safetensors")
    if _is_model(beside):
        raise StorageError(
            f"{beside}, where the weights would go, is a model of Convoscope. Give the source another name than "
            f"{path.name}."
        )
    with moments.reading():
        source = source_of(model, beside.name)
        weights = {name: np.array(array, order="C") for name, array in source.weights.items()}
    from safetensors.numpy import save

    write_atomically(beside, [save(weights, {"format": "pt"})])
    write_atomically(path, [source.text.encode()])


def _is_model(path: Path) -> bool:
    if not os.path.lexists(path):
        return False
    try:
        return bool(read_header(path).metadata)
    except ConvoscopeError:
        return False
