"""ONNX files that we write, by ONNX's own checker and its reference evaluator. ONNX Runtime's are in tests/peers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from tests.interchange.onnx_files import (
    LAYERS,
    Row,
    checked,
    fed,
    inputs_of,
    largest_difference,
    model_of,
    network,
    restored,
)
from tests.models.functional_networks import NETWORKS

import convoscope as cs
from convoscope import layers as cl
from convoscope.engine import use
from convoscope.errors import ConfigurationError, FileFormatError, ShapeError, UnknownNameError
from convoscope.interchange.onnx.writer import file as writing
from convoscope.interchange.onnx.writer.file import content_of
from convoscope.interchange.onnx.writer.layer_call import NODES
from convoscope.layers.serialization import KINDS
from convoscope.models.rejection import Rejection

Array = npt.NDArray[Any]
#: Of a MaxPool with padding only behind the image, ONNX's evaluator (1.23) makes another size. ONNX Runtime judges it.
PADDED_WRONGLY = (cl.MinPooling2D, (3, 4, 2))
#: Of how many images: the evaluator's LRN leaves off at a channel for each image.
COUNTS: dict[type[cl.Layer], Callable[[Row], int]] = {cl.LocalResponseNormalization: lambda row: int(row.makes[-1])}


def reference(content: bytes, inputs: dict[str, Array]) -> Any:
    return ReferenceEvaluator(content).run(None, inputs)


def operators(content: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_from_string(content).graph.node]


def test_every_layer_has_its_nodes() -> None:
    assert set(NODES) == set(KINDS.values())


def test_layers_without_nodes_are_refused_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(NODES, cl.Dense)
    model = cs.Sequential([cl.Input(shape=(4,)), cl.Dense(3, name="first"), cl.Dense(3, name="last")])
    with pytest.raises(ConfigurationError, match=r"into ONNX operators: .*'first' \(Dense\).*'last' \(Dense\)"):
        content_of(model)


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: f"{row.layer!r} of {row.takes}")
def test_a_layer_computes_what_it_does_here(row: Row) -> None:
    use("reference")
    model = model_of(row)
    checked(content_of(model, opset=13))
    if (type(row.layer), row.takes) != PADDED_WRONGLY:
        assert largest_difference(model, reference, [COUNTS.get(type(row.layer), lambda _: 2)(row)]) < 1e-5
    again = restored(content_of(model, opset=22, nchw=True))
    assert again.to_json() == model.to_json()
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_computes_what_it_does_here(name: str) -> None:
    model = network(name)
    checked(content_of(model))
    assert largest_difference(model, reference, [2]) < 1e-5


@pytest.mark.parametrize(
    ("name", "nhwc", "nchw"),
    [("residual", 1, 0), ("separable", 1, 0), ("squeeze_excite", 1, 0), ("nested", 1, 0), ("u_net", 2, 0)],
)
def test_images_are_turned_once(name: str, nhwc: int, nchw: int) -> None:
    """At the input, and where an image comes out; a dense layer behind a Flatten takes any order."""
    model = network(name)
    assert operators(content_of(model)).count("Transpose") == nhwc
    assert operators(content_of(model, nchw=True)).count("Transpose") == nchw


def test_a_row_that_others_read_too_is_in_our_order() -> None:
    """`two_inputs` concatenates the row, `two_outputs` has a dense layer and a Concatenate read it."""
    model = network("two_outputs")
    content = content_of(model)
    assert operators(content).count("Transpose") == 2
    assert operators(content).count("Flatten") == 2
    assert largest_difference(model, reference, [2], nchw=True) < 1e-5


def test_layers_of_training_leave_nothing() -> None:
    model = cs.Sequential([cl.Input(shape=(6, 6, 1)), cl.RandomFlip(), cl.Conv2D(2, 3), cl.Dropout(0.5)])
    assert operators(content_of(model, nchw=True)) == ["Conv"]


def test_a_network_that_changes_nothing_is_one_node() -> None:
    model = cs.Sequential([cl.Input(shape=(3,)), cl.Dropout(0.5)])
    content = content_of(model)
    checked(content)
    assert operators(content) == ["Identity"]


def test_names_are_those_of_layers() -> None:
    whole = onnx.load_from_string(content_of(network("nested")))
    assert {each.name for each in whole.graph.initializer} == {
        f"{layer}/{weight}" for layer in ("widen", "block/conv2d", "head/dense") for weight in ("kernel", "bias")
    }
    names = [node.name for node in whole.graph.node]
    assert names[:3] == ["image/Transpose", "widen/Conv", "block/conv2d/Conv"]
    assert "block (2nd call)/conv2d/Relu" in names
    assert len(set(names)) == len(names)
    assert [value.name for value in whole.graph.input] == ["image"]
    assert whole.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_the_file_says_what_the_model_is() -> None:
    model = network("residual")
    model.class_names = ["a", "b", "c", "d", "é"]
    model.origin = {"trained": "2026-01-01"}
    told = {each.key: each.value for each in onnx.load_from_string(content_of(model)).metadata_props}
    assert json.loads(told["class_names"]) == model.class_names
    assert json.loads(told["origin"]) == model.origin
    again = restored(content_of(model))
    assert again.class_names == model.class_names
    np.testing.assert_array_equal(again.predict(inputs_of(model, 3)[0]), model.predict(inputs_of(model, 3)[0]))


# ---- photos


def photo_model(max_value: float, **options: Any) -> Any:
    cs.utils.clear_session()
    model = cs.Sequential([cl.Input(shape=(16, 16, 1)), *options.get("layers", [cl.Flatten()])], seed=3)
    model.preprocessing = cs.Preprocessing(16, channels=1, max_value=max_value).as_dict()
    return model


@pytest.mark.parametrize("max_value", [255, 1, 16, 0.7, 65_535, 100, 3.3])
def test_bytes_go_in_and_become_what_prepare_makes_of_them(max_value: float) -> None:
    """Of all 256, to the last bit."""
    model = photo_model(max_value, layers=[cl.Rescaling(1.0)])
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    wanted = cs.Preprocessing.from_dict(model.preprocessing).scaled(pixels)
    for nchw in (False, True):
        content = content_of(model, nchw=nchw)
        checked(content)
        given = pixels.transpose(0, 3, 1, 2) if nchw else pixels
        found = reference(content, fed(content, [given]))[0]
        np.testing.assert_array_equal(found.transpose(0, 2, 3, 1) if nchw else found, wanted.astype(np.float32))


@pytest.mark.parametrize(
    ("units", "activation"), [(4, "softmax"), (4, None), (1, "sigmoid"), (1, None)], ids=lambda value: str(value)
)
def test_probabilities_come_out(units: int, activation: str | None) -> None:
    model = photo_model(255, layers=[cl.Rescaling(1 / 255), cl.Flatten(), cl.Dense(units, activation)])
    pixels = np.random.default_rng(4).integers(0, 256, (3, 16, 16, 1)).astype(np.uint8)
    wanted = [found.probabilities for found in model.predict_images(list(pixels))]
    content = content_of(model)
    assert [value.name for value in checked(content).graph.output] == ["probabilities"]
    found = reference(content, fed(content, [pixels]))[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)
    raw = content_of(model, raw=True)
    found = reference(raw, fed(raw, [pixels.astype(np.float32)]))[0]
    np.testing.assert_allclose(found, model.predict(pixels, verbose=0), rtol=1e-5, atol=1e-6)


def test_images_of_none_of_the_classes_are_told() -> None:
    generator = np.random.default_rng(6)
    model = photo_model(255, layers=[cl.Rescaling(1 / 255), cl.Flatten(), cl.Dense(3, "softmax")])
    centres = generator.normal(size=(3, 256))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    arrays = (centres.astype(np.float32), generator.normal(size=(256, 3)).astype(np.float32), np.ones(3, np.float32))
    pixels = generator.integers(0, 256, (9, 16, 16, 1)).astype(np.uint8)
    scores = Rejection(*arrays, 0.9, 0.1, -5.0, 2.0, 0.0, 0.05).score(pixels.reshape(9, -1) / 255)
    model.rejection = Rejection(*arrays, 0.9, 0.1, -5.0, 2.0, float(np.median(scores)) + 1e-3, 0.05)
    for opset in (13, 22):
        content = content_of(model, opset=opset)
        whole = checked(content)
        assert [value.name for value in whole.graph.output][1:] == ["none_of_these_score", "none_of_these"]
        _, score, refused = reference(content, fed(content, [pixels]))
        np.testing.assert_allclose(score, scores, atol=1e-4)
        np.testing.assert_array_equal(refused, scores > model.rejection.threshold)
        assert 0 < refused.sum() < 9
        told = {each.key: each.value for each in whole.metadata_props}
        assert float(told["none_of_these_threshold"]) == model.rejection.threshold
    assert restored(content).rejection.numbers() == model.rejection.numbers()


# ---- what cannot be written


def test_a_model_of_any_size_is_written_for_one(tmp_path: Path) -> None:
    layers = [cl.Input(shape=(None, None, 1)), cl.Conv2D(2, 3, strides=2, padding="same"), cl.GlobalMaxPooling2D()]
    model = cs.Sequential(layers)
    with pytest.raises(ConfigurationError, match=r"takes images of any size.*size=\(224, 224\)"):
        model.export(tmp_path / "model.onnx")
    content = content_of(model, size=(7, 10))
    image = np.random.default_rng(7).normal(size=(2, 7, 10, 1)).astype(np.float32)
    found = reference(content, fed(content, [image]))[0]
    np.testing.assert_allclose(found, model.predict(image, verbose=0), atol=1e-6)
    with pytest.raises(ShapeError, match=r"takes images of \(8, 8, 3\) only"):
        content_of(network("residual"), size=9)


def test_another_opset_and_a_file_that_is_too_large_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = network("residual")
    for opset in (12, 23):
        with pytest.raises(ConfigurationError, match=r"opset must be at (least 13|most 22)"):
            model.export(tmp_path / "model.onnx", opset=opset)
    with pytest.raises(UnknownNameError, match=r"no option of ONNX files named 'opsett'. Did you mean 'opset'"):
        model.export(tmp_path / "model.onnx", opsett=13)
    monkeypatch.setattr(writing, "_MOST_BYTES", 1000)
    with pytest.raises(ConfigurationError, match="GB of weights, but an ONNX file can contain at most 2 GB"):
        model.export(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ConfigurationError, match=r"library onnx, which is not installed.*convoscope\[onnx\]"):
        network("residual").export(tmp_path / "model.onnx")


def test_a_file_is_the_model_that_was_written(tmp_path: Path) -> None:
    model = network("nested")
    model.class_names = ["a", "b", "c"]
    model.export(tmp_path / "model.onnx")
    again = cs.load_model(tmp_path / "model.onnx")
    assert again.to_json() == model.to_json()
    assert again.class_names == model.class_names
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_a_description_that_no_longer_fits_is_not_believed(tmp_path: Path) -> None:
    """Whoever changes the weights in the file, or the nodes, gets the network that is there."""
    model = network("chain")
    image = inputs_of(model, 2)[0]
    fewer, other = (onnx.load_from_string(content_of(model)) for _ in range(2))
    del fewer.graph.node[-1]  # the softmax
    fewer.graph.output[0].name = fewer.graph.node[-1].output[0]
    (kernel,) = (each for each in other.graph.initializer if each.name == "dense/kernel")
    kernel.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(kernel) * np.float32(2), kernel.name))
    for whole in (fewer, other):
        onnx.save(whole, tmp_path / "model.onnx")
        wanted = reference(whole.SerializeToString(), fed(whole.SerializeToString(), [image]))[0]
        found = cs.load_model(tmp_path / "model.onnx").predict(image, verbose=0)
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        assert np.abs(found - model.predict(image, verbose=0)).max() > 0.01


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: None,
        lambda told: {**told, "tensors": 3},
        lambda told: {**told, "tensors": {"layers/0/kernel": {"shape": [-1]}}},
        lambda told: {**told, "tensors": {"layers/0/kernel": {"base64": "?", "shape": [1]}}},
        lambda told: {**told, "tensors": {"layers/0/kernel": {"base64": "AAAA", "shape": [10**12]}}},
        lambda told: {**told, "tensors": {**told["tensors"], "layers/0/kernel": {"initializer": [], "shape": []}}},
    ],
)
def test_a_damaged_description_is_called_one(damage: Callable[[Any], Any], tmp_path: Path) -> None:
    whole = onnx.load_from_string(content_of(network("chain")))
    (description,) = (each for each in whole.metadata_props if each.key == "convoscope")
    description.value = json.dumps(damage(json.loads(description.value)))
    onnx.save(whole, tmp_path / "model.onnx")
    with pytest.raises(FileFormatError, match=r"model\.onnx is damaged: its description of the model cannot be read"):
        cs.load_model(tmp_path / "model.onnx")
