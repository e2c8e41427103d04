"""LiteRT files that we write: what stands in them, against files that LiteRT itself has computed. See tests/peers."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.interchange.litert_files import (
    constants,
    image_metadata,
    operators,
    properties,
    restored,
    subgraph,
    tables,
    wiring,
    written_images,
    written_network,
)
from tests.interchange.onnx_files import LAYERS, model_of, network
from tests.models.functional_networks import NETWORKS

import convoscope as cs
from convoscope import layers as cl
from convoscope.errors import (
    ConfigurationError,
    DataError,
    FileFormatError,
    NotReadyError,
    ShapeError,
    UnknownNameError,
)
from convoscope.interchange.litert.schema import Activation
from convoscope.interchange.litert.writer import file as writing
from convoscope.interchange.litert.writer.file import content, content_of, network_of, quantized
from convoscope.interchange.litert.writer.layer_call import OPERATORS
from convoscope.interchange.litert.writer.quantizing import quantize
from convoscope.layers.serialization import KINDS
from convoscope.models.rejection import Rejection

FILES = Path(__file__).parent / "files"


def test_every_layer_has_its_operators() -> None:
    assert set(OPERATORS) == set(KINDS.values())


def test_layers_without_operators_are_refused_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(OPERATORS, cl.Dense)
    monkeypatch.delitem(OPERATORS, cl.Flatten)
    model = cs.Sequential(
        [cl.Input(shape=(4, 2)), cl.Flatten(name="row"), cl.Dense(3, name="a"), cl.Dense(3, name="b")]
    )
    with pytest.raises(ConfigurationError, match=r"'row'.*\(Flatten\).*'a'.*\(Dense\).*'b'.*\(Dense\)"):
        content_of(model)


# ---- against LiteRT


@pytest.fixture(scope="module")
def computed() -> Any:
    """What LiteRT made of the committed files."""
    return np.load(FILES / "written.npz")


def same(ours: bytes, theirs: bytes) -> None:
    """Check that two files have the same operators with the same settings and numbers."""
    assert wiring(ours) == wiring(theirs)
    one, other = subgraph(ours), subgraph(theirs)
    assert [_plain(each.get("builtin_options")) for each in one["operators"]] == [
        _plain(each.get("builtin_options")) for each in other["operators"]
    ]
    assert [_plain(each) for each in tables(ours)["operator_codes"]] == [
        _plain(each) for each in tables(theirs)["operator_codes"]
    ]
    for here, there in zip(one["tensors"], other["tensors"], strict=True):
        for part in ("scale", "zero_point"):
            found, wanted = (each.get("quantization", {}).get(part, np.zeros(0)) for each in (here, there))
            np.testing.assert_allclose(found, wanted, rtol=1e-6)
    for name, array in constants(theirs).items():
        # A number on the edge between two whole ones may be rounded otherwise on another machine.
        np.testing.assert_allclose(constants(ours)[name], array, rtol=1e-6, atol=array.dtype.kind == "i", err_msg=name)


def _plain(value: Any) -> str:
    return repr(value)


def test_the_file_is_one_that_litert_computes_as_we_do(computed: Any) -> None:
    model = written_network()
    same(content_of(model), (FILES / "written.tflite").read_bytes())
    np.testing.assert_allclose(model.predict(written_images(), verbose=0), computed["floats"], atol=1e-6)


def test_the_file_of_int8_is_one_that_litert_computes_nearly_as_we_do(computed: Any) -> None:
    model = written_network()
    made = network_of(model)
    ranges = dict(zip(computed["names"].tolist(), map(tuple, computed["ranges"].tolist()), strict=True))
    found = {
        operator.output: ranges[operator.output.name] for operator in made.operators if operator.output.name in ranges
    }
    quantize(made, found)
    eight = content(model, made)
    same(eight, (FILES / "written_int8.tflite").read_bytes())
    wanted = model.predict(written_images(), verbose=0)
    assert np.abs(computed["int8"] - wanted).max() < 0.02
    kept = [name for name in operators(eight) if name in ("QUANTIZE", "DEQUANTIZE")]
    assert kept == ["QUANTIZE", "DEQUANTIZE"]  # bytes go in, and probabilities come out of a softmax of floats
    assert set(properties(eight)) == {"class_names", "preprocessing"}  # its weights are not the model's
    assert len(eight) < 0.5 * len(content_of(model))


def test_whole_numbers_stand_for_the_weights() -> None:
    whole = (FILES / "written_int8.tflite").read_bytes()
    floats = constants((FILES / "written.tflite").read_bytes())
    for tensor in subgraph(whole)["tensors"]:
        name, found = tensor["name"], tensor.get("quantization")
        if found is None or name not in floats or len(tensor["shape"]) != 4:
            continue
        axis = found.get("quantized_dimension", 0)
        scale = found["scale"].reshape([-1 if at == axis else 1 for at in range(4)])
        assert found["scale"].size == tensor["shape"][axis]
        assert not found["zero_point"].any()
        assert (np.abs(constants(whole)[name] * scale - floats[name]) <= scale * 0.5001).all()


# ---- what stands in a file


def test_names_of_classes_lie_behind_the_model() -> None:
    model = cs.Sequential([cl.Input(shape=(2,)), cl.Dense(3)], seed=1)
    plain = content_of(model)
    model.class_names = ["one", "zwei", "三"]
    whole = content_of(model)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.read("labels.txt").decode() == "one\nzwei\n三\n"
    assert operators(whole) == operators(plain)
    model.class_names = ["one", "two\nthree", "four"]
    assert not zipfile.is_zipfile(io.BytesIO(content_of(model)))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_file_says_what_mediapipe_asks_for(channels: int) -> None:
    network = [cl.Input(shape=(6, 8, channels)), cl.Flatten(), cl.Dense(3, activation="softmax", name="answer")]
    model = cs.Sequential(network, seed=1)
    model.class_names = ["a", "b", "c"]
    (graph,) = image_metadata(content_of(model))["subgraph_metadata"]
    (taken,), (given,) = graph["input_tensor_metadata"], graph["output_tensor_metadata"]
    properties = taken["content"]["content_properties"]
    assert properties == {"color_space": {3: 1, 1: 2}[channels], "default_size": {"width": 8, "height": 6}}
    assert given["associated_files"] == [{"name": "labels.txt", "type": 2}]

    def scaling() -> tuple[float, float]:
        (told,) = image_metadata(content_of(model))["subgraph_metadata"]
        (unit,) = told["input_tensor_metadata"][0]["process_units"]
        return float(unit["options"]["mean"][0]), float(unit["options"]["std"][0])

    assert scaling() == (0, 255)  # floats up to 1 go in
    model.preprocessing = cs.Preprocessing((6, 8), channels=channels).as_dict()
    assert scaling() == (0, 1)  # bytes go in
    outputs = image_metadata(content_of(model))["subgraph_metadata"][0]["output_tensor_metadata"]
    assert [each["name"] for each in outputs] == ["probabilities"]
    model.class_names = ["a", "b\nc", "d"]
    (graph,) = image_metadata(content_of(model))["subgraph_metadata"]
    assert "associated_files" not in graph["output_tensor_metadata"][0]


def test_what_takes_no_image_says_nothing_of_one() -> None:
    assert image_metadata(content_of(cs.Sequential([cl.Input(shape=(2,)), cl.Dense(3)]))) is None
    many = cs.Sequential([cl.Input(shape=(4, 4, 5)), cl.Flatten()])
    assert image_metadata(content_of(many)) is None


def test_operators_take_up_what_is_behind_them() -> None:
    layers = [cl.Conv2D(4, 3), cl.BatchNormalization(), cl.ReLU(), cl.DepthwiseConv2D(3), cl.ReLU(6.0), cl.Flatten()]
    model = cs.Sequential([cl.Input(shape=(8, 8, 1)), *layers, cl.Dense(3), cl.BatchNormalization()], seed=2)
    drawn = np.random.default_rng(3)
    model.set_weights([drawn.uniform(0.5, 2, weight.shape).astype(np.float32) for weight in model.get_weights()])
    whole = content_of(model)
    assert operators(whole) == ["CONV_2D", "DEPTHWISE_CONV_2D", "RESHAPE", "FULLY_CONNECTED"]
    fused = [each["builtin_options"][1].get("fused_activation_function") for each in subgraph(whole)["operators"]]
    assert fused == [Activation.RELU, Activation.RELU6, None, None]
    kernel, bias, gamma, beta, mean, variance = (weight.astype(float) for weight in model.get_weights()[:6])
    factor = gamma / np.sqrt(variance + 1e-3)
    found = constants(whole)
    np.testing.assert_allclose(found["conv2d/kernel/folded"], np.einsum("hwio,o->ohwi", kernel, factor), rtol=1e-6)
    offset = next(array for name, array in found.items() if name.startswith("re_lu") and name.endswith("bias"))
    np.testing.assert_allclose(offset, (bias - mean) * factor + beta, rtol=1e-6)


def test_what_others_read_too_is_not_taken_up() -> None:
    image = cs.Input(shape=(6, 6, 2))
    found = cl.Conv2D(2, 3)(image)
    model = cs.Model(image, [cl.ReLU()(found), cl.BatchNormalization()(found)])
    assert operators(content_of(model)) == ["CONV_2D", "RELU", "MUL", "ADD"]


def test_batches_are_of_any_size() -> None:
    graph = subgraph(content_of(network("residual")))
    image = graph["tensors"][graph["inputs"][0]]
    assert (image["shape"].tolist(), image["shape_signature"].tolist()) == ([1, 8, 8, 3], [-1, 8, 8, 3])
    (signature,) = tables(content_of(network("two_outputs")))["signature_defs"]
    assert [each["name"] for each in signature["outputs"]] == network("two_outputs").output_names


def test_a_network_that_changes_nothing_has_an_operator() -> None:
    model = cs.Sequential([cl.Input(shape=(3,)), cl.Dropout(0.5)])
    assert operators(content_of(model)) == ["RESHAPE"]


def test_names_are_apart_and_buffers_aligned() -> None:
    for whole in (content_of(network("nested")), (FILES / "written_int8.tflite").read_bytes()):
        names = [each["name"] for each in subgraph(whole)["tensors"]]
        assert len(set(names)) == len(names)
        for array in (each["data"] for each in tables(whole)["buffers"] if "data" in each):
            start = (
                array.__array_interface__["data"][0]
                - np.frombuffer(array.base, np.uint8).__array_interface__["data"][0]
            )
            assert start % 16 == 0


# ---- a model comes back


def test_a_file_is_the_model_that_was_written() -> None:
    """To the last bit, though factors of normalizations were multiplied into kernels."""
    for model in [*map(model_of, LAYERS), *map(network, NETWORKS)]:
        again = restored(content_of(model))
        assert again.to_json() == model.to_json()
        for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
            assert ours.tobytes() == theirs.tobytes()


def test_factors_cost_little() -> None:
    layers = [cl.Conv2D(60, 3), cl.BatchNormalization(), cl.Conv2D(120, 3, use_bias=False), cl.BatchNormalization()]
    model = cs.Sequential([cl.Input(shape=(8, 8, 20)), *layers], seed=2)
    drawn = np.random.default_rng(3)
    model.set_weights([drawn.uniform(0.5, 2, weight.shape).astype(np.float32) for weight in model.get_weights()])
    whole = content_of(model)
    assert sum("folded" in place for place in json.loads(properties(whole)["convoscope"])["tensors"].values()) == 2
    assert len(whole) < 1.1 * sum(weight.nbytes for weight in model.get_weights())


def test_what_factors_cannot_be_taken_out_of_is_kept() -> None:
    model = cs.Sequential([cl.Input(shape=(5, 5, 1)), cl.Conv2D(2, 3), cl.BatchNormalization()], seed=4)
    kernel, bias, _, *others = model.get_weights()
    model.set_weights([kernel, bias, np.array([0.0, 1e-41], np.float32), *others])
    np.testing.assert_array_equal(restored(content_of(model)).get_weights()[0], kernel)


def test_a_changed_file_is_not_believed_and_a_damaged_one_is_called_so() -> None:
    from convoscope.interchange.onnx import metadata

    model = network("residual")
    whole = content_of(model)
    text, arrays, nodes = properties(whole)[metadata.KEY], constants(whole), wiring(whole)
    assert metadata.restored(text, arrays, nodes[:-1], "x") is None
    name = next(name for name in arrays if name.endswith("folded"))
    assert metadata.restored(text, {**arrays, name: arrays[name] * 2}, nodes, "x") is None
    for change in (
        {"steps": "eJwDAAAAAAE="},
        {"steps": "AAAA"},
        {"steps": 3},
        {"factor": "AAAA"},
        {"shape": [10**9]},
    ):
        told = json.loads(text)
        place = next(place for place in told["tensors"].values() if "folded" in place)
        place["folded"].update(change)
        with pytest.raises(FileFormatError, match="its description of the model cannot be read"):
            metadata.restored(json.dumps(told), arrays, nodes, "x")


# ---- photos


def photo_model(max_value: float, *layers: Any) -> Any:
    cs.utils.clear_session()
    model = cs.Sequential([cl.Input(shape=(16, 16, 1)), *layers], seed=3)
    model.preprocessing = cs.Preprocessing(16, channels=1, max_value=max_value).as_dict()
    return model


@pytest.mark.parametrize(
    ("max_value", "wanted"),
    [(255, ["CAST"]), (1, ["CAST", "DIV"]), (16, ["CAST", "MUL", "ROUND"]), (0.7, ["CAST", "GATHER"])],
)
def test_bytes_go_in(max_value: float, wanted: list[str]) -> None:
    whole = content_of(photo_model(max_value, cl.Flatten()))
    assert operators(whole) == [*wanted, "RESHAPE", "SOFTMAX"]
    assert operators(content_of(photo_model(max_value, cl.Flatten()), raw=True)) == ["RESHAPE"]


def test_images_of_none_of_the_classes_are_told() -> None:
    model = photo_model(255, cl.Flatten(), cl.Dense(3, "softmax"))
    arrays = (np.eye(3, 256, dtype=np.float32), np.ones((256, 3), np.float32), np.ones(3, np.float32))
    model.rejection = Rejection(*arrays, 0.9, 0.1, -5.0, 2.0, 0.5, 0.05)
    whole = content_of(model)
    graph = subgraph(whole)
    names = [graph["tensors"][at]["name"] for at in graph["outputs"]]
    assert names == ["probabilities", "none_of_these_score", "none_of_these"]
    assert float(properties(whole)["none_of_these_threshold"]) == 0.5
    assert restored(whole).rejection.numbers() == model.rejection.numbers()


# ---- what cannot be written


def test_options_and_models_that_do_not_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, path = network("residual"), tmp_path / "model.tflite"
    with pytest.raises(UnknownNameError, match=r"no option of LiteRT files named 'quantise'. Did you mean 'quantize'"):
        model.export(path, quantise="int8")
    with pytest.raises(ConfigurationError, match=r"quantize is \"int8\" or left out, but is 'int4'"):
        model.export(path, quantize="int4")
    with pytest.raises(ConfigurationError, match=r"calibration and test images need quantize=\"int8\""):
        model.export(path, calibration=np.zeros((2, 8, 8, 3)))
    with pytest.raises(ConfigurationError, match=r"needs images for calibration"):
        model.export(path, quantize="int8")
    with pytest.raises(NotReadyError):
        cs.Sequential([cl.Dense(3)]).export(path)
    free = cs.Sequential([cl.Input(shape=(None, None, 1)), cl.GlobalMaxPooling2D()])
    with pytest.raises(ConfigurationError, match=r"takes images of any size, but a LiteRT file needs a fixed size"):
        free.export(path)
    monkeypatch.setattr(writing, "_MOST_BYTES", 1000)
    with pytest.raises(ConfigurationError, match="GB of weights, but a LiteRT file can contain at most 2 GB"):
        model.export(path)
    monkeypatch.undo()
    weights = model.get_weights()
    model.set_weights([np.full_like(weights[0], np.nan), *weights[1:]])
    with pytest.raises(DataError, match="not finite numbers"):
        model.export(path)
    assert not list(tmp_path.iterdir())


def test_without_the_libraries_the_extras_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    images: npt.NDArray[Any] = np.zeros((2, 8, 8, 3))
    with pytest.raises(
        ConfigurationError, match=r"library ai-edge-litert .*which is not installed.*convoscope\[litert-int8\]"
    ):
        quantized(network("residual"), images)
    monkeypatch.setitem(sys.modules, "flatbuffers", None)
    with pytest.raises(ConfigurationError, match=r"library flatbuffers, which is not installed.*convoscope\[litert\]"):
        network("residual").export(tmp_path / "model.tflite")


def test_calibration_images_are_such_as_predict_takes() -> None:
    model = written_network()
    with pytest.raises(ShapeError, match="8, 10"):
        quantized(model, np.zeros((3, 8, 10, 3)))
    with pytest.raises(DataError, match=r"calibration images have values from 0 to 255.*from 0 to 300"):
        quantized(model, np.full((1, 10, 8, 3), 300.0) * np.arange(2)[:, None, None, None])
