"""LiteRT files of models in tests: made, compared with whatever runs them, and read by a reader of a few lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flatbuffers.table
import numpy as np
import numpy.typing as npt
from tests.interchange.onnx_files import inputs_of
from tests.models.functional_networks import drawn_weights

import convoscope as cs
from convoscope import layers as cl
from convoscope.interchange.litert.schema import DTYPES, IDENTIFIER, OPERATORS, OPTIONS, SCALARS, TABLES, TensorType
from convoscope.interchange.litert.writer import tflite_metadata
from convoscope.interchange.litert.writer.file import content_of
from convoscope.interchange.onnx import metadata

Array = npt.NDArray[Any]
#: What runs a file: the bytes and the inputs in their order give the outputs in theirs.
Running = Callable[[bytes, Sequence[Array]], Sequence[Any]]
_NAMES = {code: name for name, (code, _) in OPERATORS.items()}
_OPTIONS = {code: (name, fields) for name, (code, fields) in OPTIONS.items()}


def largest_difference(model: Any, run: Running, counts: Sequence[int] = (1, 7), **options: Any) -> float:
    """Return by how much a file's outputs differ from the model's at most, as a share of the largest output."""
    content, found = content_of(model, **options), 0.0
    for count in counts:
        arrays = inputs_of(model, count)
        wanted = model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0)
        outputs = run(content, arrays)
        for ours, theirs in zip(wanted if isinstance(wanted, list) else [wanted], outputs, strict=True):
            assert theirs.shape == ours.shape
            assert theirs.dtype == np.float32
            found = max(found, float(np.abs(theirs - ours).max() / max(np.abs(ours).max(), 1e-30)))
    return found


# ---- reading


def tables(content: bytes) -> dict[str, Any]:
    """Return a file's root table as nested dictionaries, with what does not stand in the file left out."""
    assert content[4:8] == IDENTIFIER
    root = flatbuffers.table.Table(bytearray(content), int.from_bytes(content[:4], "little"))
    return _table(root, TABLES["Model"])


def _table(table: Any, fields: Sequence[Any], schema: Any = TABLES) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        offset = table.Offset(4 + 2 * field.slot)
        if offset:
            found[field.name] = _value(table, offset, field.kind, found, schema)
    return found


def _value(table: Any, offset: int, kind: str, before: dict[str, Any], schema: Any) -> Any:
    if kind in SCALARS:
        return np.frombuffer(table.Bytes, SCALARS[kind], 1, offset + table.Pos)[0].item()
    if kind == "string":
        return table.String(offset + table.Pos).decode()
    if not kind.startswith("["):
        name, fields = _OPTIONS[before["builtin_options_type"]] if kind == "options" else (None, schema[kind])
        inner = flatbuffers.table.Table(table.Bytes, table.Indirect(offset + table.Pos))
        return (name, _table(inner, fields)) if name else _table(inner, fields, schema)
    start, count, of = table.Vector(offset), table.VectorLen(offset), kind[1:-1]
    if of in SCALARS:
        return np.frombuffer(table.Bytes, SCALARS[of], count, start)
    places = [start + 4 * number for number in range(count)]
    inner = [flatbuffers.table.Table(table.Bytes, table.Indirect(place)) for place in places]
    return [_table(each, schema[of], schema) for each in inner]


def subgraph(content: bytes) -> dict[str, Any]:
    """Return the only subgraph of a file."""
    (found,) = tables(content)["subgraphs"]
    return dict(found)


def operators(content: bytes) -> list[str]:
    """Return the names of a file's operators in their order."""
    codes = tables(content)["operator_codes"]
    return [
        _NAMES[codes[each.get("opcode_index", 0)].get("builtin_code", 0)] for each in subgraph(content)["operators"]
    ]


def constants(content: bytes) -> dict[str, Array]:
    """Return the tensors of a file that have data, by their names."""
    buffers = tables(content)["buffers"]
    return {
        each["name"]: np.frombuffer(buffers[each["buffer"]]["data"].tobytes(), DTYPES[TensorType(each.get("type", 0))])
        .reshape(each.get("shape", np.zeros(0, int)))
        .copy()
        for each in subgraph(content)["tensors"]
        if each.get("buffer")
    }


def properties(content: bytes) -> dict[str, str]:
    """Return the texts of a file's metadata."""
    found = metadata_of(content)
    return {name: data.decode() for name, data in found.items() if name != tflite_metadata.NAME}


def metadata_of(content: bytes) -> dict[str, bytes]:
    """Return the buffers of a file's metadata."""
    whole = tables(content)
    return {each["name"]: whole["buffers"][each["buffer"]]["data"].tobytes() for each in whole["metadata"]}


def image_metadata(content: bytes) -> Any:
    """Return what MediaPipe reads of a file, as nested dictionaries; None where it does not say so."""
    told = metadata_of(content).get(tflite_metadata.NAME)
    if told is None:
        return None
    assert told[4:8] == tflite_metadata.IDENTIFIER
    root = flatbuffers.table.Table(bytearray(told), int.from_bytes(told[:4], "little"))
    return _table(root, tflite_metadata.TABLES["ModelMetadata"], tflite_metadata.TABLES)


def wiring(content: bytes) -> list[tuple[str, list[str], list[str]]]:
    """Return each operator, and the names of what it reads and makes."""
    graph = subgraph(content)
    names = [each["name"] for each in graph["tensors"]]
    return [
        (op, [names[at] for at in each["inputs"]], [names[at] for at in each["outputs"]])
        for op, each in zip(operators(content), graph["operators"], strict=True)
    ]


def restored(content: bytes) -> Any:
    """Return the model that the description in a file is of."""
    return metadata.restored(properties(content)[metadata.KEY], constants(content), wiring(content), "model.tflite")


# ---- a file that LiteRT has computed


def written_network() -> Any:
    """Return the network of the committed files: most of what the writer does, in few numbers."""
    cs.utils.clear_session()
    image = cs.Input(shape=(10, 8, 3))
    x = cl.Rescaling(1 / 127.5, offset=-1.0)(image)
    x = cl.ReLU(6.0)(cl.BatchNormalization()(cl.Conv2D(6, 3, strides=2, padding="same", use_bias=False)(x)))
    inner = cl.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    inner = cl.Activation("hard_silu")(cl.BatchNormalization()(inner))
    x = cl.ReLU()(cl.Add()([x, cl.Conv2D(6, 1)(inner)]))
    gate = cl.Dense(6, activation="sigmoid")(cl.GlobalAveragePooling2D(keepdims=True)(x))
    x = cl.Multiply()([x, gate])
    x = cl.Concatenate()([cl.MaxPooling2D()(x), cl.AveragePooling2D(padding="valid")(x)])
    x = cl.Conv2D(8, 1, groups=2)(cl.ZeroPadding2D(((1, 0), (0, 1)))(x))
    x = cl.LeakyReLU(0.1)(cl.Conv2DTranspose(4, 3, strides=2, padding="same")(x))
    outputs = cl.Dense(5, activation="softmax")(cl.Flatten()(x))
    model = cs.Model(image, outputs, name="written", seed=1)
    model.set_weights(drawn_weights([weight.shape for weight in model.get_weights()]))
    model.preprocessing = cs.Preprocessing((10, 8)).as_dict()
    model.class_names = list("abcde")
    return model


def written_images(count: int = 40) -> Array:
    """Return images for it."""
    return np.random.default_rng(5).integers(0, 256, (count, 10, 8, 3)).astype(np.uint8)
