"""LiteRT files read, and held to LiteRT's own interpreter: Keras' networks, single operators, and all that goes out.

Keras and TensorFlow's converter run in an environment of their own, which the benchmarks make: ``python -m benchmarks
environments keras``.
"""

from __future__ import annotations

import os
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.interchange.litert_graphs import GRAPHS, file_of
from tests.interchange.onnx_files import LAYERS, inputs_of, known_network, model_of, network
from tests.models.functional_networks import NETWORKS

from benchmarks.environments import python_of
from convoscope.errors import ConvoscopeWarning
from convoscope.interchange.litert.reader.file import read, read_converted
from convoscope.interchange.litert.writer.file import content_of

interpreters = pytest.importorskip("ai_edge_litert.interpreter")
PROGRAM = Path(__file__).parent.parent.parent / "tools" / "make_litert_models.py"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
PYTHON = python_of("keras")
KNOWN = ("mobilenet_v2", "mobilenet_v3", "densenet121", "convnext_tiny")


def computed(content: bytes, arrays: list[Any]) -> list[Any]:
    """Return what LiteRT makes of inputs."""
    interpreter = interpreters.Interpreter(model_content=content, num_threads=1)
    for told, array in zip(interpreter.get_input_details(), arrays, strict=True):
        interpreter.resize_tensor_input(told["index"], array.shape)
    interpreter.allocate_tensors()
    for told, array in zip(interpreter.get_input_details(), arrays, strict=True):
        interpreter.set_tensor(told["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(told["index"]) for told in interpreter.get_output_details()]


def predicted(model: Any, arrays: list[Any]) -> list[Any]:
    found = model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0)
    return found if isinstance(found, list) else [found]


def difference(found: list[Any], expected: list[Any]) -> float:
    assert [each.shape for each in found] == [each.shape for each in expected]
    pairs = zip(found, expected, strict=True)
    return max(float(np.abs(one - other).max() / max(np.abs(other).max(), 1e-30)) for one, other in pairs)


@pytest.mark.parametrize("name", GRAPHS)
def test_single_operators(name: str, tmp_path: Path) -> None:
    content, images, _ = file_of(name)
    (tmp_path / "network.tflite").write_bytes(content)
    model = read_converted(tmp_path / "network.tflite").model
    assert difference(predicted(model, [images]), computed(content, [images])) < 1e-5


@pytest.mark.skipif(PYTHON is None, reason="there is no environment with Keras and TensorFlow")
def test_networks_of_keras(tmp_path: Path) -> None:
    subprocess.run(
        [str(PYTHON), str(PROGRAM), "--known", str(tmp_path), *KNOWN], check=True, env={**os.environ, **QUIET}
    )
    far = {}
    with np.load(tmp_path / "litert.npz") as kept:
        for path in sorted(tmp_path.glob("*.tflite")):
            name = path.stem
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvoscopeWarning)  # that some are quantized
                model = read(path)
            images, expected = (
                [kept[key] for key in kept.files if key.startswith(f"{name}/{k}")] for k in ("in", "out")
            )
            quantized = name.endswith(("weights", "bytes", "signed"))
            found = difference(predicted(model, images), expected)
            if found > (0.05 if quantized else 1e-5):
                far[name] = found
    assert not far


@pytest.mark.parametrize("number", range(len(LAYERS)))
def test_layers_that_go_out_come_in(number: int, tmp_path: Path) -> None:
    """As they were by our description, and as layers that compute the same without it."""
    _out_and_in(model_of(LAYERS[number]), tmp_path)


@pytest.mark.parametrize("name", NETWORKS)
def test_graphs_that_go_out_come_in(name: str, tmp_path: Path) -> None:
    _out_and_in(network(name), tmp_path)


@pytest.mark.parametrize("name", ["ResNet18", "MobileNetV2", "EfficientNetLite0"])
def test_known_networks_that_go_out_come_in(name: str, tmp_path: Path) -> None:
    model = known_network(name, input_shape=(96, 96, 3), classes=10)
    model.preprocessing = None
    _out_and_in(model, tmp_path)


def _out_and_in(model: Any, folder: Path) -> None:
    path = folder / "network.tflite"
    path.write_bytes(content_of(model))
    arrays = inputs_of(model, 3)
    own = read(path)
    assert own.get_config() == model.get_config()
    for ours, before in zip(predicted(own, arrays), predicted(model, arrays), strict=True):
        np.testing.assert_array_equal(ours, before)
    found = predicted(read_converted(path).model, arrays)
    assert difference(found, computed(path.read_bytes(), arrays)) < 1e-5
