"""LiteRT files, damaged as bytes, at their offsets, and as tables."""

from __future__ import annotations

import math
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import convoscope as cs
from campaign.mutation import damage
from convoscope.interchange.litert.reader.file import read
from convoscope.interchange.litert.reader.flatbuffer import Table, read_root
from convoscope.interchange.litert.schema import OPERATORS, OPTIONS
from convoscope.interchange.litert.writer.file import content_of
from convoscope.interchange.litert.writer.flatbuffer import flatbuffer

_FOREIGN = Path(__file__).resolve().parents[2] / "tests" / "interchange" / "files"
_MOST_PREDICTED = 1 << 14  # numbers of an image
_NUMBERS = (-(2**31), -7, -1, 0, 1, 2, 3, 4, 5, 7, 64, 1000, 2**16, 2**24, 2**28 + 1, 2**31 - 1)
_OFFSETS = (0, 1, 2, 3, 4, 5, 8, 12, 64, 2**16, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)


class LiteRtTrial:
    """A file is read, and the model predicts one blank image."""

    def __init__(self, folder: Path) -> None:
        layers = cs.layers
        own = cs.Sequential(
            [
                layers.Conv2D(2, 3, padding="same", input_shape=(6, 6, 1)),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.Flatten(),
                layers.Dense(3, activation="softmax"),
            ],
            seed=1,
        )
        files = sorted(_FOREIGN.glob("*.tflite"))
        self.samples = [content_of(own), *(path.read_bytes() for path in files)]

    def make(self, rng: Random) -> bytes:
        """Damage one of them."""
        content, drawn = rng.choice(self.samples), rng.random()
        if drawn < 0.25:
            return damage(rng, content, self.samples)
        if drawn < 0.5:
            return _moved(rng, content)
        whole = _plain(read_root(memoryview(content)))
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            rng.choice(_DAMAGES)(rng, whole)
        return flatbuffer(whole)

    def read(self, content: bytes, folder: Path) -> None:
        """Read it, and predict."""
        path = folder / "model.tflite"
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cs.errors.ConvoscopeWarning)  # that it is quantized
            model = read(path)
        shapes = model.plan_input_shapes
        if sum(np.prod(shape, dtype=float) for shape in shapes) <= _MOST_PREDICTED:
            blank = [np.zeros((1, *shape), np.float32) for shape in shapes]
            model.predict(blank if len(blank) > 1 else blank[0], verbose=0)


def _moved(rng: Random, content: bytes) -> bytes:
    """Put other offsets and lengths where some stand: a file has one at every fourth byte, beside its weights."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = 4 * rng.randrange(len(content) // 4)
        told = rng.choice((rng.choice(_OFFSETS), rng.randrange(len(content)), (-rng.randrange(len(content))) % 2**32))
        struct.pack_into("<I", changed, at, told)
    return bytes(changed)


def _plain(table: Table) -> dict[str, Any]:
    """Return a table and all below as dictionaries."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name == "builtin_options" and value is not None:
            found[name] = (value.kind, _plain(value))
        elif isinstance(value, Table):
            found[name] = _plain(value)
        elif isinstance(value, list):
            found[name] = [_plain(each) if isinstance(each, Table) else each for each in value]
        elif value is not None:
            found[name] = value
    return found


# ---- damages of tables


