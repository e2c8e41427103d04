"""ONNX files, damaged as bytes and as messages."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import convoscope as cs
from campaign.mutation import damage
from convoscope.interchange.onnx.reader.file import read
from convoscope.interchange.onnx.writer.file import content_of

_MOST_PREDICTED = 1 << 14  # numbers of an image
_NUMBERS = (-(2**63), -(2**31), -7, -1, 0, 1, 2, 3, 5, 7, 64, 1000, 2**24, 2**28 + 1, 2**31 - 1, 2**40, 2**62)
_OPERATORS = (
    "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Conv", "ConvTranspose", "Div",
    "Expand", "Flatten", "Gather", "Gemm", "GlobalMaxPool", "If", "LayerNormalization", "LRN", "MatMul",
    "MaxPool", "Mul", "PRelu", "Pad", "QuantizeLinear", "ReduceMean", "Reshape", "Resize", "Shape", "Slice",
    "Softmax", "Split", "Squeeze", "Sum", "Transpose", "Unsqueeze",
)  # fmt: skip


class OnnxTrial:
    """A file is read, and the model predicts one blank image."""

    def __init__(self, folder: Path) -> None:
        networks = [classifier(), mixed()]
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
        self.samples = [
            *(network.SerializeToString() for network in networks),
            content_of(own),
            content_of(own, nchw=True),
        ]

    def make(self, rng: Random) -> bytes:
        """Damage one of them."""
        content = rng.choice(self.samples)
        if rng.random() < 0.4:
            return damage(rng, content, self.samples)
        whole = onnx.load_model_from_string(content)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            rng.choice(_DAMAGES)(rng, whole)
        found: bytes = whole.SerializeToString()
        return found

    def read(self, content: bytes, folder: Path) -> None:
        """Read it, and predict."""
        path = folder / "model.onnx"
        path.write_bytes(content)
        model = read(path)
        shapes = model.plan_input_shapes
        if sum(np.prod(shape, dtype=float) for shape in shapes) <= _MOST_PREDICTED:
            blank = [np.zeros((1, *shape), np.float32) for shape in shapes]
            model.predict(blank if len(blank) > 1 else blank[0], verbose=0)


def _tensor(name: str, *shape: int) -> Any:
    values = np.random.default_rng(len(name)).uniform(0.1, 1, shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def _whole(nodes: list[Any], shape: list[Any], out: list[Any], tensors: list[Any], opset: int) -> Any:
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, out)],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def classifier() -> Any:
    """A network with its channels first, and a chain of nodes that computes a Reshape's shape."""
    node = helper.make_node
    nodes = [
        node("Conv", ["image", "c.weight", "c.bias"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("BatchNormalization", ["a", "n.weight", "n.bias", "n.mean", "n.var"], ["b"]),
        node("Relu", ["b"], ["r"]),
        node("MaxPool", ["r"], ["p"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Conv", ["p", "d.weight"], ["d"], group=4, auto_pad="SAME_UPPER"),
        node("Add", ["d", "p"], ["s"]),
        node("Shape", ["s"], ["shape"]),
        node("Gather", ["shape", "zero"], ["n"]),
        node("Unsqueeze", ["n", "axes"], ["n1"]),
        node("Concat", ["n1", "rest"], ["target"], axis=0),
        node("Reshape", ["s", "target"], ["f"]),
        node("Gemm", ["f", "g.weight", "g.bias"], ["l"], transB=1),
        node("Softmax", ["l"], ["out"]),
    ]
    tensors = [
        _tensor("c.weight", 4, 3, 3, 3),
        _tensor("c.bias", 4),
        *(_tensor(f"n.{name}", 4) for name in ("weight", "bias", "mean", "var")),
        _tensor("d.weight", 4, 1, 3, 3),
        _tensor("g.weight", 3, 16),
        _tensor("g.bias", 3),
        numpy_helper.from_array(np.array(0), "zero"),
        numpy_helper.from_array(np.array([0]), "axes"),
        numpy_helper.from_array(np.array([-1]), "rest"),
    ]
    return _whole(nodes, ["batch", 3, 8, 8], ["batch", 3], tensors, 17)


def mixed() -> Any:
    """What the other has not: parts of values, axes in another order, means, an activation of several nodes."""
    node = helper.make_node
    nodes = [
        node("Sub", ["image", "mean"], ["centred"]),
        node("Pad", ["centred", "pads"], ["wide"]),
        node("Split", ["wide"], ["x", "y"], axis=1, num_outputs=2),
        node("Concat", ["y", "x"], ["z"], axis=1),
        node("Reshape", ["z", "groups"], ["g"]),
        node("Transpose", ["g"], ["t"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["t", "together"], ["u"]),
        node("Transpose", ["u"], ["last"], perm=[0, 2, 3, 1]),
        node("LayerNormalization", ["last", "l.weight", "l.bias"], ["ln"]),
        node("MatMul", ["ln", "m"], ["mm"]),
        node("Sigmoid", ["mm"], ["gate"]),
        node("Mul", ["mm", "gate"], ["silu"]),
        node("PRelu", ["silu", "slope"], ["pr"]),
        node("Clip", ["pr", "least", "most"], ["cl"]),
        node("ReduceMean", ["cl", "hw"], ["mean_of"], keepdims=0),
        node("Softmax", ["mean_of"], ["out"], axis=-1),
    ]
    tensors = [
        _tensor("mean", 1, 4, 1, 1),
        numpy_helper.from_array(np.array([0, 0, 1, 1, 0, 0, 1, 1]), "pads"),
        numpy_helper.from_array(np.array([0, 2, 2, 8, 7]), "groups"),
        numpy_helper.from_array(np.array([0, 4, 8, 7]), "together"),
        numpy_helper.from_array(np.array([1, 2]), "hw"),
        *(_tensor(f"l.{name}", 4) for name in ("weight", "bias")),
        _tensor("m", 4, 3),
        _tensor("slope", 3),
        numpy_helper.from_array(np.float32(-1), "least"),
        numpy_helper.from_array(np.float32(2), "most"),
    ]
    return _whole(nodes, ["batch", 4, 6, 5], ["batch", 3], tensors, 18)


# ---- damages of messages


def _names(whole: Any) -> list[str]:
    return [name for node in whole.graph.node for name in (*node.input, *node.output)] or [""]


def _rewire(rng: Random, whole: Any) -> None:
    node = rng.choice(whole.graph.node)
    ends = rng.choice((node.input, node.output))
    if ends:
        ends[rng.randrange(len(ends))] = rng.choice([*_names(whole), "", "nowhere"])


def _other_operator(rng: Random, whole: Any) -> None:
    rng.choice(whole.graph.node).op_type = rng.choice(_OPERATORS)


def _other_setting(rng: Random, whole: Any) -> None:
    nodes = [node for node in whole.graph.node if node.attribute]
    if not nodes:
        return
    attribute = rng.choice(rng.choice(nodes).attribute)
    if attribute.ints:
        attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(_NUMBERS)
    attribute.i = rng.choice(_NUMBERS)
    if rng.random() < 0.2:
        attribute.type = rng.randrange(12)


def _new_setting(rng: Random, whole: Any) -> None:
    name = rng.choice(("axis", "axes", "pads", "strides", "dilations", "group", "auto_pad", "perm", "kernel_shape"))
    value = rng.choice(
        ([rng.choice(_NUMBERS) for _ in range(rng.choice((1, 2, 4)))], rng.choice(_NUMBERS), "SAME_LOWER")
    )
    rng.choice(whole.graph.node).attribute.append(helper.make_attribute(name, value))


def _other_sizes(rng: Random, whole: Any) -> None:
    tensor = rng.choice(whole.graph.initializer)
    if tensor.dims and rng.random() < 0.7:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(_NUMBERS)
    else:
        tensor.data_type = rng.randrange(24)


def _other_numbers(rng: Random, whole: Any) -> None:
    tensor = rng.choice(whole.graph.initializer)
    size = 8 if tensor.data_type == TensorProto.INT64 else 4
    count = len(tensor.raw_data) // size
    if count:
        whole_number = struct.pack("<q", rng.choice(_NUMBERS))
        bad = whole_number if size == 8 else struct.pack("<f", rng.choice((0.0, -1.0, math.nan, math.inf, 3e38, 1e-40)))
        at = rng.randrange(count) * size
        tensor.raw_data = tensor.raw_data[:at] + bad + tensor.raw_data[at + size :]


def _other_input(rng: Random, whole: Any) -> None:
    sizes = whole.graph.input[0].type.tensor_type.shape.dim
    if sizes:
        sizes[rng.randrange(len(sizes))].dim_value = rng.choice(_NUMBERS)


def _outside(rng: Random, whole: Any) -> None:
    tensor = rng.choice(whole.graph.initializer)
    tensor.data_location = TensorProto.EXTERNAL
    place = rng.choice(("../model.onnx", "/etc/passwd", "model.onnx", "a\\b", ".", "", "no\0name"))
    for key, value in (("location", place), ("offset", str(rng.choice(_NUMBERS))), ("length", "4")):
        tensor.external_data.add(key=key, value=value)


def _doubled(rng: Random, whole: Any) -> None:
    rows = rng.choice((whole.graph.node, whole.graph.initializer, whole.graph.input, whole.graph.output))
    rows.add().CopyFrom(rng.choice(rows))


def _shuffled(rng: Random, whole: Any) -> None:
    nodes = list(whole.graph.node)
    rng.shuffle(nodes)
    del whole.graph.node[:]
    whole.graph.node.extend(nodes[: rng.choice((len(nodes), len(nodes), len(nodes) - 1))])


def _other_opset(rng: Random, whole: Any) -> None:
    whole.opset_import[0].version = rng.choice((1, 7, 9, 10, 11, 13, 18, 20, 22, 23, -1))


_DAMAGES: tuple[Callable[[Random, Any], None], ...] = (
    _rewire,
    _rewire,
    _other_operator,
    _other_operator,
    _other_setting,
    _other_setting,
    _new_setting,
    _other_sizes,
    _other_numbers,
    _other_numbers,
    _other_input,
    _outside,
    _doubled,
    _shuffled,
    _other_opset,
)
