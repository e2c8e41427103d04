"""Models out of LiteRT files, read without LiteRT's library."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from convoscope.errors import ConvoscopeWarning
from convoscope.interchange.litert.reader import names
from convoscope.interchange.litert.reader.constants import Constants, is_quantized
from convoscope.interchange.litert.reader.flatbuffer import read_root
from convoscope.interchange.litert.reader.records import GraphRecord, record_of
from convoscope.interchange.litert.reader.translating import translated
from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.onnx import metadata
from convoscope.interchange.onnx.reader import besides
from convoscope.interchange.onnx.reader.converting import Converted, convert
from convoscope.interchange.onnx.reader.network import OnnxGraph
from convoscope.interchange.onnx.reader.opening import content_of, naming
from convoscope.models.network import Network


def read(path: Path, input_shape: Sequence[int] | None = None) -> Network:
    """Read an image classifier from a LiteRT file as a model that can be trained further.

    Parameters
    ----------
    path : Path
    input_shape : tuple of int, optional
        Height, width and channels, for a file that leaves them open.

    Returns
    -------
    Model
        For images (height, width, channels). What a quantized file computes with whole numbers of 8 bits, it computes
        with float32: it takes bytes where the file does, and real numbers where the file takes others that stand for
        them. A model that Convoscope wrote comes back as it was, if nobody has changed its operators or weights since;
        of its own files of int8, the names of classes and how images are prepared come back.

    Raises
    ------
    MissingFileError
        There is no such file.
    FileFormatError
        It is damaged, or has operators for which there are no layers: the message names all of them.
    ConfigurationError
        It leaves sizes open, and `input_shape` does not give them.

    Warns
    -----
    ConvoscopeWarning
        The file is quantized, so that its predictions differ a little; or it refuses images, which the model does not.
    """
    record, size = _record(path)
    own = _own(path, record, size)
    if own is not None:
        return own
    graph = _translated(path, record, size)
    besides.leave_out_refusals(record.texts, graph, path)
    prepared = besides.preprocessing(record.texts, graph)
    model = _converted(path, graph, input_shape).model
    found = names.of(path, record.texts, model.output_shape)
    if found is not None:
        model.class_names = found
    if prepared is not None and besides.fits(prepared, model.input_shape):
        model.preprocessing = prepared.as_dict()
    if any(is_quantized(tensor) for tensor in record.tensors):
        warnings.warn(
            f"{path} is quantized: it computes with 8-bit integers, and the imported model with float32. Its "
            "predictions can differ a little from the file's.",
            ConvoscopeWarning,
            stacklevel=4,  # where the person calls `load_model`
        )
    return model


def read_converted(path: Path, input_shape: Sequence[int] | None = None) -> Converted:
    """Read the same, and how its arrays lie beside the file's."""
    return _converted(path, _translated(path, *_record(path)), input_shape)


def _own(path: Path, record: GraphRecord, size: int) -> Network | None:
    """Return the model that Convoscope wrote, if nobody has changed its operators or weights since."""
    told = record.texts.get(metadata.KEY)
    if told is None:
        return None
    floats = [tensor for tensor in record.tensors if tensor.kind == TensorType.FLOAT32 and tensor.content is not None]
    with naming(path, "LiteRT"):
        constants = Constants(size)
        arrays = {tensor.name: constants.array(tensor) for tensor in floats}
    return metadata.restored(told, arrays, record.wiring(), path)


def _converted(path: Path, graph: OnnxGraph, input_shape: Sequence[int] | None) -> Converted:
    with naming(path, "LiteRT"):
        return convert(graph, input_shape)


def _translated(path: Path, record: GraphRecord, size: int) -> OnnxGraph:
    with naming(path, "LiteRT"):
        return translated(record, size)


def _record(path: Path) -> tuple[GraphRecord, int]:
    """Return what stands in a file, and its bytes."""
    content = content_of(path, "LiteRT")
    with naming(path, "LiteRT"):
        return record_of(read_root(content), content), len(content)
