"""Models out of ONNX files, read without ONNX's library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from convoscope.interchange.onnx import metadata
from convoscope.interchange.onnx.reader import besides
from convoscope.interchange.onnx.reader.converting import Converted, convert
from convoscope.interchange.onnx.reader.messages import ModelRecord, read_model
from convoscope.interchange.onnx.reader.network import OnnxGraph, checked
from convoscope.interchange.onnx.reader.opening import content_of, naming
from convoscope.interchange.onnx.reader.wire import DamagedError
from convoscope.models.network import Network


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
        as it was, if nobody has changed its nodes or weights since; else with the names of its classes, and with how
        images are prepared for it.

    Raises
    ------
    MissingFileError
        There is no such file.
    FileFormatError
        It is damaged, or has nodes for which there are no layers: the message names all of them.
    ConfigurationError
        It leaves sizes open, and `input_shape` does not give them.

    Warns
    -----
    ConvoscopeWarning
        It refuses images, which the model does not.
    """
    record, graph = _checked(path)
    told = record.metadata.get(metadata.KEY)
    if told is not None and record.graph is not None:
        wiring = [(node.op, node.inputs, node.outputs) for node in record.graph.nodes]
        own = metadata.restored(told, graph.constants, wiring, path)
        if own is not None:
            return own
    besides.leave_out_refusals(record.metadata, graph, path)
    prepared = besides.preprocessing(record.metadata, graph)
    model = _converted(path, graph, input_shape).model
    if prepared is not None and besides.fits(prepared, model.input_shape):
        model.preprocessing = prepared.as_dict()
    names = metadata.class_names(record.metadata)
    if names is not None and model.output_shape[-1:] == (len(names),):
        model.class_names = names
    return model


def read_converted(path: Path, input_shape: Sequence[int] | None = None) -> Converted:
    """Read the same, and how its arrays lie beside the file's."""
    return _converted(path, _checked(path)[1], input_shape)


def _converted(path: Path, graph: OnnxGraph, input_shape: Sequence[int] | None) -> Converted:
    with naming(path, "ONNX"):
        return convert(graph, input_shape)


def _checked(path: Path) -> tuple[ModelRecord, OnnxGraph]:
    content = content_of(path, "ONNX")
    with naming(path, "ONNX"):
        record = read_model(content)
        if record.graph is None or not record.opsets:
            raise DamagedError("it has no graph, or does not say which opset it has")
        return record, checked(record, path.parent)
