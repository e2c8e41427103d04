"""LiteRT files of an operator or two, written as tables, each with what NumPy makes of the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.interchange.litert.schema import OPERATORS, OPTIONS, TensorType
from convoscope.interchange.litert.writer.flatbuffer import flatbuffer

Array = npt.NDArray[Any]
_KINDS = {"<f4": TensorType.FLOAT32, "<f2": TensorType.FLOAT16, "<i4": TensorType.INT32, "|i1": TensorType.INT8,
          "|u1": TensorType.UINT8, "<i8": TensorType.INT64}  # fmt: skip


class Graph:
    """A file while it is made: tensors are known by their numbers.

    Parameters
    ----------
    *shapes : tuple of int
        Of the inputs, without the batch axis.
    """

    def __init__(self, *shapes: tuple[int, ...]) -> None:
        self.buffers: list[dict[str, Any]] = [{}]
        self.tensors: list[dict[str, Any]] = []
        self.operators: list[dict[str, Any]] = []
        self.codes: list[str] = []
        self.inputs = [self.value(shape) for shape in shapes]

    def value(self, shape: Sequence[int], **fields: Any) -> int:
        """Add a value that is computed, without constants."""
        whole = {"shape": [1, *shape], "shape_signature": [-1, *shape]}
        self.tensors.append({"name": f"v{len(self.tensors)}", "buffer": 0, "has_rank": True, **whole, **fields})
        return len(self.tensors) - 1

    def constant(self, values: Any, **fields: Any) -> int:
        """Add a constant."""
        array = np.asarray(values)
        array = array.astype({"f": "<f4", "i": "<i4"}[array.dtype.kind]) if array.dtype.itemsize == 8 else array
        self.buffers.append({"data": np.frombuffer(array.tobytes(), np.uint8)})
        told = {"type": int(_KINDS[array.dtype.str]), "shape": list(array.shape), "buffer": len(self.buffers) - 1}
        self.tensors.append({"name": f"c{len(self.tensors)}", "has_rank": True, **told, **fields})
        return len(self.tensors) - 1

    def add(self, op: str, inputs: Sequence[int], *shapes: Sequence[int], **options: Any) -> list[int]:
        """Add an operator, and the values that it makes."""
        made = [self.value(shape) for shape in shapes]
        if op not in self.codes:
            self.codes.append(op)
        table = OPERATORS[op][1] if op in OPERATORS else None
        told = {"builtin_options_type": OPTIONS[table][0], "builtin_options": (table, options)} if table else {}
        self.operators.append({"opcode_index": self.codes.index(op), "inputs": list(inputs), "outputs": made, **told})
        return made

    def tables(self, outputs: Sequence[int]) -> dict[str, Any]:
        """Return the table ``Model``."""
        graph = {"tensors": self.tensors, "inputs": self.inputs, "outputs": list(outputs), "operators": self.operators}
        return {
            "version": 3,
            "operator_codes": [self._code(op) for op in self.codes],
            "subgraphs": [graph],
            "buffers": self.buffers,
        }

    def _code(self, op: str) -> dict[str, Any]:
        if op not in OPERATORS:
            return {"deprecated_builtin_code": 32, "builtin_code": 32, "custom_code": op}
        return {"deprecated_builtin_code": min(OPERATORS[op][0], 127), "builtin_code": OPERATORS[op][0], "version": 1}


def drawn(*shape: int) -> Array:
    """Return random numbers."""
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def single(op: str, constants: Sequence[Any], place: int = 0, **options: Any) -> Callable[..., bytes]:
    """Return what makes the file of one operator, the input of which has that place among the constants."""

    def make(shape: tuple[int, ...], *outputs: tuple[int, ...]) -> bytes:
        graph = Graph(shape)
        inputs = [graph.constant(each) for each in constants]
        inputs.insert(place, graph.inputs[0])
        made = graph.add(op, inputs, *outputs, **options)
        return flatbuffer(graph.tables(made))

    return make


def _space(x: Array) -> Array:
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h // 2, w // 2, 4 * c)


def _depth(x: Array) -> Array:
    n, h, w, c = x.shape
    return x.reshape(n, h, w, 2, 2, c // 4).transpose(0, 1, 3, 2, 4, 5).reshape(n, 2 * h, 2 * w, c // 4)


def _nearest(own: int, new: int, mode: str) -> Array:
    scale = (own - 1) / (new - 1) if mode == "corners" else own / new
    at = np.arange(new) + (0.5 if mode == "centres" else 0)
    found: Array = np.minimum(np.floor(at * scale + (0.5 if mode == "corners" else 0)).astype(int), own - 1)
    return found


_SHAPE = (4, 6, 4)
_W, _ROW = drawn(4, 5), drawn(3, 4)
Case = tuple[Callable[..., bytes], tuple[int, ...], Callable[[Array], Any]]
#: Of each graph what makes its file, its input's shape, and what NumPy makes of the same.
GRAPHS: dict[str, Case] = {
    "slice": (single("SLICE", [[0, 1, 0, 2], [-1, 2, 6, -1]]), _SHAPE, lambda x: x[:, 1:3, :, 2:]),
    "part with steps": (
        single("STRIDED_SLICE", [[0, 1, -1, 0], [0, 4, 0, 2], [1, 2, -1, 1]], begin_mask=1, end_mask=5),
        _SHAPE,
        lambda x: x[:, 1:4:2, ::-1, :2],
    ),
    "one index": (
        single(
            "STRIDED_SLICE",
            [[0, 0, -1], [0, 0, 0], [1, 1, 1]],
            ellipsis_mask=2,
            shrink_axis_mask=4,
            begin_mask=1,
            end_mask=1,
        ),
        _SHAPE,
        lambda x: x[..., -1],
    ),
    "a new axis": (
        single("STRIDED_SLICE", [[0, 0, 1], [0, 0, 3], [1, 1, 1]], begin_mask=1, end_mask=1, new_axis_mask=2),
        (4, 3),
        lambda x: x[:, None, 1:3],
    ),
    "split": (single("SPLIT", [3], 1, num_splits=2), _SHAPE, lambda x: np.split(x, 2, 3)),
    "split by sizes": (
        single("SPLIT_V", [[1, -1, 2], 2], num_splits=3),
        _SHAPE,
        lambda x: np.split(x, [1, 4], 2),
    ),
    "unpack": (single("UNPACK", [], num=4, axis=1), _SHAPE, lambda x: [x[:, n] for n in range(4)]),
    "gather": (single("GATHER", [[3, 0, 0]], axis=2), _SHAPE, lambda x: x[:, :, [3, 0, 0]]),
    "mirrored": (
        single("MIRROR_PAD", [[[0, 0], [2, 1], [0, 3], [0, 0]]], mode=0),
        _SHAPE,
        lambda x: np.pad(x, [(0, 0), (2, 1), (0, 3), (0, 0)], mode="reflect"),
    ),
    "padded with a number": (
        single("PADV2", [[[0, 0], [1, 0], [0, 2], [1, 1]], np.float32(2.5)]),
        _SHAPE,
        lambda x: np.pad(x, [(0, 0), (1, 0), (0, 2), (1, 1)], constant_values=2.5),
    ),
    "sum": (single("SUM", [[1, 2]], keep_dims=True), _SHAPE, lambda x: x.sum((1, 2), keepdims=True)),
    "largest": (single("REDUCE_MAX", [[-1]]), _SHAPE, lambda x: x.max(-1)),
    "smallest": (single("REDUCE_MIN", [[1, 2]]), _SHAPE, lambda x: x.min((1, 2))),
    "mean of columns": (single("MEAN", [2], keep_dims=True), _SHAPE, lambda x: x.mean(2, keepdims=True)),
    "space to depth": (single("SPACE_TO_DEPTH", [], block_size=2), _SHAPE, _space),
    "depth to space": (single("DEPTH_TO_SPACE", [], block_size=2), _SHAPE, _depth),
    "nearest pixels": (
        single("RESIZE_NEAREST_NEIGHBOR", [[7, 9]]),
        _SHAPE,
        lambda x: x[:, _nearest(4, 7, "")][:, :, _nearest(6, 9, "")],
    ),
    "nearest centres": (
        single("RESIZE_NEAREST_NEIGHBOR", [[7, 9]], half_pixel_centers=True),
        _SHAPE,
        lambda x: x[:, _nearest(4, 7, "centres")][:, :, _nearest(6, 9, "centres")],
    ),
    "nearest between corners": (
        single("RESIZE_NEAREST_NEIGHBOR", [[7, 11]], align_corners=True),
        _SHAPE,
        lambda x: x[:, _nearest(4, 7, "corners")][:, :, _nearest(6, 11, "corners")],
    ),
    "matrix": (single("BATCH_MATMUL", [_W]), _SHAPE, lambda x: x @ _W),
    "matrix turned round": (single("BATCH_MATMUL", [_ROW[None]], adj_y=True), (6, 4), lambda x: x @ _ROW.T),
    "dense on images": (
        single("FULLY_CONNECTED", [_W.T, _ROW[0].repeat(2)[:5]], keep_num_dims=True, fused_activation_function=1),
        _SHAPE,
        lambda x: np.maximum(x @ _W + _ROW[0].repeat(2)[:5], 0),
    ),
    "dense on what is flattened": (
        single("FULLY_CONNECTED", [drawn(3, 96)]),
        _SHAPE,
        lambda x: x.reshape(len(x), -1) @ drawn(3, 96).T,
    ),
    "tiled": (single("TILE", [[1, 2, 1, 3]]), _SHAPE, lambda x: np.tile(x, (1, 2, 1, 3))),
    "held between bounds": (single("RELU_N1_TO_1", []), _SHAPE, lambda x: np.clip(x, -1, 1)),
    "softmax of more": (
        single("SOFTMAX", [], beta=2.5),
        (7,),
        lambda x: np.exp(2.5 * x) / np.exp(2.5 * x).sum(-1, keepdims=True),
    ),
    "over a constant": (single("DIV", [_ROW[0]]), _SHAPE, lambda x: x / _ROW[0]),
    "from a constant": (
        single("SUB", [_ROW[1]], 1, fused_activation_function=3),
        _SHAPE,
        lambda x: np.clip(_ROW[1] - x, 0, 6),
    ),
    "at least a number": (single("MAXIMUM", [np.float32(0.3)]), _SHAPE, lambda x: np.maximum(x, 0.3)),
    "each position by its own": (single("MUL", [drawn(4, 6, 4)]), _SHAPE, lambda x: x * drawn(4, 6, 4)),
    "squares": (single("SQUARE", []), _SHAPE, np.square),
    "axes": (single("TRANSPOSE", [[0, 3, 1, 2]]), _SHAPE, lambda x: x.transpose(0, 3, 1, 2)),
    "length 1": (
        single("L2_NORMALIZATION", []),
        _SHAPE,
        lambda x: x / np.sqrt((x * x).sum(-1, keepdims=True)),
    ),
}


def file_of(name: str) -> tuple[bytes, Array, list[Array]]:
    """Return a graph's file, images for it, and what NumPy makes of them."""
    make, shape, expected = GRAPHS[name]
    images = np.random.default_rng(5).normal(size=(2, *shape)).astype(np.float32)
    found = expected(images)
    outputs = [np.asarray(each) for each in (found if isinstance(found, list) else [found])]
    return make(shape, *(output.shape[1:] for output in outputs)), images, outputs
