"""ONNX files that others wrote, as models: held to ONNX's reference evaluator; what cannot be read is named."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from tests.interchange.onnx_nodes import check, collected

import convoscope as cs
from campaign.readers.onnx_files import classifier, mixed
from convoscope.errors import ConfigurationError, FileFormatError
from convoscope.interchange import formats
from convoscope.interchange.onnx.reader.file import read, read_converted

Array = npt.NDArray[Any]
node = helper.make_node


def _network(nodes: list[Any], shape: list[Any], tensors: dict[str, Any], opset: int = 17, out: int = 2) -> Any:
    """Return a network from ``x`` to ``y``."""
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * out)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def _drawn(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def _read(whole: Any, folder: Path, **options: Any) -> Any:
    onnx.save(whole, folder / "network.onnx")
    return read_converted(folder / "network.onnx", **options)


def _kinds(model: Any) -> list[str]:
    return [type(layer).__name__ for layer in model.layers[1:]]


def _difference(whole: Any, folder: Path) -> tuple[float, Any]:
    """Return by how much a model differs from the reference evaluator, and the model."""
    found = _read(whole, folder)
    images = np.random.default_rng(3).normal(size=(2, *found.model.input_shape[1:])).astype(np.float32)
    there = np.ascontiguousarray(images.transpose(np.argsort(found.inputs[0])))
    theirs = ReferenceEvaluator(whole).run(None, {whole.graph.input[0].name: there})[0].transpose(found.outputs[0])
    ours = found.model.predict(images, verbose=0)
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max()), found.model


def test_a_classifier_with_its_channels_first(tmp_path: Path) -> None:
    difference, model = _difference(classifier(), tmp_path)
    assert difference < 1e-5
    assert model.input_shape == (None, 8, 8, 3)
    assert _kinds(model) == [
        "ZeroPadding2D", "Conv2D", "BatchNormalization", "ReLU", "ZeroPadding2D", "MaxPooling2D", "DepthwiseConv2D",
        "Add", "Reshape", "Dense", "Softmax",
    ]  # fmt: skip
    assert [layer.name for layer in model.layers if layer.name in ("c", "n", "d", "g")] == ["c", "n", "d", "g"]


def test_shuffles_parts_and_normalizations(tmp_path: Path) -> None:
    difference, model = _difference(mixed(), tmp_path)
    assert difference < 1e-5
    assert _kinds(model).count("Permute") == 1  # the shuffle of the channels itself
    assert [layer.activation for layer in model.layers if type(layer).__name__ == "Activation"] == ["silu"]


def test_channels_last_stay_last(tmp_path: Path) -> None:
    """As tf2onnx writes it: a transposition before each convolution, and one behind it."""
    nodes = [
        node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        node("Conv", ["t", "w"], ["c"], auto_pad="SAME_UPPER", strides=[2, 2]),
        node("Transpose", ["c"], ["u"], perm=[0, 2, 3, 1]),
        node("Add", ["u", "bias"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("Reshape", ["r", "shape"], ["f"]),
        node("MatMul", ["f", "m"], ["p"]),
        node("Add", ["p", "b"], ["l"]),
        node("Softmax", ["l"], ["y"]),
    ]
    tensors = {
        "w": _drawn(5, 3, 3, 3),
        "bias": _drawn(5),
        "shape": np.array([-1, 60]),
        "m": _drawn(60, 4),
        "b": _drawn(4),
    }
    difference, model = _difference(_network(nodes, [None, 6, 8, 3], tensors), tmp_path)
    assert difference < 1e-5
    assert model.input_shape == (None, 6, 8, 3)
    assert _kinds(model) == ["Conv2D", "ReLU", "Reshape", "Dense", "Softmax"]


def test_constants_go_into_the_layer_before(tmp_path: Path) -> None:
    nodes = [
        node("Div", ["x", "255"], ["d"]),
        node("Sub", ["d", "mean"], ["s"]),
        node("Div", ["s", "std"], ["n"]),
        node("Conv", ["n", "w"], ["c"]),
        node("Mul", ["c", "scale"], ["m"]),
        node("Add", ["m", "shift"], ["a"]),
        node("ConvTranspose", ["a", "v"], ["t"], strides=[2, 2], pads=[1, 0, 1, 1], group=4),
        node("Mul", ["half", "t"], ["h"]),
        node("Relu", ["h"], ["y"]),
    ]
    tensors = {
        "255": np.float32(255),
        "mean": np.float32([0.4, 0.5, 0.6]).reshape(3, 1, 1),
        "std": np.float32([0.2, 0.3, 0.4]).reshape(1, 3, 1, 1),
        "w": _drawn(4, 3, 2, 2),
        "scale": _drawn(4, 1, 1),
        "shift": _drawn(1, 4, 1, 1),
        "v": _drawn(4, 1, 3, 3),
        "half": np.float32(0.5),
    }
    difference, model = _difference(_network(nodes, ["n", 3, 7, 6], tensors, out=4), tmp_path)
    assert difference < 1e-5
    assert _kinds(model) == ["Normalization", "Conv2D", "Conv2DTranspose", "Cropping2D", "ReLU"]


def test_rows_of_all_positions(tmp_path: Path) -> None:
    """As Keras' converters write a Dense layer on images: rows of all positions, a product, and positions again."""
    nodes = [
        node("Reshape", ["x", "rows"], ["r"]),
        node("Gemm", ["r", "w", "b"], ["g"]),
        node("Relu", ["g"], ["a"]),
        node("Reshape", ["a", "back"], ["y"]),
    ]
    tensors = {"rows": np.array([-1, 4]), "w": _drawn(4, 6), "b": _drawn(6), "back": np.array([-1, 5, 3, 6])}
    difference, model = _difference(_network(nodes, ["n", 5, 3, 4], tensors, out=4), tmp_path)
    assert difference < 1e-5
    assert _kinds(model) == ["Dense", "ReLU"]
    nodes[3] = node("Identity", ["a"], ["y"])
    with pytest.raises(FileFormatError, match="merges the images of a batch"):
        _read(_network(nodes, ["n", 5, 3, 4], tensors), tmp_path)


