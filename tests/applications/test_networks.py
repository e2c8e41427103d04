"""Networks with weights that follow from their names, against PyTorch's and Keras' outputs.

tools/make_application_values.py computed these.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from tests.interchange.writing import write_checkpoint

import convoscope as cs
from convoscope import applications
from convoscope.applications import backbone, converting
from convoscope.applications.mobilenet_v2 import preprocess_input
from convoscope.errors import ConfigurationError, ShapeError

from . import seeded

FOLDER = Path(__file__).parent
PYTORCH: dict[str, Any] = json.loads((FOLDER / "pytorch.json").read_text())
KERAS: dict[str, Any] = json.loads((FOLDER / "keras.json").read_text())
FUNCTIONS: dict[str, Any] = {
    "resnet18": applications.ResNet18,
    "resnet34": applications.ResNet34,
    "resnet50": applications.ResNet50,
    "mobilenet-v2": applications.MobileNetV2,
    "squeezenet": applications.SqueezeNet,
    "vgg16": applications.VGG16,
    "efficientnet-lite1": applications.EfficientNetLite1,
}


def checkpoint(name: str, folder: Path) -> Path:
    """Write the weights of a network as PyTorch does."""
    tensors = {name: seeded.of_pytorch(name, shape) for name, shape in PYTORCH[name]["tensors"].items()}
    return write_checkpoint(folder / f"{name}.pth", tensors)


def close(ours: Any, theirs: Any) -> None:
    theirs = np.array(theirs)
    np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_outputs_are_pytorchs(name: str, tmp_path: Path) -> None:
    values = PYTORCH[name]
    height, width = values["size"]
    path, images = checkpoint(name, tmp_path), seeded.prepared_images(height, width)
    if name.startswith("efficientnet"):
        images = images * 128 + 127  # what the network itself brings to values around 0
    options = {"weights": path, "input_shape": (height, width, 3)}
    maps = FUNCTIONS[name](include_top=False, **options).predict(images, verbose=0)
    close(maps.mean(axis=(1, 2))[:, ::16], values["means"])
    close(maps[..., 0], values["first_map"])
    if name != "vgg16":  # whose classifier has 120 million weights
        classes = 20 if name.startswith("efficientnet") else 1000
        model = FUNCTIONS[name](classes=classes, classifier_activation=None, **options)
        close(model.predict(images, verbose=0)[:, ::50], values["scores"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_file_tells_which_backbone_it_is(name: str, tmp_path: Path) -> None:
    found = backbone(checkpoint(name, tmp_path))
    assert found.name == name
    assert len(found.digest) == 64
    values = PYTORCH[name]
    model = found.build((*values["size"], 3), pooling="avg")
    mean, deviation = np.array([0.485, 0.456, 0.406]) * 255, np.array([0.229, 0.224, 0.225]) * 255
    if name.startswith("efficientnet"):
        mean, deviation = np.array(127.0), np.array(128.0)
    raw = seeded.prepared_images(*values["size"]) * deviation + mean
    close(model.predict(raw.astype(np.float32), verbose=0)[:, ::16], values["means"])
    assert all(found.block_of(layer.name) for layer in model.layers if layer.count_params())


@pytest.mark.parametrize("name", ["MobileNetV2", "ResNet50", "VGG16", "InceptionV3"])
def test_outputs_are_kerass(name: str, tmp_path: Path) -> None:
    """From a file as Keras publishes them, whose layers stand in its order."""
    values = KERAS[name]
    height, width = values["size"]
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.encode() for layer, _ in values["layers"]]
        for layer, weights in values["layers"]:
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}/{weight}:0".encode() for weight, _ in weights]
            for number, (weight, shape) in enumerate(weights):
                group[f"{layer}/{weight}:0"] = seeded.of_keras(layer, number, weight, shape)
    options: dict[str, Any] = {"alpha": 0.35} if name == "MobileNetV2" else {}
    model = getattr(applications, name)(include_top=False, weights=str(path), input_shape=(height, width, 3), **options)
    if name != "InceptionV3":  # most of whose layers have counted names
        named = [layer for layer, _ in values["layers"]]
        assert [layer.name for layer in model.layers if layer.count_params()] == named
    maps = model.predict(seeded.prepared_images(height, width), verbose=0)
    close(maps.mean(axis=(1, 2))[:, ::16], values["means"])
    close(maps[..., 0], values["first_map"])


def test_padding_follows_from_the_size_as_in_keras() -> None:
    model = applications.MobileNetV2(include_top=False, weights=None, input_shape=(65, 49, 3))
    ours = {layer.name: list(layer.output.shape[1:]) for layer in model.layers}
    theirs = {name: shape for name, shape in KERAS["odd"].items() if not name.startswith("input_layer")}
    assert {name: shape for name, shape in ours.items() if not name.startswith("input_layer")} == theirs


def test_a_dense_layer_behind_a_flatten() -> None:
    """VGG's first: PyTorch flattens with the channels first."""
    generator = np.random.default_rng(2)
    images, tensor = generator.normal(size=(5, 3, 2, 4)), generator.normal(size=(6, 24))
    expected = images.transpose(0, 3, 1, 2).reshape(5, -1) @ tensor.T
    layer = cs.layers.Dense(6, name="fc1")
    layer.build((None, 24))
    tensors = {"classifier.0.weight": tensor, "classifier.0.bias": np.zeros(6)}
    ((kernel, _),) = converting.converted([layer], tensors, {"fc1": "classifier.0"}, "it", {"fc1": (3, 2, 4)})
    np.testing.assert_allclose(images.reshape(5, -1) @ kernel, expected)


