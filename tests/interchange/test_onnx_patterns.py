"""Normalizations, lengths and rectifiers that ONNX files have as several nodes, held to ONNX's reference evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from convoscope.errors import FileFormatError
from convoscope.interchange.onnx.reader.file import read, read_converted

Array = npt.NDArray[Any]
node = helper.make_node


def _saved(nodes: list[Any], shape: list[Any], tensors: dict[str, Any], folder: Path, out: int) -> Path:
    """Write a network from ``x`` to ``y``, of opset 18."""
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", *[None] * out])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), folder / "network.onnx")
    return folder / "network.onnx"


def _kinds(path: Path) -> list[str]:
    """Return the kinds of the layers that a file becomes, having compared what they compute."""
    found = read_converted(path)
    images = 2 * np.random.default_rng(3).normal(size=(2, *found.model.input_shape[1:])).astype(np.float32)
    there = np.ascontiguousarray(images.transpose(np.argsort(found.inputs[0])))
    (theirs,) = ReferenceEvaluator(str(path)).run(None, {"x": there})
    ours = found.model.predict(images, verbose=0)
    np.testing.assert_allclose(ours, theirs.transpose(found.outputs[0]), rtol=1e-5, atol=1e-5)
    return [type(layer).__name__ for layer in found.model.layers[1:]]


def _numbers(**numbers: float) -> dict[str, Array]:
    return {name: np.array(number, np.float32) for name, number in numbers.items()}


@pytest.mark.parametrize(("least", "is_unit"), [(1e-12, True), (0.5, False)])
def test_lengths_that_values_are_divided_by(least: float, is_unit: bool, tmp_path: Path) -> None:
    """As PyTorch's exporter writes ``functional.normalize``; a bound that may tell stays one."""
    nodes = [
        node("ReduceL2", ["x", "axes"], ["l"], keepdims=1),
        node("Clip", ["l", "least"], ["c"]),
        node("Shape", ["x"], ["s"]),
        node("Expand", ["c", "s"], ["e"]),
        node("Div", ["x", "e"], ["y"]),
    ]
    path = _saved(nodes, [7], {"axes": np.array([-1]), **_numbers(least=least)}, tmp_path, 1)
    assert (_kinds(path) == ["UnitNormalization"]) == is_unit


def test_a_length_as_the_root_of_a_sum(tmp_path: Path) -> None:
    nodes = [
        node("Mul", ["x", "x"], ["q"]),
        node("ReduceSum", ["q", "axes"], ["s"], keepdims=1),
        node("Sqrt", ["s"], ["r"]),
        node("Max", ["least", "r"], ["m"]),
        node("Div", ["x", "m"], ["y"]),
    ]
    path = _saved(nodes, [4, 3], {"axes": np.array([1, 2]), **_numbers(least=1e-12)}, tmp_path, 2)
    assert _kinds(path) == ["UnitNormalization"]


@pytest.mark.parametrize("operator", ["ReduceL1", "ReduceL2", "ReduceSumSquare"])
@pytest.mark.parametrize("axes", [[2, 3], [1], [1, 3]])
def test_sums_of_sizes_and_squares(operator: str, axes: list[int], tmp_path: Path) -> None:
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node(operator, ["c", "axes"], ["y"], keepdims=0),
    ]
    kernel = np.random.default_rng(1).normal(size=(5, 3, 2, 2)).astype(np.float32)
    path = _saved(nodes, [3, 5, 4], {"w": kernel, "axes": np.array(axes)}, tmp_path, 3 - len(axes))
    assert _kinds(path)[0] == "Conv2D"


def test_global_response_normalization(tmp_path: Path) -> None:
    """Each channel's length over the mean of all, as ConvNeXt V2 has it."""
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("ReduceL2", ["c", "pixels"], ["l"], keepdims=1),
        node("ReduceMean", ["l", "channels"], ["m"], keepdims=1),
        node("Add", ["m", "eps"], ["a"]),
        node("Div", ["l", "a"], ["d"]),
        node("Mul", ["c", "d"], ["n"]),
        node("Mul", ["n", "gamma"], ["g"]),
        node("Add", ["g", "beta"], ["b"]),
        node("Add", ["c", "b"], ["y"]),
    ]
    drawn = np.random.default_rng(2).normal(size=(3, 6, 1, 1)).astype(np.float32)
    tensors = {
        "w": np.random.default_rng(1).normal(size=(6, 3, 1, 1)).astype(np.float32),
        "pixels": np.array([2, 3]),
        "channels": np.array([1]),
        "gamma": drawn[:1],
        "beta": drawn[1:2],
        **_numbers(eps=1e-6),
    }
    assert {"UnitNormalization", "Divide"} <= {*_kinds(_saved(nodes, [3, 4, 5], tensors, tmp_path, 3))}