def test_repeated_values_and_constants_for_positions(tmp_path: Path) -> None:
    nodes = [
        node("Mul", ["x", "factors"], ["m"]),
        node("Add", ["m", "offsets"], ["a"]),
        node("Tile", ["a", "times"], ["t"]),
        node("Unsqueeze", ["t", "axis"], ["u"]),
        node("Tile", ["u", "once"], ["y"]),
    ]
    tensors = {
        "factors": _drawn(3, 1, 4),
        "offsets": _drawn(3, 5, 4),
        "times": np.array([1, 2, 1, 3]),
        "axis": np.array([2]),
        "once": np.array([1, 1, 2, 1, 1]),
    }
    difference, model = _difference(_network(nodes, ["n", 3, 5, 4], tensors, out=5), tmp_path)
    assert difference < 1e-5
    assert _kinds(model).count("BatchNormalization") == 1


_ROOT = np.float32(math.sqrt(2))
SPELLINGS: dict[str, tuple[str, list[Any]]] = {
    "gelu": (
        "gelu",
        [("Div", "x", _ROOT), ("Erf", 0), ("Add", 1, np.float32(1)), ("Mul", "x", 2), ("Mul", 3, np.float32(0.5))],
    ),
    "gelu otherwise": (
        "gelu",
        [("Mul", "x", np.float32(0.5)), ("Mul", "x", 1 / _ROOT), ("Erf", 1), ("Add", np.float32(1), 2), ("Mul", 0, 3)],
    ),
    "silu": ("silu", [("Sigmoid", "x"), ("Mul", 0, "x")]),
    "hard swish": (
        "hard_silu",
        [
            ("Add", "x", np.float32(3)),
            ("Clip", 0, np.float32(0), np.float32(6)),
            ("Mul", "x", 1),
            ("Div", 2, np.float32(6)),
        ],
    ),
    "mish": ("mish", [("Softplus", "x"), ("Tanh", 0), ("Mul", "x", 1)]),
    "softplus": ("softplus", [("Exp", "x"), ("Add", 0, np.float32(1)), ("Log", 1)]),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_activations_are_known_by_what_they_compute(spelling: str, tmp_path: Path) -> None:
    activation, steps = SPELLINGS[spelling]
    nodes, tensors = [], {}
    for number, (operator, *inputs) in enumerate(steps):
        names = []
        for place, each in enumerate(inputs):
            names.append(
                f"v{each}" if isinstance(each, int) else each if isinstance(each, str) else f"c{number}_{place}"
            )
            if not isinstance(each, (int, str)):
                tensors[names[-1]] = each
        nodes.append(node(operator, names, ["y" if number == len(steps) - 1 else f"v{number}"]))
    difference, model = _difference(_network(nodes, [None, 50], tensors), tmp_path)
    assert difference < 1e-5
    assert [layer.activation for layer in model.layers[1:]] == [activation]


def test_a_normalization_of_several_nodes(tmp_path: Path) -> None:
    """Over the channels, which lie before the pixels for ONNX, as ConvNeXt has it in older files."""
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("ReduceMean", ["c"], ["m"], axes=[1]),
        node("Sub", ["c", "m"], ["s"]),
        node("Pow", ["s", "two"], ["q"]),
        node("ReduceMean", ["q"], ["v"], axes=[1]),
        node("Add", ["v", "eps"], ["e"]),
        node("Sqrt", ["e"], ["r"]),
        node("Div", ["s", "r"], ["d"]),
        node("Mul", ["d", "gamma"], ["g"]),
        node("Add", ["g", "beta"], ["b"]),
        node("GlobalMaxPool", ["b"], ["p"]),
        node("Flatten", ["p"], ["y"]),
    ]
    tensors = {
        "w": _drawn(6, 2, 3, 3),
        "two": np.float32(2),
        "eps": np.float32(1e-6),
        "gamma": _drawn(6, 1, 1),
        "beta": _drawn(1, 6, 1, 1),
    }
    difference, model = _difference(_network(nodes, ["n", 2, 6, 5], tensors, 16), tmp_path)
    assert difference < 1e-5
    assert _kinds(model) == ["Conv2D", "LayerNormalization", "GlobalMaxPooling2D"]