def _graph(whole: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = whole["subgraphs"][0]
    return found


def _rewire(rng: Random, whole: dict[str, Any]) -> None:
    operator = rng.choice(_graph(whole)["operators"])
    ends = operator[rng.choice(("inputs", "outputs"))]
    if ends:
        ends[rng.randrange(len(ends))] = rng.randrange(-2, len(_graph(whole)["tensors"]) + 1)


def _other_operator(rng: Random, whole: dict[str, Any]) -> None:
    code = rng.choice(whole["operator_codes"])
    number = rng.choice([number for number, _ in OPERATORS.values()] + [32, 79, 118, 119, 124, 127, 500])
    code.update(builtin_code=number, deprecated_builtin_code=min(number, 127))


def _exchanged(rng: Random, whole: dict[str, Any]) -> None:
    """Let an operator be another one of the file."""
    rng.choice(_graph(whole)["operators"])["opcode_index"] = rng.randrange(len(whole["operator_codes"]) + 1)


def _other_option(rng: Random, whole: dict[str, Any]) -> None:
    told = [each["builtin_options"] for each in _graph(whole)["operators"] if each.get("builtin_options")]
    kind, options = rng.choice([each for each in told if each[1]])
    field = rng.choice(OPTIONS[kind][1])
    if field.kind == "bool":
        options[field.name] = rng.random() < 0.5
    elif field.kind == "int8":
        options[field.name] = rng.randrange(-1, 8)
    elif field.kind == "int32":
        options[field.name] = rng.choice(_NUMBERS)
    elif field.kind == "float32":
        options[field.name] = rng.choice((0.0, -1.0, math.nan, math.inf, 3e38))


def _no_options(rng: Random, whole: dict[str, Any]) -> None:
    rng.choice(_graph(whole)["operators"]).pop("builtin_options", None)


def _other_sizes(rng: Random, whole: dict[str, Any]) -> None:
    tensor = rng.choice(_graph(whole)["tensors"])
    sizes = tensor.get(rng.choice(("shape", "shape_signature")))
    if sizes and rng.random() < 0.8:
        sizes[rng.randrange(len(sizes))] = rng.choice(_NUMBERS)
    elif sizes is not None:
        sizes.append(rng.choice(_NUMBERS))


def _other_type(rng: Random, whole: dict[str, Any]) -> None:
    rng.choice(_graph(whole)["tensors"])["type"] = rng.randrange(20)


def _other_buffer(rng: Random, whole: dict[str, Any]) -> None:
    tensor = rng.choice(_graph(whole)["tensors"])
    tensor["buffer"] = rng.randrange(len(whole["buffers"]) + 1)


def _other_scale(rng: Random, whole: dict[str, Any]) -> None:
    count = rng.choice((0, 1, 1, 2, 3, 4))
    rng.choice(_graph(whole)["tensors"])["quantization"] = {
        "scale": np.array([rng.choice((0.0, 1e-3, -1.0, math.nan, math.inf, 3e38)) for _ in range(count)], "<f4"),
        "zero_point": np.array([rng.choice((-(2**63), -128, 0, 3, 2**62)) for _ in range(rng.choice((0, 1, count)))]),
        "quantized_dimension": rng.choice((-1, 0, 1, 3, 2**31 - 1)),
        "details_type": rng.choice((0, 0, 0, 1)),
    }


def _other_numbers(rng: Random, whole: dict[str, Any]) -> None:
    buffers = [each for each in whole["buffers"] if len(each.get("data", ())) >= 4]
    buffer = rng.choice(buffers)
    content = np.array(buffer["data"], np.uint8)
    at = 4 * rng.randrange(len(content) // 4)
    bad = rng.choice((struct.pack("<i", rng.choice(_NUMBERS)), struct.pack("<f", rng.choice((math.nan, 3e38, -1.0)))))
    content[at : at + 4] = np.frombuffer(bad, np.uint8)
    buffer["data"] = content if rng.random() < 0.8 else content[: rng.randrange(len(content))]


def _outside(rng: Random, whole: dict[str, Any]) -> None:
    whole["buffers"][rng.randrange(len(whole["buffers"]))] = {
        "offset": rng.choice((1, 2, 64, 5000, 2**31, 2**63)),
        "size": rng.choice((1, 4, 36, 5000, 2**31, 2**63)),
    }


def _doubled(rng: Random, whole: dict[str, Any]) -> None:
    graph = _graph(whole)
    rows = rng.choice((graph["operators"], graph["tensors"], graph["inputs"], graph["outputs"], whole["metadata"]))
    rows.append(rng.choice(rows))


def _shuffled(rng: Random, whole: dict[str, Any]) -> None:
    operators = _graph(whole)["operators"]
    rng.shuffle(operators)
    del operators[rng.choice((len(operators), len(operators), len(operators) - 1)) :]


def _other_ends(rng: Random, whole: dict[str, Any]) -> None:
    graph = _graph(whole)
    ends = graph[rng.choice(("inputs", "outputs"))]
    ends[rng.randrange(len(ends))] = rng.randrange(len(graph["tensors"]))


_DAMAGES: tuple[Callable[[Random, dict[str, Any]], None], ...] = (
    _rewire,
    _rewire,
    _other_operator,
    _exchanged,
    _other_option,
    _other_option,
    _no_options,
    _other_sizes,
    _other_sizes,
    _other_type,
    _other_buffer,
    _other_scale,
    _other_numbers,
    _other_numbers,
    _outside,
    _doubled,
    _shuffled,
    _other_ends,
)