def test_groups_of_channels_between_reshapes(tmp_path: Path) -> None:
    """As PyTorch's exporter writes GroupNorm: the numbers of the channels go into the layer."""
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("Reshape", ["c", "groups"], ["r"]),
        node("InstanceNormalization", ["r", "ones", "zeros"], ["i"], epsilon=1e-3),
        node("Shape", ["c"], ["s"]),
        node("Reshape", ["i", "s"], ["n"]),
        node("Mul", ["n", "gamma"], ["g"]),
        node("Add", ["g", "beta"], ["y"]),
    ]
    drawn = np.random.default_rng(2).normal(size=(2, 6, 1, 1)).astype(np.float32)
    tensors = {
        "w": np.random.default_rng(1).normal(size=(6, 3, 1, 1)).astype(np.float32),
        "groups": np.array([0, 2, -1]),
        "ones": np.ones(2, np.float32),
        "zeros": np.zeros(2, np.float32),
        "gamma": drawn[0],
        "beta": drawn[1],
    }
    assert _kinds(_saved(nodes, [3, 4, 5], tensors, tmp_path, 3)) == ["Conv2D", "GroupNormalization"]


_BETWEEN = [node("Greater", ["x", "t"], ["above"]), node("Sub", ["x", "t"], ["d"]), node("Mul", ["d", "s"], ["below"])]
RECTIFIERS: dict[str, tuple[list[Any], tuple[float | None, float, float]]] = {
    "of all three": (
        [*_BETWEEN, node("Min", ["x", "m"], ["held"]), node("Where", ["above", "held", "below"], ["y"])],
        (1.5, 0.25, 0.5),
    ),
    "without a largest value": ([*_BETWEEN, node("Where", ["above", "x", "below"], ["y"])], (None, 0.25, 0.5)),
    "as Keras computes it": (
        [
            node("Sub", ["t", "x"], ["d"]),
            node("Relu", ["d"], ["under"]),
            node("Greater", ["x", "t"], ["above"]),
            node("Cast", ["above"], ["mask"], to=TensorProto.FLOAT),
            node("Mul", ["x", "mask"], ["kept"]),
            node("Clip", ["kept", "0", "m"], ["held"]),
            node("Mul", ["under", "s"], ["share"]),
            node("Sub", ["held", "share"], ["y"]),
        ],
        (1.5, 0.25, 0.5),
    ),
}


@pytest.mark.parametrize("spelling", RECTIFIERS)
def test_rectifiers(spelling: str, tmp_path: Path) -> None:
    nodes, (most, slope, threshold) = RECTIFIERS[spelling]
    numbers = {"t": 0.5, "s": 0.25, "m": 1.5, "0": 0.0}
    path = _saved(nodes, [50], _numbers(**numbers), tmp_path, 1)
    assert _kinds(path) == ["ReLU"]
    layer = read(path).layers[-1]
    assert (layer.max_value, layer.negative_slope, layer.threshold) == (most, slope, threshold)


def test_what_is_nearly_a_rectifier_is_none(tmp_path: Path) -> None:
    """With a bound below the threshold's other side: nothing that one layer computes."""
    nodes = [*_BETWEEN, node("Max", ["x", "m"], ["held"]), node("Where", ["above", "held", "below"], ["y"])]
    path = _saved(nodes, [50], _numbers(t=0.5, s=0.25, m=1.5), tmp_path, 1)
    with pytest.raises(FileFormatError, match="Greater"):
        read(path)


def _beside(before: int, after: int, channels: int = 6) -> Array:
    apart = np.arange(channels)[:, None] - np.arange(channels)
    return (((apart >= -before) & (apart <= after)) * 0.3).astype(np.float32)


