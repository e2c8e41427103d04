"""Models out of ONNX files, read without ONNX's library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from convoscope.errors import FileFormatError
from convoscope.interchange.onnx import metadata
from convoscope.interchange.onnx.reader.converting import Converted, NotConvertibleError, convert
from convoscope.interchange.onnx.reader.messages import ModelRecord, read_model
from convoscope.interchange.onnx.reader.network import OnnxGraph, UnsupportedError, checked
from convoscope.interchange.onnx.reader.wire import DamagedError
from convoscope.models.network import Network
from convoscope.paths import open_regular

_LARGEST_FILE = 1 << 31  # protocol buffers are not larger


def read(path: Path, input_shape: Sequence[int] | None = None) -> Network:
    """Read an image classifier from an ONNX file as a model that can be trained further.

    Parameters
    ----------
    path : Path
    input_shape : tuple of int, optional
        Height, width and channels, for a file that leaves them open.

    Returns
    -------
    Model
        For images (height, width, channels), whatever the file's order is. A model that Convoscope wrote comes back
        as it was, if nobody has changed its nodes or weights since.

    Raises
    ------
    MissingFileError
        There is no such file.
    FileFormatError
        It is damaged, or has nodes for which there are no layers: the message names all of them.
    ConfigurationError
        It leaves sizes open, and `input_shape` does not give them.
    """
    record, graph = _checked(path)
    told = record.metadata.get(metadata.KEY)
    if told is not None and record.graph is not None:
        wiring = [(node.op, node.inputs, node.outputs) for node in record.graph.nodes]
        own = metadata.restored(told, graph.constants, wiring, path)
        if own is not None:
            return own
    model = _converted(path, graph, input_shape).model
    names = metadata.class_names(record.metadata)
    if names is not None and model.output_shape[-1:] == (len(names),):
        model.class_names = names
    return model


def read_converted(path: Path, input_shape: Sequence[int] | None = None) -> Converted:
    """Read the same, and how its arrays lie beside the file's."""
    return _converted(path, _checked(path)[1], input_shape)


def _converted(path: Path, graph: OnnxGraph, input_shape: Sequence[int] | None) -> Converted:
    try:
        return convert(graph, input_shape)
    except (UnsupportedError, NotConvertibleError) as error:
        raise FileFormatError(f"{path} cannot be made into layers: {error}.") from error


def _checked(path: Path) -> tuple[ModelRecord, OnnxGraph]:
    try:
        record = _record(path)
        return record, checked(record, path.parent)
    except DamagedError as error:
        raise FileFormatError(f"{path} is damaged, or no ONNX file: {error}. Fetch or export it again.") from error
    except UnsupportedError as error:
        raise FileFormatError(f"{path} cannot be made into layers: {error}.") from error


def _record(path: Path) -> ModelRecord:
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > _LARGEST_FILE:
            raise FileFormatError(f"{path} has {size:,} bytes; ONNX files are read up to {_LARGEST_FILE:,}.")
        content = file.read()
    record = read_model(memoryview(content))
    if record.graph is None or not record.opsets:
        raise DamagedError("it has no graph, or does not say of which opset it is")
    return record