def test_a_maximum_beyond_the_edges_is_none_of_the_padding(tmp_path: Path) -> None:
    nodes = [node("MaxPool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])]
    whole = _network(nodes, ["n", 2, 8, 8], {}, out=4)
    found = _read(whole, tmp_path)
    images = -1 - np.random.default_rng(4).uniform(size=(3, 8, 8, 2)).astype(np.float32)
    (theirs,) = ReferenceEvaluator(whole).run(None, {"x": images.transpose(0, 3, 1, 2)})
    np.testing.assert_array_equal(found.model.predict(images, verbose=0), theirs.transpose(0, 2, 3, 1))


def test_what_pytorch_exports_without_optimizations(tmp_path: Path) -> None:
    """as_strided behind an average, parts in a sequence, and constants that become like a value."""
    tensors = {
        "w": _drawn(6, 2, 1, 1),
        "lengths": np.array([4, 2]),
        "0": np.array(0),
        "1": np.array(1),
        "-1": np.array([-1]),
        "own": np.arange(4).reshape(1, 4, 1, 1),
        "others": np.array([1, 2, 3]),
        "4": np.array(4),
        "half": np.array(0.5, np.float64),
    }
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("SplitToSequence", ["c", "lengths"], ["s"], axis=1),
        node("SequenceAt", ["s", "0"], ["first"]),
        node("CastLike", ["half", "first"], ["factor"]),
        node("Mul", ["first", "factor"], ["m"]),
        node("GlobalAveragePool", ["m"], ["a"]),
        node("Reshape", ["a", "-1"], ["row"]),
        node("Shape", ["x"], ["images"], start=0, end=1),
        node("Squeeze", ["images"], ["count"]),
        node("Range", ["0", "count", "1"], ["numbers"]),
        node("Mul", ["numbers", "4"], ["begins"]),
        node("Unsqueeze", ["begins", "others"], ["stands"]),
        node("Add", ["stands", "own"], ["indices"]),
        node("Gather", ["row", "indices"], ["g"]),
        node("Flatten", ["g"], ["y"]),
    ]
    difference, model = _difference(_network(nodes, ["n", 2, 5, 4], tensors, 18), tmp_path)
    assert difference < 1e-5
    assert _kinds(model)[-1] == "GlobalAveragePooling2D"
    tensors["own"] = tensors["own"][:, ::-1]  # another order is no as_strided that leaves all where it was
    with pytest.raises(FileFormatError, match="merges the images of a batch"):
        _read(_network(nodes, ["n", 2, 5, 4], tensors, 18), tmp_path)


def test_whole_numbers_are_not_divided_as_floats(tmp_path: Path) -> None:
    whole = _network([node("Div", ["x", "two"], ["y"])], ["n", 3], {"two": np.array(2, np.uint8)})
    whole.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    with pytest.raises(FileFormatError, match="it divides whole numbers"):
        _read(whole, tmp_path)


@pytest.mark.parametrize(
    "operators", ["conv gemm batch_normalization", "convtranspose softmax concat pad", "lrn logsoftmax resize"]
)
def test_onnx_own_cases(operators: str, tmp_path: Path) -> None:
    """The others are among the comparisons with peers."""
    found = [check(case, tmp_path) for case in collected(operators.split())]
    assert found.count(None) >= 15


def test_sizes_that_are_left_open(tmp_path: Path) -> None:
    whole = _network(
        [node("Conv", ["x", "w"], ["c"]), node("GlobalAveragePool", ["c"], ["g"]), node("Flatten", ["g"], ["y"])],
        ["n", 3, "h", "w"],
        {"w": _drawn(4, 3, 3, 3)},
    )
    with pytest.raises(ConfigurationError, match=r"\(\?, \?, 3\)\. Give them: convoscope import FILE --input-shape"):
        _read(whole, tmp_path)
    model = formats.read(tmp_path / "network.onnx", input_shape=(9, 8, 3))
    assert model.predict(np.ones((1, 9, 8, 3)), verbose=0).shape == (1, 4)
    with pytest.raises(ConfigurationError, match="does not fit"):
        formats.read(tmp_path / "network.onnx", input_shape=(9, 8, 1))
    with pytest.raises(ConfigurationError, match="option of ONNX files"):
        formats.read(tmp_path / "network.onnx", input_size=3)


def test_it_trains_on(tmp_path: Path) -> None:
    model = _read(classifier(), tmp_path).model
    (normalization,) = (layer for layer in model.layers if type(layer).__name__ == "BatchNormalization")
    before = normalization.get_weights()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    images, classes = np.random.default_rng(5).normal(size=(12, 8, 8, 3)), np.arange(12) % 3
    history = model.fit(images, classes, epochs=8, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert all((now != then).all() for now, then in zip(normalization.get_weights(), before, strict=True))
    model.save(tmp_path / "model.safetensors")
    again = cs.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(images, verbose=0), model.predict(images, verbose=0))


def test_all_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    nodes = [
        node("QuantizeLinear", ["x", "scale"], ["q"], name="quantize"),
        node("Conv", ["x", "w"], ["c"], name="flat"),
        node("Hardmax", ["x"], ["l"], axis=1, name="largest"),
        node("Add", ["q", "c"], ["a"]),
        node("Add", ["a", "l"], ["b"]),
        node("Fused", ["b"], ["y"], domain="com.example", name="own"),
    ]
    whole = _network(nodes, ["n", 3, 5, 5], {"scale": np.float32(1), "w": _drawn(4, 3, 3)})
    with pytest.raises(FileFormatError) as error:
        _read(whole, tmp_path)
    for part in ("QuantizeLinear 'quantize' (it belongs to a quantized network",
                 "Conv 'flat' (it convolves along 1 axes",
                 "Hardmax 'largest' (there is no layer for it)",
                 "Fused 'own' (it belongs to another operator set, 'com.example')"):  # fmt: skip
        assert part in str(error.value)
    assert "Add" not in str(error.value)


def test_weights_in_a_file_beside_it(tmp_path: Path) -> None:
    whole, path = classifier(), tmp_path / "network.onnx"
    expected = _read(whole, tmp_path).model.get_weights()
    onnx.save_model(whole, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    for ours, theirs in zip(read(path).get_weights(), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    (tmp_path / "weights.bin").write_bytes((tmp_path / "weights.bin").read_bytes()[:-1])
    with pytest.raises(FileFormatError, match="cut short"):
        read(path)