@pytest.mark.parametrize("last", ["Mul", "Div"])
def test_channels_beside_each_other(last: str, tmp_path: Path) -> None:
    nodes = [
        node("Mul", ["x", "x"], ["q"]),
        node("MatMul", ["q", "w"], ["s"]),
        node("Add", ["s", "b"], ["a"]),
        node("Pow", ["a", "p"], ["r"]),
        node(last, ["x", "r"], ["y"]),
    ]
    numbers = _numbers(b=0.5, p=-0.75 if last == "Mul" else 0.75)
    path = _saved(nodes, [4, 6], {"w": _beside(1, 2), **numbers}, tmp_path, 2)
    assert _kinds(path) == ["LocalResponseNormalization"]
    assert read(path).layers[-1].depth_radius == (1, 2)
    broken = _beside(1, 2)
    broken[2, 2] = 0.0
    with pytest.raises(FileFormatError, match="its exponent is neither"):
        read(_saved(nodes, [4, 6], {"w": broken, **numbers}, tmp_path, 2))


def test_settings_of_no_known_form_are_refused(tmp_path: Path) -> None:
    """A tensor where a number is due, in nodes that would be a normalization otherwise."""
    nodes = [
        node("ReduceMean", ["x", "axes"], ["m"], keepdims=numpy_helper.from_array(np.ones(2, np.int64))),
        node("Sub", ["x", "m"], ["s"]),
        node("Mul", ["s", "s"], ["q"]),
        node("ReduceMean", ["q", "axes"], ["v"], keepdims=numpy_helper.from_array(np.ones(2, np.int64))),
        node("Add", ["v", "eps"], ["e"]),
        node("Sqrt", ["e"], ["r"]),
        node("Div", ["s", "r"], ["y"]),
    ]
    path = _saved(nodes, [6], {"axes": np.array([1]), **_numbers(eps=1e-3)}, tmp_path, 1)
    with pytest.raises(FileFormatError, match="ReduceMean"):
        read(path)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("slope", [np.full((3, 1, 1), 0.3), np.arange(3.0).reshape(3, 1, 1), np.ones((3, 4, 5))])
def test_a_slope_that_is_learned_chosen_by_a_comparison(slope: Array, swapped: bool, tmp_path: Path) -> None:
    factors = ["x", "slope"] if swapped else ["slope", "x"]
    nodes = [node("Greater", ["x", "0"], ["c"]), node("Mul", factors, ["s"]), node("Where", ["c", "x", "s"], ["y"])]
    tensors = {"slope": slope.astype(np.float32), "0": np.float32(0)}
    assert _kinds(_saved(nodes, [3, 4, 5], tensors, tmp_path, 3)) == ["PReLU"]


@pytest.mark.parametrize("fill", [-np.inf, -3.4e38])
@pytest.mark.parametrize("pads", [(1, 0, 1, 1), (0, 0, 1, 1), (1, 1, 1, 1), (1, 0, 0, 1), (2, 2, 2, 2)])
def test_a_maximum_over_what_was_padded_and_never_wins(pads: tuple[int, ...], fill: float, tmp_path: Path) -> None:
    around = np.array([0, 0, *pads[:2], 0, 0, *pads[2:]])
    pooling = node("MaxPool", ["p"], ["y"], kernel_shape=[3, 3], strides=[2, 2])
    nodes = [node("Pad", ["x", "pads", "fill"], ["p"]), pooling]
    path = _saved(nodes, [3, 7, 8], {"pads": around, **_numbers(fill=fill)}, tmp_path, 3)
    kinds = _kinds(path)
    assert kinds[-1] == "MaxPooling2D"
    assert (len(kinds) == 1) == (pads == (1, 0, 1, 1))  # those of "same"


@pytest.mark.parametrize(("fill", "pads"), [(-1.0, 1), (-np.inf, 3)])
def test_what_may_win_and_windows_of_nothing_but_pads_stay_as_they_are(fill: float, pads: int, tmp_path: Path) -> None:
    around = np.array([0, 0, pads, pads, 0, 0, pads, pads])
    nodes = [
        node("Pad", ["x", "pads", "fill"], ["p"]),
        node("MaxPool", ["p"], ["y"], kernel_shape=[3, 3], strides=[2, 2]),
    ]
    path = _saved(nodes, [3, 7, 8], {"pads": around, **_numbers(fill=fill)}, tmp_path, 3)
    if np.isfinite(fill):
        assert len(_kinds(path)) > 1
    else:
        with pytest.raises(FileFormatError, match="not finite"):
            read(path)
