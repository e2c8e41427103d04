"""ONNX files that we write against ONNX Runtime, live: every layer, the networks, and photographs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from tests.interchange.onnx_files import LAYERS, Row, inputs_of, known_network, largest_difference, model_of, network
from tests.models.functional_networks import NETWORKS
from tests.odd_photos import odd_photos, photo
from tests.own_images import rejection_for

import convoscope as cs
from convoscope import applications
from convoscope.explore.image_predictions import features_of
from convoscope.explore.submodels import values_at
from convoscope.interchange.onnx.reader.file import read_converted
from convoscope.interchange.onnx.writer.file import content_of
from convoscope.models.presets import build_preset, preset_names
from convoscope.report.terminal import percent

Array = npt.NDArray[Any]
OPSETS = (13, 15, 17, 20, 22)


def runtime(content: bytes | str, inputs: dict[str, Array]) -> Any:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, inputs)


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: f"{row.layer!r} of {row.takes}")
def test_a_layer(row: Row) -> None:
    model = model_of(row)
    assert max(largest_difference(model, runtime, opset=opset) for opset in OPSETS) < 1e-5
    assert largest_difference(model, runtime, nchw=True) < 1e-5


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: f"{row.layer!r} of {row.takes}")
def test_a_layer_comes_back_as_another_programs(row: Row, tmp_path: Path) -> None:
    """Without our description, as layers that compute the same."""
    model, path = model_of(row), tmp_path / "model.onnx"
    path.write_bytes(content_of(model))
    found, arrays = read_converted(path), inputs_of(model, 3)
    given = [array.transpose(order) for array, order in zip(arrays, found.inputs, strict=True)]
    ours, expected = _predicted(found.model, given), _predicted(model, arrays)
    (order,) = found.outputs
    assert np.abs(ours.transpose(np.argsort(order)) - expected).max() <= 1e-5 * np.abs(expected).max()


def _predicted(model: Any, arrays: list[Array]) -> Any:
    return model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_between_symbols(name: str) -> None:
    model = network(name)
    assert max(largest_difference(model, runtime, opset=opset) for opset in OPSETS) < 1e-5
    assert largest_difference(model, runtime, nchw=True) < 1e-5


@pytest.mark.parametrize("name", preset_names())
def test_a_network_of_the_lessons(name: str) -> None:
    model = build_preset(name, (28, 28, 1), 10, seed=3)
    assert max(largest_difference(model, runtime, opset=opset) for opset in OPSETS) < 1e-5


@pytest.mark.parametrize("name", ["ResNet18", "ResNet50", "MobileNetV2", "SqueezeNet", "InceptionV3"])
def test_a_known_network(name: str) -> None:
    model = known_network(name)
    assert np.ptp(model.predict(inputs_of(model, 1)[0], verbose=0)) > 0.01
    assert largest_difference(model, runtime, [1, 2]) < 1e-5


def test_published_weights() -> None:
    assert largest_difference(applications.EfficientNetLite0(), runtime, [1, 2]) < 1e-5


@pytest.fixture(params=["letterbox", "crop"])
def classifier(request: pytest.FixtureRequest) -> cs.Sequential:
    """What `convoscope train FOLDER` makes: a backbone with a dense layer, which refuses images."""
    backbone = applications.EfficientNetLite0(include_top=False, pooling="avg", input_shape=(96, 96, 3))
    classes = cs.layers.Dense(5, activation="softmax", name="classes")
    model = cs.Sequential([cs.Input(shape=(96, 96, 3)), backbone, classes], seed=6)
    model.class_names = list("abcde")
    model.preprocessing = cs.Preprocessing(96, fit=request.param, edge=0.4).as_dict()
    return model


def test_a_hundred_odd_photographs(classifier: cs.Sequential, tmp_path: Path) -> None:
    """Probabilities are those of `predict`, to the last digit that it prints."""
    files = odd_photos(tmp_path / "photos")
    files += [_saved(tmp_path / f"{n}.png", photo((7 + 13 * n % 171, 11 + 29 * n % 211))) for n in range(50)]
    assert len(files) >= 100
    pixels = cs.Preprocessing.from_dict(classifier.preprocessing).prepare_all(files)
    features = values_at(classifier, pixels.astype(np.float32), [features_of(classifier)])[0]
    rejection = rejection_for(features, 5)
    ranked = np.sort(rejection.score(features))[30:70]
    widest = int(np.diff(ranked).argmax())  # some photographs are the same one, turned: their scores hardly differ
    classifier.rejection = replace(rejection, threshold=float(ranked[widest : widest + 2].mean()))
    classifier.export(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    found = dict(zip(names, session.run(None, {session.get_inputs()[0].name: pixels}), strict=True))
    wanted = classifier.predict_images(files)
    for number, ours in enumerate(wanted):
        theirs = found["probabilities"][number]
        assert [percent(float(value)) for value in theirs] == [percent(float(value)) for value in ours.probabilities]
        assert abs(found["none_of_these_score"][number] - ours.score) < 1e-4
        assert found["none_of_these"][number] == ours.none_of_these


def _saved(path: Path, image: Any) -> Path:
    image.save(path)
    return path