def test_kerass_way_of_preparing_goes_with_its_backbones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backbone takes values from 0 to 255, and prepares them as Keras' function does."""
    images = np.random.default_rng(3).uniform(0, 255, (2, 40, 40, 3)).astype(np.float32)
    for name, function in (("mobilenet-v2", "mobilenet_v2"), ("vgg16", "vgg"), ("resnet50", "resnet")):
        found = backbone(name)
        plain = found._network(include_top=False, weights=None, input_shape=(40, 40, 3))
        monkeypatch.setitem(vars(found), "weights", None)
        model = found.build((40, 40, 3))
        found._preparation.turn(model)  # as it was, to take the weights of the other
        model.set_weights(plain.get_weights())
        found._preparation.turn(model)
        prepared = getattr(applications, function).preprocess_input(images)
        close(model.predict(images, verbose=0), plain.predict(np.asarray(prepared), verbose=0))


def test_arguments_of_mobilenet_v2() -> None:
    model = applications.MobileNetV2((96, 96, 3), 0.5, weights=None, classes=4)
    assert (model.name, model.output_shape) == ("mobilenetv2_0.50_96", (None, 4))
    with pytest.raises(ConfigurationError, match=r"there are ImageNet weights for alpha 0\.35"):
        applications.MobileNetV2(alpha=0.6)
    with pytest.raises(ConfigurationError, match="alpha must be above 0"):
        applications.MobileNetV2(alpha=0, weights=None)
    with pytest.raises(ConfigurationError, match="but got classes=10"):
        applications.MobileNetV2(classes=10)
    assert preprocess_input(np.zeros((2, 2, 3))).tolist() == [[[-1.0] * 3] * 2] * 2


def test_files_of_other_networks(tmp_path: Path) -> None:
    path = checkpoint("resnet18", tmp_path)
    with pytest.raises(ShapeError, match="does not fit the network"):
        applications.ResNet34(weights=path)
    with pytest.raises(ShapeError, match="does not fit the network"):
        applications.SqueezeNet(weights=path)
    strange = write_checkpoint(tmp_path / "strange.pth", {"conv.weight": np.zeros((1, 1, 3, 3), np.float32)})
    with pytest.raises(ShapeError, match="does not contain the weights of a known network: efficientnet-lite0"):
        backbone(strange)
    with pytest.raises(ConfigurationError, match="not a PyTorch file"):
        backbone(__file__)
    with pytest.raises(ConfigurationError, match="the image size must be fixed"):
        applications.SqueezeNet(include_top=False, weights=None, input_shape=(None, None, 3))
