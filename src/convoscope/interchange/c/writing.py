"""A model as one file of C."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.interchange.c.text import source_of
from convoscope.interchange.source import identifier
from convoscope.layers import moments
from convoscope.storage import write_atomically

#: A compiler takes minutes for more, and no small device has room for them.
_MOST = 2_000_000


def write(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model as one file of C99 that depends on nothing but the standard library.

    The file's name, ``digits.c``, names its functions: ``digits_predict`` takes an image as the model does,
    ``digits_predict_bytes`` one with values from 0 to 255, and ``digits_predict_in`` lets you give the memory. All is
    computed in float32.

    Parameters
    ----------
    model : Sequential or Model
        It must be built, and have one input and one output.
    path : path
        Ends in ``.c``.

    Raises
    ------
    ConfigurationError
        If there is no C for one of its layers, it has several inputs or outputs or too many weights, or the path ends
        otherwise.
    StorageError
        If the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".c":
        raise ConfigurationError(f"A C file must have the extension .c, but the path is {path}.")
    graph = model.graph
    if len(graph.input_shapes) != 1 or len(graph.outputs) != 1:
        raise ConfigurationError(
            f"A model with one input and one output can be exported to C, but this one has {len(graph.input_shapes)} "
            f"and {len(graph.outputs)}. ONNX files support any number: convoscope export RUN --onnx model.onnx."
        )
    count = sum(weight.size for weight in graph.weights)
    if count > _MOST:
        raise ConfigurationError(
            f"C export is for small networks of up to {_MOST:,} weights, but this one has {count:,}. Export to ONNX "
            "instead: convoscope export RUN --onnx model.onnx."
        )
    with moments.reading():
        text = source_of(model, identifier(path.stem, set()).lower())
    write_atomically(path, [text.encode("ascii")])
