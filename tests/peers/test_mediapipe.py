"""LiteRT files that we write, opened by MediaPipe's image classifier as an app on a phone does, live."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convoscope as cs
from convoscope import layers
from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.litert.writer import tflite_metadata

# It is imported for drawing, which is not needed.
sys.modules.setdefault("cv2", types.ModuleType("cv2"))
mediapipe: Any = importlib.import_module("mediapipe")
vision: Any = importlib.import_module("mediapipe.tasks.python.vision")

NAMES = ["rouge", "grün", "blue sky", "none"]
SIDE = 24


def images(count: int = 12) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(4).integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.uint8)


def classifier(*first: Any) -> cs.Sequential:
    model = cs.Sequential(
        [
            cs.Input((SIDE, SIDE, 3)),
            *first,
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(len(NAMES), activation="softmax"),
        ],
        seed=2,
    )
    model.class_names = NAMES
    return model


def classified(path: Path, x: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return what MediaPipe says of images, in the order of `NAMES`."""
    options = vision.ImageClassifierOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(path)), max_results=len(NAMES)
    )
    rows = []
    with vision.ImageClassifier.create_from_options(options) as opened:
        for image in x:
            told = opened.classify(mediapipe.Image(mediapipe.ImageFormat.SRGB, np.ascontiguousarray(image)))
            scores = {each.category_name: each.score for each in told.classifications[0].categories}
            rows.append([scores[name] for name in NAMES])
    return np.array(rows)


def test_bytes_go_in_where_the_file_prepares_images(tmp_path: Path) -> None:
    model = classifier(layers.Rescaling(1 / 127.5, offset=-1))
    model.preprocessing = cs.Preprocessing(SIDE, channels=3).as_dict()
    model.export(tmp_path / "model.tflite")
    found = classified(tmp_path / "model.tflite", images())
    np.testing.assert_allclose(found, model.predict(images(), verbose=0), atol=1e-5)


@pytest.mark.parametrize("most", [1, 255])
def test_floats_are_scaled_as_the_model_takes_them(most: int, tmp_path: Path) -> None:
    model = classifier(*([layers.Rescaling(1 / 255)] if most == 255 else []))
    model.export(tmp_path / "model.tflite")
    found = classified(tmp_path / "model.tflite", images())
    x = images().astype(np.float32) * np.float32(most / 255)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-5)


def test_8_bits(tmp_path: Path) -> None:
    model = classifier(layers.Rescaling(1 / 255))
    model.preprocessing = cs.Preprocessing(SIDE, channels=3).as_dict()
    model.export(tmp_path / "model.tflite", quantize="int8", calibration=images())
    found = classified(tmp_path / "model.tflite", images())
    np.testing.assert_allclose(found, model.predict(images(), verbose=0), atol=0.02)


def test_the_schema_is_the_published_one() -> None:
    published: Any = importlib.import_module("mediapipe.tasks.metadata.metadata_schema_py_generated")
    assert published.ContentProperties.ImageProperties == 2
    assert published.ProcessUnitOptions.NormalizationOptions == 1
    assert published.AssociatedFileType.TENSOR_AXIS_LABELS == 2
    assert (published.ColorSpaceType.RGB, published.ColorSpaceType.GRAYSCALE) == (1, 2)
    model = classifier()
    told = tflite_metadata.tflite_metadata(model, network_of(model), labels=True)
    assert told is not None
    root = published.ModelMetadata.GetRootAs(told, 0)
    assert published.ModelMetadata.ModelMetadataBufferHasIdentifier(told, 0)
    whole = published.ModelMetadataT.InitFromObj(root)
    [graph] = whole.subgraphMetadata
    [taken], [given] = graph.inputTensorMetadata, graph.outputTensorMetadata
    size = taken.content.contentProperties.defaultSize
    assert (size.width, size.height, taken.content.contentProperties.colorSpace) == (SIDE, SIDE, 1)
    assert given.associatedFiles[0].name == b"labels.txt"


def network_of(model: cs.Sequential) -> Any:
    from convoscope.interchange.litert.writer.file import network_of as made

    network = made(model)
    assert network.inputs[0].type == TensorType.FLOAT32
    return network
